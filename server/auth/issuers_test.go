package auth

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

func TestParseIssuers(t *testing.T) {
	t.Parallel()
	got, err := ParseIssuers(` [{
		"issuer": "https://a.example.com/", "audience": ["x", "y"], "audience-claim": "azp", "jwks-uri": "https://keys.example.com/a?v=1",
		"algorithms": "ES256", "role-claim-key": "$.groups", "role-map": {"z": "boss", "a": "clerk", "*": "anyone"}
	}, {"issuer": "http://localhost:8080/realms/x", "audience": "x"}] `)
	want := []Issuer{
		{
			Issuer: "https://a.example.com/", Audience: []string{"x", "y"}, AudienceClaim: "azp", JWKSURI: "https://keys.example.com/a?v=1",
			Algorithms: []string{"ES256"}, RoleClaimKey: "$.groups", RoleMap: []RoleMapping{{"z", "boss"}, {"a", "clerk"}, {"*", "anyone"}},
		},
		{Issuer: "http://localhost:8080/realms/x", Audience: []string{"x"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := ParseIssuers(""); got != nil || err != nil {
		t.Errorf("none: %+v, %v", got, err)
	}
	if _, err := New(Config{Issuers: want, Secret: testSecret}); err != nil {
		t.Error(err)
	}
}

func TestParseIssuersRefuses(t *testing.T) {
	t.Parallel()
	with := func(more string) string { return `[{"issuer":"https://a.b","audience":"x"` + more + `}]` }
	for text, want := range map[string]string{
		`{}`:                                     "not a JSON array",
		`[`:                                      "read jwt-issuers",
		`[1]`:                                    "issuer 1: it is not a JSON object",
		`[{}]`:                                   "issuer is missing",
		`[{"issuer":"https://a"}]`:               "audience is missing",
		`[{"issuer":"https://a","audience":[]}]`: "the array is empty",
		`[{"issuer":"https://a","audience":[""]}]`:                  "none of them empty",
		`[{"issuer":"https://a","audience":1}]`:                     "a text or an array",
		`[{"issuer":1}]`:                                            "it must be a text",
		`[{"issuer":"a","audience":"x"}]`:                           "not an absolute URL; or name the keys' address in jwks-uri",
		`[{"issuer":"http://a.b","audience":"x"}]`:                  "http is only allowed on this machine",
		`[{"issuer":"http://localhost.evil.com","audience":"x"}]`:   "http is only allowed on this machine",
		`[{"issuer":"http://127.0.0.1@evil.com","audience":"x"}]`:   "user name",
		`[{"issuer":"https://a/?x","audience":"x"}]`:                "a query",
		`[{"issuer":"https://a/#x","audience":"x"}]`:                "a fragment",
		with(`,"audiance":"x"`):                                     "there is no such member",
		with(`,"audience":"y"`):                                     "appears twice",
		with(`,"jwks-uri":"http://a.b/keys"`):                       "jwks-uri: http is only allowed on this machine",
		with(`,"jwks-uri":"file:///x"`):                             "jwks-uri: it is not an absolute URL",
		with(`,"jwks-uri":"ftp://x/"`):                              "scheme is not https",
		with(`,"algorithms":["HS256"]`):                             `"HS256" is not one of`,
		with(`,"algorithms":["none"]`):                              `"none" is not one of`,
		with(`,"role-claim-key":"role"`):                            "role-claim-key",
		with(`,"role-map":{}`):                                      "not empty",
		with(`,"role-map":{"":"a"}`):                                "a group has no name",
		with(`,"role-map":{"a":1}`):                                 "the role must be a text",
		with(`,"role-map":{"a":"none"}`):                            "reserved",
		with(`,"role-map":{"a":"` + strings.Repeat("x", 64) + `"}`): "longer than 63 bytes",
		with(`},{"issuer":"https://a.b","audience":"y"`):            "another has the same name",
	} {
		if got, err := ParseIssuers(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, error %v, want %q", text, got, err, want)
		}
	}
	for name, cfg := range map[string]Config{
		"issuer":   {Issuers: []Issuer{{Issuer: "postern", JWKSURI: "https://a.b", Audience: []string{"x"}}}, ExchangeSecret: testSecret},
		"cookie":   {Cookie: "a;b"},
		"require":  {Require: []string{""}},
		"lifetime": {ExchangeLifetime: 1},
		"exchange": {ExchangeSecret: "short"},
		"public":   {ExchangeSecret: jwkOf(t, &sharedKeys().rsa.PublicKey, nil)},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRoleMap(t *testing.T) {
	t.Parallel()
	mapping := []RoleMapping{{"admin", "boss"}, {"read:orders", "clerk"}, {"Domain Users", "staff"}}
	for _, test := range []struct{ path, claims, want string }{
		{"$.permissions", `"permissions":["read:orders","write:orders"]`, "clerk"},
		{"$.permissions", `"permissions":["read:orders","admin"]`, "boss"},
		{"$.permissions", `"permissions":[]`, "anon"},
		{"$.permissions", `"permissions":null`, "anon"},
		{"$.permissions", ``, "anon"},
		{"$.permissions", `"permissions":["Admin","admin ","xadmin"]`, "anon"},
		{"$.scope", `"scope":"openid read:orders"`, "clerk"},
		{"$.scp", `"scp":"read:orders  admin"`, "boss"},
		{"$.scope", `"scope":["admin"]`, "boss"},
		{"$.group", `"group":"Domain Users"`, "staff"},
		// Only scopes are lists with spaces between: a group may have spaces in its name.
		{"$.group", `"group":"not admin"`, "anon"},
		{"$.realm_access.roles", `"realm_access":{"roles":["offline_access","admin"]}`, "boss"},
		{`$["cognito:groups"]`, `"cognito:groups":["admin"]`, "boss"},
		{"$.permissions", `"permissions":[1]`, CodeRole},
		{"$.permissions", `"permissions":{"admin":true}`, CodeRole},
		{"$.permissions", `"permissions":true`, CodeRole},
	} {
		p := &provider{}
		v := newTestVerifier(t, Config{AnonRole: "anon", Issuers: []Issuer{{
			Issuer: "https://id", Audience: []string{"api"}, RoleClaimKey: test.path, RoleMap: mapping,
		}}})
		p.keys = []string{rsaKey(t, "a")}
		setKeys(t, v, "https://id", p.keys...)
		claims := strings.TrimSuffix(`{"iss":"https://id","aud":"api","role":"postgres",`+test.claims, ",") + "}"
		caller, err := authenticate(v, rs256(t, "a", claims))
		got := caller.Role
		if err != nil {
			got = refusalOf(t, v, "Bearer "+rs256(t, "a", claims)).Code
		}
		if got != test.want {
			t.Errorf("%s in %s: got %s (%v), want %s", test.path, claims, got, err, test.want)
		}
		if err == nil && (!strings.Contains(caller.Claims, `"role":"`+test.want+`"`) || strings.Contains(caller.Claims, "postgres") || caller.Anonymous != (test.want == "anon")) {
			t.Errorf("%s: %+v", claims, caller)
		}
	}
	v := newTestVerifier(t, Config{Issuers: []Issuer{{Issuer: "https://id", Audience: []string{"api"}, RoleMap: []RoleMapping{{"x", "a"}, {"*", "web"}}}}})
	setKeys(t, v, "https://id", rsaKey(t, "a"))
	mustBe(t, v, "web", rs256(t, "a", `{"iss":"https://id","aud":"api"}`))
	v = newTestVerifier(t, Config{Issuers: []Issuer{{Issuer: "https://id", Audience: []string{"api"}, RoleMap: []RoleMapping{{"x", "a"}}}}})
	setKeys(t, v, "https://id", rsaKey(t, "a"))
	mustFail(t, v, CodeTokenRequired, rs256(t, "a", `{"iss":"https://id","aud":"api","role":"y"}`))
}

// setKeys gives an issuer keys without a network.
func setKeys(tb testing.TB, v *Verifier, iss string, keys ...string) {
	tb.Helper()
	r := v.issuers[iss].remote
	parsed, warnings, err := parseRemoteKeys(`{"keys":[`+strings.Join(keys, ",")+`]}`, r.algorithms)
	if err != nil || len(warnings) > 0 {
		tb.Fatal(warnings, err)
	}
	r.set.Store(&keySet{keys: parsed})
}

// twoIssuers makes a verifier for an RSA issuer A, an EC issuer B that takes
// ES256 only, and a secret, all with a cache or none.
func twoIssuers(tb testing.TB, cache int) *Verifier {
	v := newTestVerifier(tb, Config{
		Secret: testSecret, CacheMaxEntries: cache, ExchangeSecret: "another passphrase of over 32 bytes",
		Issuers: []Issuer{
			{Issuer: "https://a", Audience: []string{"api", "api2"}},
			{Issuer: "https://b", Audience: []string{"api"}, AudienceClaim: "client_id", Algorithms: []string{"ES256", "RS384"}},
		},
	})
	setKeys(tb, v, "https://a", rsaKey(tb, "k"), ecKey(tb, "ec"))
	setKeys(tb, v, "https://b", jwkOf(tb, &sharedKeys().p256.PublicKey, map[string]any{"kid": "k"}), jwkOf(tb, &sharedKeys().rsa.PublicKey, nil))
	return v
}

func TestHostileTokensOfIssuers(t *testing.T) {
	t.Parallel()
	k := sharedKeys()
	const a, b = `{"iss":"https://a","aud":"api","role":"alice"}`, `{"iss":"https://b","client_id":"api","role":"alice"}`
	public, err := base64.RawURLEncoding.DecodeString(b64(rsaKey(t, "k")))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, code, token string }{
		{"A's by HS256 with the secret", CodeToken, hs256(t, a)},
		{"A's by HS256 with the public key", CodeToken, mint(t, jwa.HS256, public, `{"alg":"HS256","kid":"k"}`, a)},
		{"A's unsigned", CodeToken, b64(`{"alg":"none"}`) + "." + b64(a) + "."},
		{"A's with an embedded key", CodeToken, mint(t, jwa.RS256, k.rsa, `{"alg":"RS256","jwk":`+rsaKey(t, "k")+`}`, a)},
		{"A's with a jku", CodeToken, mint(t, jwa.RS256, k.rsa, `{"alg":"RS256","jku":"http://127.0.0.1/"}`, a)},
		{"A's with the kid of another key", CodeToken, rs256(t, "ec", a)},
		{"A's with an unknown kid", CodeToken, rs256(t, "x", a)},
		{"A's with an empty kid", CodeToken, mint(t, jwa.RS256, k.rsa, `{"alg":"RS256","kid":""}`, a)},
		{"A's by an algorithm that is not its key's", CodeToken, mint(t, jwa.RS512, k.rsa, `{"alg":"RS512","kid":"k"}`, a)},
		{"B's by an algorithm that is not B's", CodeToken, rs256(t, "", b)},
		{"B's by A's key", CodeToken, rs256(t, "k", b)},
		{"A's claims in B's header", CodeToken, mint(t, jwa.ES384, k.p384, `{"alg":"ES384","kid":"k"}`, a)},
		{"the exchange's by the secret", CodeToken, hs256(t, `{"iss":"postern","role":"alice"}`)},
		{"the exchange's by A", CodeToken, rs256(t, "k", `{"iss":"postern","role":"alice"}`)},
		{"a foreign issuer's by A", CodeToken, rs256(t, "k", `{"iss":"https://c","aud":"api","role":"alice"}`)},
		{"A's with a slash more", CodeToken, rs256(t, "k", `{"iss":"https://a/","aud":"api","role":"alice"}`)},
		{"A's in another case", CodeToken, rs256(t, "k", `{"iss":"HTTPS://A","aud":"api","role":"alice"}`)},
		{"A's with a space", CodeToken, rs256(t, "k", `{"iss":" https://a","aud":"api","role":"alice"}`)},
		{"A's without iss", CodeToken, rs256(t, "k", `{"aud":"api","role":"alice"}`)},
		{"A's in a list", CodeToken, rs256(t, "k", `{"iss":["https://a"],"aud":"api","role":"alice"}`)},
		{"A's with two iss", CodeToken, rs256(t, "k", `{"iss":"https://a","iss":"https://b","aud":"api","role":"alice"}`)},
		{"A's no object", CodeToken, rs256(t, "k", `["https://a"]`)},
		{"A's stray bits", CodeToken, stray(rs256(t, "k", a))},
		{"A's without aud", CodeClaims, rs256(t, "k", `{"iss":"https://a","role":"alice"}`)},
		{"A's with aud null", CodeClaims, rs256(t, "k", `{"iss":"https://a","aud":null,"role":"alice"}`)},
		{"A's with aud []", CodeClaims, rs256(t, "k", `{"iss":"https://a","aud":[],"role":"alice"}`)},
		{"A's for another", CodeClaims, rs256(t, "k", `{"iss":"https://a","aud":"apix","role":"alice"}`)},
		{"A's with aud 1", CodeClaims, rs256(t, "k", `{"iss":"https://a","aud":[1,"api"],"role":"alice"}`)},
		{"B's with aud alone", CodeClaims, es256(t, "k", `{"iss":"https://b","aud":"api","role":"alice"}`)},
		{"A's expired", CodeClaims, rs256(t, "k", `{"iss":"https://a","aud":"api","role":"alice","exp":1}`)},
		{"A's role none", CodeRole, rs256(t, "k", `{"iss":"https://a","aud":"api","role":"none"}`)},
		{"A's without a role", CodeTokenRequired, rs256(t, "k", `{"iss":"https://a","aud":"api"}`)},
	}
	for _, cache := range []int{0, 100} {
		v := twoIssuers(t, cache)
		for _, token := range []string{
			rs256(t, "k", a), rs256(t, "", a), es256(t, "ec", a), rs256(t, "k", `{"iss":"https://a","aud":["x","api2"],"role":"alice"}`),
			es256(t, "k", b), hs256(t, `{"role":"alice"}`), hs256(t, `{"iss":"https://c","role":"alice"}`),
			mint(t, jwa.RS384, k.rsa, `{"alg":"RS384"}`, b),
		} {
			mustBe(t, v, "alice", token)
		}
		for _, test := range cases {
			for range 2 {
				if got := refusalOf(t, v, "Bearer "+test.token); got.Code != test.code {
					t.Errorf("%s: got %v, want %s", test.name, got, test.code)
				}
			}
		}
	}
	// Without jwt-secret a token of no issuer finds no key; the server is not at fault.
	v := newTestVerifier(t, Config{Issuers: []Issuer{{Issuer: "https://a", Audience: []string{"api"}}}})
	setKeys(t, v, "https://a", rsaKey(t, "k"))
	for _, claims := range []string{`{"role":"alice"}`, `{"iss":"https://c"}`, `[]`, `{`} {
		mustFail(t, v, CodeToken, rs256(t, "k", claims))
		mustFail(t, v, CodeToken, hs256(t, claims))
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, Require: []string{"exp", "aud", "iss"}, CacheMaxEntries: 10})
	good := fmt.Sprintf(`{"role":"a","exp":%d,"aud":"x","iss":"y"}`, testNow)
	mustBe(t, v, "a", hs256(t, good))
	for _, claims := range []string{
		`{"role":"a"}`, strings.Replace(good, "exp", "ex", 1), strings.Replace(good, `"x"`, `[]`, 1), strings.Replace(good, `"x"`, `null`, 1),
		strings.Replace(good, `"y"`, `""`, 1), strings.Replace(good, `"iss":"y"`, `"x":{"iss":"y"}`, 1),
	} {
		for range 2 {
			if got := refusalOf(t, v, "Bearer "+hs256(t, claims)); got.Code != CodeClaims || got.Message != "The JWT lacks a claim that is required" {
				t.Errorf("%s: %v", claims, got)
			}
		}
	}
}
