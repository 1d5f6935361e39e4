package auth

import "slices"

// trust is a party whose tokens are accepted, and on what terms: the holder of
// jwt-secret, one of jwt-issuers, or this server's own token exchange. Which of
// them a token is judged by depends on its iss alone, so that no party's keys
// can speak for another.
type trust struct {
	fixed  *keySet // nil if remote
	remote *remote // nil if fixed

	// audience judges the claim aud, or what stands for it.
	audience audienceRule
	rolePath rolePath
	// roleMap, if set, turns what is found at rolePath into a role.
	roleMap []RoleMapping
}

// keySet is one generation of keys. It is immutable; identities are compared
// with it by address.
type keySet struct {
	keys []key
	// digest is of the document that remote keys came in.
	digest [32]byte
}

// present returns the present generation, or nil as long as there is none.
func (t *trust) present() *keySet {
	if t.remote != nil {
		return t.remote.set.Load()
	}
	return t.fixed
}

// keysFor returns the keys for a token with this header, or nil if they have
// not been fetched yet.
func (t *trust) keysFor(head header) (*keySet, *Error) {
	if t.remote == nil {
		if t.fixed == nil {
			return nil, unsuitableKey("the token's issuer is none of jwt-issuers, and there is no jwt-secret")
		}
		return t.fixed, nil
	}
	// Asked here too, though no key has another: a token that can never be
	// valid must not make us fetch keys.
	if !slices.Contains(t.remote.algorithms, head.alg) {
		return nil, unsuitableKey("the algorithm is none of its issuer's")
	}
	return t.remote.set.Load(), nil
}

// verifyingSet makes a fixed set. It is nil if there are no keys. What signs is
// not needed, so not kept.
func verifyingSet(keys []key) *keySet {
	if len(keys) == 0 {
		return nil
	}
	set := &keySet{keys: slices.Clone(keys)}
	for i := range set.keys {
		set.keys[i].signing = nil
	}
	return set
}

// names reports whether one of the keys has this kid.
func (s *keySet) names(kid string) bool {
	return slices.ContainsFunc(s.keys, func(k key) bool { return k.hasID && k.id == kid })
}

// judge finds the party that a token with these claims must come from. It is
// nil if there is none. iss is compared byte by byte (RFC 7519 section 4.1.1).
func (v *Verifier) judge(claims *value) *trust {
	if iss := claims.get("iss"); iss != nil && iss.kind == kindString {
		if t := v.issuers[iss.text]; t != nil {
			return t
		}
	}
	return v.local
}

// audienceRule says which values one claim must have.
type audienceRule struct {
	claim string
	// allowed holds the accepted values; none accepts all.
	allowed []string
	// required refuses tokens without the claim. PostgREST does not.
	required bool
}

// check judges the claims. A missing, null or empty claim is for every
// audience, unless it is required.
func (a *audienceRule) check(claims *value) *Error {
	aud := claims.get(a.claim)
	if aud == nil || aud.kind == kindNull {
		return a.absent()
	}
	candidates := []value{*aud}
	if aud.kind == kindArray {
		candidates = aud.elems
	}
	if len(candidates) == 0 {
		return a.absent()
	}
	matches := len(a.allowed) == 0
	for i := range candidates {
		if candidates[i].kind != kindString {
			return claimsError("The JWT 'aud' claim must be a string or an array of strings", "")
		}
		matches = matches || slices.Contains(a.allowed, candidates[i].text)
	}
	if !matches {
		return notInAudience()
	}
	return nil
}

func (a *audienceRule) absent() *Error {
	if a.required {
		return notInAudience()
	}
	return nil
}

func notInAudience() *Error { return claimsError("JWT not in audience", "") }
