package auth

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// skew is how many seconds a token's clock and ours may differ: exp, nbf and
// iat are all stretched by it, as in PostgREST.
const skew = 30

// identity is a token whose signature was verified: what it says, and what
// must be asked again each time it is used. It is immutable.
type identity struct {
	// from and set are whose keys verified it, and which generation.
	from *trust
	set  *keySet

	caller        Caller
	exp, nbf, iat numericDate
	// refusal is what is wrong with the claims whatever the time is, or nil. It
	// is asked after the dates, which is PostgREST's order.
	refusal *Error
}

// fresh reports whether the keys that verified it are still in use.
func (id *identity) fresh() bool { return id.from.present() == id.set }

// identify reads the claims of a verified token. It fails if they are not a
// JSON object; any other fault becomes the identity's refusal.
func (v *Verifier) identify(from *trust, set *keySet, payload string, claims *value, err error) verdict {
	if errors.Is(err, errNameTwice) {
		return verdict{refusal: claimsError("Parsing claims failed", errNameTwice.Error())}
	}
	if err != nil || claims.kind != kindObject {
		return verdict{refusal: claimsError("Parsing claims failed", "")}
	}
	id := &identity{
		from: from, set: set,
		exp: dateClaim(claims.get("exp"), math.Floor, math.MinInt64),
		nbf: dateClaim(claims.get("nbf"), math.Ceil, math.MaxInt64),
		iat: dateClaim(claims.get("iat"), math.Ceil, math.MaxInt64),
	}
	if id.caller, id.refusal = v.describe(from, payload, claims); id.refusal != nil {
		return verdict{id: id}
	}
	if id.exp.state == dateGiven {
		id.caller.Expires = time.Unix(id.exp.seconds, 0)
	}
	if id.caller.SingleUse && (id.caller.TokenID == "" || id.exp.state != dateGiven) {
		// It could not be told from others, or had to be remembered for ever.
		id.refusal = claimsError("A single-use JWT needs the claims 'jti' and 'exp'", "")
	}
	return verdict{id: id}
}

// describe reads who the caller is.
func (v *Verifier) describe(from *trust, payload string, claims *value) (Caller, *Error) {
	if refusal := from.audience.check(claims); refusal != nil {
		return Caller{}, refusal
	}
	if refusal := requireClaims(claims, v.require); refusal != nil {
		return Caller{}, refusal
	}
	restrictions, singleUse, refusal := readRestrictions(claims)
	if refusal != nil {
		return Caller{}, refusal
	}
	role, refusal := v.roleOf(from, claims)
	if refusal != nil {
		return Caller{}, refusal
	}
	return Caller{
		Role:         role,
		Claims:       withRole(payload, claims, role),
		Anonymous:    role == v.anonymous.Role,
		Subject:      textClaim(claims, "sub"),
		Issuer:       textClaim(claims, "iss"),
		TokenID:      textClaim(claims, "jti"),
		Restrictions: restrictions,
		SingleUse:    singleUse,
	}, nil
}

func textClaim(claims *value, name string) string {
	if claim := claims.get(name); claim != nil && claim.kind == kindString {
		return claim.text
	}
	return ""
}

// requireClaims refuses claims that lack one of the names. A claim that says
// nothing is as good as none.
func requireClaims(claims *value, names []string) *Error {
	for _, name := range names {
		claim := claims.get(name)
		if claim == nil || claim.kind == kindNull || claim.kind == kindString && claim.text == "" ||
			claim.kind == kindArray && len(claim.elems) == 0 {
			return claimsError("The JWT lacks a claim that is required", "jwt-require names it: "+name)
		}
	}
	return nil
}

// check asks whether the token may be used at the time now, in seconds since
// 1970. Messages and order are PostgREST's.
func (id *identity) check(now int64) *Error {
	switch {
	case id.exp.state == dateMalformed:
		return claimsError("The JWT 'exp' claim must be a number", "")
	case id.exp.state == dateGiven && id.exp.seconds < now-skew:
		return claimsError("JWT expired", "")
	case id.nbf.state == dateMalformed:
		return claimsError("The JWT 'nbf' claim must be a number", "")
	case id.nbf.state == dateGiven && id.nbf.seconds > now+skew:
		return claimsError("JWT not yet valid", "")
	case id.iat.state == dateMalformed:
		return claimsError("The JWT 'iat' claim must be a number", "")
	case id.iat.state == dateGiven && id.iat.seconds > now+skew:
		return claimsError("JWT issued at future", "")
	}
	return id.refusal
}

// roleOf finds the caller's role: the first value at the configured path, or
// the anonymous role if there is none.
func (v *Verifier) roleOf(from *trust, claims *value) (string, *Error) {
	if from.roleMap != nil {
		role, refusal := from.mapRole(claims)
		if refusal == nil && role == "" {
			return v.anonymousRole()
		}
		return role, refusal
	}
	found := from.rolePath.first(claims)
	if found == nil {
		return v.anonymousRole()
	}
	if found.kind != kindString {
		// PostgREST takes the JSON text of any other value for a name.
		return "", roleError("the role claim is not a string")
	}
	if reason := refuseRole(found.text); reason != "" {
		return "", roleError(reason)
	}
	return found.text, nil
}

// anonymousRole is the role of a token that names none.
func (v *Verifier) anonymousRole() (string, *Error) {
	if v.anonymous.Role == "" {
		return "", tokenRequired()
	}
	return v.anonymous.Role, nil
}

// withRole returns the text of the claims with the member role set to the
// role in use, as PostgREST sets it. All other bytes are those of the token.
func withRole(payload string, claims *value, role string) string {
	if given := claims.get("role"); given != nil {
		if given.kind == kindString && given.text == role {
			return payload[claims.start:claims.end]
		}
		text := appendJSONString([]byte(payload[claims.start:given.start]), role)
		return string(append(text, payload[given.end:claims.end]...))
	}
	text := []byte(payload[claims.start : claims.end-1])
	if len(claims.members) > 0 {
		text = append(text, ',')
	}
	text = append(text, `"role":`...)
	return string(append(appendJSONString(text, role), '}'))
}

// numericDate is a NumericDate of RFC 7519 section 2.
type numericDate struct {
	state   dateState
	seconds int64 // since 1970, if state is dateGiven
}

type dateState uint8

const (
	dateAbsent dateState = iota
	dateMalformed
	dateGiven
)

// dateClaim reads a date. A fraction is rounded to the side that accepts the
// token for less time, and a number beyond 64 bits becomes beyond, which must
// refuse the token.
func dateClaim(claim *value, round func(float64) float64, beyond int64) numericDate {
	if claim == nil || claim.kind == kindNull {
		return numericDate{}
	}
	if claim.kind != kindNumber {
		return numericDate{state: dateMalformed}
	}
	if seconds, err := strconv.ParseInt(claim.text, 10, 64); err == nil {
		return numericDate{state: dateGiven, seconds: seconds}
	}
	f, err := strconv.ParseFloat(claim.text, 64)
	if err != nil || math.Abs(f) >= 1<<62 {
		return numericDate{state: dateGiven, seconds: beyond}
	}
	return numericDate{state: dateGiven, seconds: int64(round(f))}
}
