package auth

import (
	"context"
	"fmt"
	"time"
)

// Caller is who a request comes from and what it may claim to be.
type Caller struct {
	// Role is the database role the request runs as. It is never empty, has at
	// most 63 bytes and no control characters. Whether it exists and may be
	// assumed is for the catalog and the database to say.
	Role string

	// Claims is a JSON object, ready for the setting request.jwt.claims: the
	// token's claims byte for byte, but with "role" set to Role. Without a token
	// it holds only the role.
	Claims string

	// Anonymous is true if Role is the anonymous role, with a token or without.
	// PostgREST answers a lack of privilege of such a caller with 401, of any
	// other with 403.
	Anonymous bool

	// Expires is the token's exp, without the 30 seconds of grace. It is zero
	// if there is no token or it has no exp.
	Expires time.Time

	// Subject, Issuer and TokenID are the token's sub, iss and jti, for the
	// record of who did what. Each is empty if there is no token, or it has no
	// such claim, or one that is no text.
	Subject, Issuer, TokenID string

	// Restrictions say which requests the token is for; nil is for all.
	// [Verifier.AuthenticateRequest] enforces them, [Verifier.Authenticate]
	// cannot.
	Restrictions *Restrictions

	// SingleUse is true if the token may be used once. The request must consume
	// it in its transaction, before anything else; see [ConsumeToken]. TokenID
	// and Expires are then set.
	SingleUse bool
}

// Verifier authenticates requests under one configuration. It is safe for
// concurrent use. A new configuration needs a new Verifier, which shares
// nothing with the one before.
type Verifier struct {
	local     *trust            // the holder of jwt-secret
	issuers   map[string]*trust // by iss; nil if there are none
	exchange  *exchanger        // nil if off
	require   []string
	cookie    string
	anonymous Caller // Role is "" if anonymous callers are refused
	cache     *cache // nil if off
	now       func() time.Time
	warnings  []string
}

// New checks the configuration and returns its Verifier. It fails on a secret
// shorter than 32 bytes, a malformed or weak key, a role path that cannot be
// parsed, an audience that is neither plain text nor a URI, or an anonymous
// role with an impossible name, or an issuer that is not fully described. Its
// errors never carry a key. It reaches for no network: see [Verifier.Run].
func New(cfg Config) (*Verifier, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	v := &Verifier{
		local:   &trust{audience: audienceRule{claim: "aud"}},
		require: cfg.Require, cookie: cfg.Cookie, now: time.Now,
	}
	if cfg.Audience != "" {
		v.local.audience.allowed = []string{cfg.Audience}
	}
	keys, warnings, err := parseSecret(cfg.Secret, cfg.SecretIsBase64)
	if err != nil {
		return nil, fmt.Errorf("auth: read jwt-secret: %w", err)
	}
	v.local.fixed, v.warnings = verifyingSet(keys), warnings
	if v.local.rolePath, err = parseRoleClaimKey(cfg.RoleClaimKey); err != nil {
		return nil, fmt.Errorf("auth: parse jwt-role-claim-key: %w", err)
	}
	if err := v.addIssuers(cfg); err != nil {
		return nil, err
	}
	if err := v.addExchange(cfg); err != nil {
		return nil, err
	}
	if cfg.AnonRole != "" {
		v.anonymous = Caller{Role: cfg.AnonRole, Claims: anonymousClaims(cfg.AnonRole), Anonymous: true}
	}
	if cfg.CacheMaxEntries > 0 {
		if v.cache, err = newCache(cfg.CacheMaxEntries); err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
	}
	return v, nil
}

func anonymousClaims(role string) string {
	return string(append(appendJSONString([]byte(`{"role":`), role), '}'))
}

// Warnings returns what the operator should be told once about the
// configuration: keys of a set that cannot be used.
func (v *Verifier) Warnings() []string { return v.warnings }

// Authenticate finds the caller from all values of the request's
// Authorization header. No header, or one of another scheme than Bearer, is an
// anonymous caller. The error is an *Error, or ctx's if there is a token and ctx
// is done already.
//
// It cannot know the request, and so neither reads cookies nor enforces
// Caller.Restrictions. [Verifier.AuthenticateRequest] does both.
func (v *Verifier) Authenticate(ctx context.Context, authorization []string) (Caller, error) {
	token, present, refusal := bearer(authorization)
	if refusal != nil {
		return Caller{}, refusal
	}
	if !present {
		if v.anonymous.Role == "" {
			return Caller{}, tokenRequired()
		}
		return v.anonymous, nil
	}
	return v.callerOf(ctx, token)
}

// callerOf finds the caller of a token. A token whose key its issuer may have
// published since we last looked waits for the keys to be fetched anew.
func (v *Verifier) callerOf(ctx context.Context, token string) (Caller, error) {
	if v.local.fixed == nil && v.issuers == nil {
		return Caller{}, secretMissing()
	}
	if err := ctx.Err(); err != nil {
		return Caller{}, err
	}
	found := v.lookup(token)
	if found.lacks != nil && found.lacks.await(ctx) {
		found = v.lookup(token)
	}
	if err := ctx.Err(); err != nil {
		return Caller{}, err
	}
	refusal := found.refusal
	if refusal == nil {
		refusal = found.id.check(v.now().Unix())
	}
	if refusal != nil {
		return Caller{}, refusal
	}
	return found.id.caller, nil
}

// verdict is what verifying a token comes to.
type verdict struct {
	id      *identity
	refusal *Error
	// lacks is where the token's key may come from if it is refused for want of
	// it; else nil.
	lacks *remote
}

func (v *Verifier) lookup(token string) verdict {
	// A token that is refused for its length is not worth hashing.
	if v.cache == nil || token == "" || len(token) > maxTokenBytes {
		return v.verify(token)
	}
	return v.cache.lookup(token, v.verify)
}

// CacheStats counts what the token cache did since the Verifier was made. The
// numbers are those of PostgREST's metrics pgrst_jwt_cache_*_total.
type CacheStats struct {
	Requests, Hits, Evictions uint64
}

// CacheStats returns the counters, all zero if the cache is off.
func (v *Verifier) CacheStats() CacheStats {
	if v.cache == nil {
		return CacheStats{}
	}
	return CacheStats{v.cache.requests.Load(), v.cache.hits.Load(), v.cache.evictions.Load()}
}
