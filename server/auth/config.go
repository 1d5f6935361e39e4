package auth

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
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

	// CacheMaxEntries is the number of verified tokens that are remembered.
	// Zero or less turns the cache off, which is the default here; PostgREST's
	// own default is 1000. PostgREST: jwt-cache-max-entries.
	CacheMaxEntries int
}

// defaultRoleClaimKey is PostgREST's default of jwt-role-claim-key.
const defaultRoleClaimKey = "$.role"

// WithDefaults returns the configuration with every unset field that has a
// default other than its zero value filled in.
func (c Config) WithDefaults() Config {
	if c.RoleClaimKey == "" {
		c.RoleClaimKey = defaultRoleClaimKey
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
	return nil
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
