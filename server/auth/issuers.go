package auth

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// Issuer is a party whose tokens are accepted, such as an OpenID provider.
type Issuer struct {
	// Issuer is the exact value of its tokens' iss claim, with or without the
	// slash at the end as it stands there. Unless JWKSURI is set it must be the
	// https URL from which OpenID Connect Discovery 1.0 starts. Required.
	// In JSON: issuer.
	Issuer string

	// Audience holds the values of which a token must have one in AudienceClaim:
	// what the issuer calls this API, or the client that it was made for.
	// Required, because an issuer signs tokens for others too; a token without
	// the claim is refused. In JSON: audience, a text or an array.
	Audience []string

	// AudienceClaim is the claim that is compared with Audience: "client_id"
	// for the access tokens of Amazon Cognito, "azp" for Keycloak's without an
	// audience mapper. Defaults to "aud". In JSON: audience-claim.
	AudienceClaim string

	// JWKSURI is the address of the issuer's keys, https, or http on this
	// machine. Defaults to what discovery says. In JSON: jwks-uri.
	JWKSURI string

	// Algorithms are the signature algorithms accepted. A key that names its own
	// is used with that one only. Defaults to all asymmetric ones: RS, PS and ES
	// with 256, 384 and 512, and EdDSA. Symmetric ones are not allowed.
	// In JSON: algorithms.
	Algorithms []string

	// RoleClaimKey finds the role in the claims, or the groups if there is a
	// RoleMap: a text or an array of texts as a whole (not its elements). The
	// claims scope and scp are lists with spaces between. Defaults to
	// Config.RoleClaimKey. In JSON: role-claim-key.
	RoleClaimKey string

	// RoleMap gives the database role for a group, role or scope; the first that
	// fits wins, so the most powerful belongs first. A token that fits none is
	// treated as one without a role. Defaults to none: the claim is the role. In
	// JSON: role-map, an object from group to role, in order.
	RoleMap []RoleMapping
}

// addIssuers turns the issuers into parties that tokens are judged by.
func (v *Verifier) addIssuers(cfg Config) error {
	for _, issuer := range cfg.Issuers {
		t, err := issuer.trust(cfg)
		if err != nil {
			return fmt.Errorf("auth: read jwt-issuers: %w", err)
		}
		v.add(issuer.Issuer, t)
	}
	return nil
}

func (v *Verifier) add(iss string, t *trust) {
	if v.issuers == nil {
		v.issuers = map[string]*trust{}
	}
	v.issuers[iss] = t
}

// trust makes the party. The issuer has been checked.
func (i *Issuer) trust(cfg Config) (*trust, error) {
	path, err := parseRoleClaimKey(i.roleClaimKey(cfg))
	if err != nil {
		return nil, fmt.Errorf("issuer %q: role-claim-key: %w", i.Issuer, err)
	}
	allowed := remoteAlgorithms()
	if len(i.Algorithms) > 0 {
		allowed = nil
		for _, name := range i.Algorithms {
			allowed = append(allowed, jwa.SignatureAlgorithm(name))
		}
	}
	claim := i.AudienceClaim
	if claim == "" {
		claim = "aud"
	}
	t := &trust{
		audience: audienceRule{claim: claim, allowed: slices.Clone(i.Audience), required: true},
		rolePath: path,
		roleMap:  slices.Clone(i.RoleMap),
	}
	t.remote = &remote{
		issuer: i.Issuer, jwksURI: i.JWKSURI, algorithms: allowed,
		client: newClient(), logger: cfg.Logger, pace: defaultPace(), wake: make(chan struct{}, 1),
	}
	return t, nil
}

func (i *Issuer) roleClaimKey(cfg Config) string {
	if i.RoleClaimKey == "" {
		return cfg.RoleClaimKey
	}
	return i.RoleClaimKey
}

// remoteAlgorithms are those whose verifying keys may be public.
func remoteAlgorithms() []jwa.SignatureAlgorithm {
	return slices.DeleteFunc(algorithms(), func(a jwa.SignatureAlgorithm) bool {
		return a == jwa.HS256 || a == jwa.HS384 || a == jwa.HS512
	})
}

// remotes lists the keys to be fetched, in the order of their issuers' names.
func (v *Verifier) remotes() []*remote {
	var out []*remote
	for _, t := range v.issuers {
		if t.remote != nil {
			out = append(out, t.remote)
		}
	}
	slices.SortFunc(out, func(a, b *remote) int { return cmp.Compare(a.issuer, b.issuer) })
	return out
}

// Run keeps the issuers' keys fresh until ctx is done, and returns when all its
// goroutines have ended; at once if there are no issuers. It is to be called
// once. Before it is, tokens of issuers are answered with CodeKeysUnavailable,
// unless the keys were inherited.
//
// Keys are fetched at once, then every ten minutes, and when a token names a key
// that is not known, for each issuer at most every ten seconds. Such a request
// waits for up to three seconds, and so do those that come before the first keys.
// An attempt may take ten seconds. After a failure the keys of before stay in
// use, and it is tried again after one second, two, four, up to a minute.
func (v *Verifier) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, r := range v.remotes() {
		running.Go(func() {
			r.run(ctx)
			r.client.CloseIdleConnections()
		})
	}
	running.Wait()
}

// Inherit takes over the keys that previous has fetched from issuers that are
// still asked at the same address, so that a new configuration does not begin
// without keys, which matters most while an issuer is out of reach. It is to be
// called before the Verifier is used. previous may be nil.
func (v *Verifier) Inherit(previous *Verifier) {
	if previous == nil {
		return
	}
	for iss, t := range v.issuers {
		old := previous.issuers[iss]
		if t.remote == nil || old == nil || old.remote == nil || old.remote.jwksURI != t.remote.jwksURI ||
			!slices.Equal(old.remote.algorithms, t.remote.algorithms) {
			continue
		}
		t.remote.inherit(old.remote)
	}
}

// IssuerStats tells how fetching went, for each issuer, in the order of their
// names.
func (v *Verifier) IssuerStats() []IssuerStats {
	var out []IssuerStats
	for _, r := range v.remotes() {
		out = append(out, r.snapshot())
	}
	return out
}
