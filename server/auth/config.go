package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says which tokens are accepted and which role a caller gets. The
// zero value accepts no token and no anonymous caller.
type Config struct {
	// Secret holds the keys: a passphrase for HS256, a JSON Web Key, or a JSON
	// Web Key Set (RFC 7517). A reference to a file ("@name") must have been
	// resolved before. Defaults to none: every token is answered with PGRST300.
	// PostgREST: jwt-secret.
	Secret string

	// SecretIsBase64 says that Secret is base64, in the standard or the URL
	// alphabet, with or without padding. Defaults to false.
	// PostgREST: jwt-secret-is-base64.
	SecretIsBase64 bool

	// Audience, if set, must be in a token's aud claim. A token without aud, or
	// whose aud is null or [], is for every audience. It is any text without a
	// colon, or an absolute URI. Defaults to none: aud is not compared, though
	// its type is still checked. PostgREST: jwt-aud.
	Audience string

	// RoleClaimKey finds the role in the claims: a JSON path (RFC 9535, with
	// search() as its only function) or PostgREST's older dotted form.
	// Defaults to "$.role". PostgREST: jwt-role-claim-key.
	RoleClaimKey string

	// AnonRole is the role of a caller without a token, or whose token names no
	// role. Defaults to none: such a caller is refused with PGRST302.
	// PostgREST: db-anon-role.
	AnonRole string

	// Issuers are parties besides the holder of Secret whose tokens are
	// accepted, each with keys that are fetched from it while [Verifier.Run]
	// runs. A token whose iss is an issuer's name is judged by that issuer's
	// rules alone. Defaults to none. Postern: jwt-issuers.
	Issuers []Issuer

	// Require names claims that every token must have, with a value other than
	// null, "" and []. Defaults to none. Postern: jwt-require.
	Require []string

	// Cookie is the name of a cookie that may hold the token instead of the
	// Authorization header. See [Verifier.AuthenticateRequest]. Defaults to
	// none: cookies are not read. Postern: jwt-cookie.
	Cookie string

	// ExchangeSecret switches token exchange on and holds the keys for the
	// tokens that it gives out, in the forms of Secret, never in base64. The
	// first key that can sign does; all verify, so that keys can be replaced
	// one after the other. Defaults to none: there is no token exchange. See
	// [Verifier.Exchange]. Postern: jwt-exchange-secret.
	ExchangeSecret string

	// ExchangeIssuer is the iss of the tokens given out. Every token with it
	// must be signed with ExchangeSecret. Defaults to "postern".
	// Postern: jwt-exchange-issuer.
	ExchangeIssuer string

	// ExchangeLifetime is the longest time that a token given out is valid, at
	// least a second. Defaults to one hour. Postern: jwt-exchange-lifetime.
	ExchangeLifetime time.Duration

	// Logger is told of issuers' keys that were, or could not be, fetched.
	// Defaults to slog.Default().
	Logger *slog.Logger

	// CacheMaxEntries is the number of verified tokens that are remembered.
	// Zero or less turns the cache off, which is the default here; PostgREST's
	// own default is 1000. PostgREST: jwt-cache-max-entries.
	CacheMaxEntries int
}

// defaultRoleClaimKey is PostgREST's default of jwt-role-claim-key.
const defaultRoleClaimKey = "$.role"

// The defaults of token exchange.
const (
	defaultExchangeIssuer   = "postern"
	defaultExchangeLifetime = time.Hour
)

// withDefaults returns the configuration with every unset field that has a
// default other than its zero value filled in.
func (c Config) withDefaults() Config {
	if c.RoleClaimKey == "" {
		c.RoleClaimKey = defaultRoleClaimKey
	}
	if c.ExchangeIssuer == "" {
		c.ExchangeIssuer = defaultExchangeIssuer
	}
	if c.ExchangeLifetime == 0 {
		c.ExchangeLifetime = defaultExchangeLifetime
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// validate checks the fields that need no parsing of their own.
func (c Config) validate() error {
	if err := checkAudience(c.Audience); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	if c.AnonRole != "" {
		if reason := refuseRole(c.AnonRole); reason != "" {
			return fmt.Errorf("auth: check db-anon-role: %s", reason)
		}
	}
	if !isCookieName(c.Cookie) {
		return errors.New("auth: check jwt-cookie: it is not the name of a cookie")
	}
	if slices.Contains(c.Require, "") {
		return errors.New("auth: check jwt-require: a claim has no name")
	}
	if c.ExchangeLifetime < time.Second {
		return errors.New("auth: check jwt-exchange-lifetime: it is less than a second")
	}
	return c.checkIssuers()
}

// checkAudience enforces StringOrURI of RFC 7519 section 2: a value with a
// colon must be a URI. The message is PostgREST's.
func checkAudience(audience string) error {
	if !strings.Contains(audience, ":") {
		return nil
	}
	u, err := url.Parse(audience)
	// url.Parse lets characters pass that RFC 3986 section 2 does not know.
	foreign := strings.ContainsFunc(audience, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r)
	})
	if err != nil || foreign || u.Scheme == "" {
		return errors.New("jwt-aud should be a string or a valid URI")
	}
	return nil
}
