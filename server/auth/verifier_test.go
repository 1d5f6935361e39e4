package auth

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

func TestEveryAlgorithmIsAccepted(t *testing.T) {
	t.Parallel()
	k := sharedKeys()
	tests := []struct {
		alg     jwa.SignatureAlgorithm
		signing any
		public  any
	}{
		{jwa.HS256, []byte(testSecret), []byte(testSecret)},
		{jwa.HS384, []byte(testSecret), []byte(testSecret)},
		{jwa.HS512, []byte(testSecret), []byte(testSecret)},
		{jwa.RS256, k.rsa, &k.rsa.PublicKey},
		{jwa.RS384, k.rsa, &k.rsa.PublicKey},
		{jwa.RS512, k.rsa, &k.rsa.PublicKey},
		{jwa.PS256, k.rsa, &k.rsa.PublicKey},
		{jwa.PS384, k.rsa, &k.rsa.PublicKey},
		{jwa.PS512, k.rsa, &k.rsa.PublicKey},
		{jwa.ES256, k.p256, &k.p256.PublicKey},
		{jwa.ES384, k.p384, &k.p384.PublicKey},
		{jwa.ES512, k.p521, &k.p521.PublicKey},
		{jwa.EdDSA, k.ed25519, k.ed25519.Public()},
	}
	for _, test := range tests {
		t.Run(test.alg.String(), func(t *testing.T) {
			t.Parallel()
			token := mint(t, test.alg, test.signing, `{"alg":"`+test.alg.String()+`"}`, `{"role":"alice"}`)
			for name, secret := range map[string]string{
				"public JWK":           jwkOf(t, test.public, nil),
				"JWK bound to the alg": jwkOf(t, test.public, map[string]any{"alg": test.alg.String()}),
				"private JWK":          jwkOf(t, test.signing, nil),
				"JWKS":                 `{"keys":[` + jwkOf(t, test.public, map[string]any{"use": "sig"}) + `]}`,
			} {
				caller, err := authenticate(newTestVerifier(t, Config{Secret: secret}), token)
				if err != nil || caller.Role != "alice" {
					t.Errorf("%s: %+v, %v", name, caller, err)
				}
			}
		})
	}
}

func TestSecretForms(t *testing.T) {
	t.Parallel()
	token := hs256(t, `{"role":"alice"}`)
	jwkText := jwkOf(t, []byte(testSecret), nil)
	for name, cfg := range map[string]Config{
		"passphrase":               {Secret: testSecret},
		"base64":                   {Secret: "YSBwYXNzcGhyYXNlIG9mIG1vcmUgdGhhbiAzMiBieXRlcw==", SecretIsBase64: true},
		"base64 unpadded":          {Secret: "YSBwYXNzcGhyYXNlIG9mIG1vcmUgdGhhbiAzMiBieXRlcw", SecretIsBase64: true},
		"base64 padded with dots":  {Secret: " YSBwYXNzcGhyYXNlIG9mIG1vcmUgdGhhbiAzMiBieXRlcw..\n", SecretIsBase64: true},
		"JWK":                      {Secret: jwkText},
		"JWK in base64":            {Secret: b64(jwkText), SecretIsBase64: true},
		"JWKS with a foreign key":  {Secret: `{"keys":[{"kty":"XYZ"},` + jwkText + `]}`},
		"JWKS with encryption key": {Secret: `{"keys":[` + jwkOf(t, []byte("0123456789012345678901234567890123"), map[string]any{"use": "enc"}) + `,` + jwkText + `]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if caller, err := authenticate(newTestVerifier(t, cfg), token); err != nil || caller.Role != "alice" {
				t.Errorf("%+v, %v", caller, err)
			}
			signer, err := NewSigner(cfg)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign(map[string]any{"role": "bob", "exp": testNow})
			if err != nil {
				t.Fatal(err)
			}
			if caller, err := authenticate(newTestVerifier(t, cfg), signed); err != nil || caller.Role != "bob" {
				t.Errorf("own token: %+v, %v", caller, err)
			}
		})
	}
}

func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	k := sharedKeys()
	secretJWK := jwkOf(t, []byte(testSecret), nil)
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"short passphrase":        {Config{Secret: "0123456789012345678901234567890"}, "must be at least 32 characters long"},
		"short base64":            {Config{Secret: "YWJj", SecretIsBase64: true}, "must be at least 32 characters long"},
		"not base64":              {Config{Secret: "no base-64 at all, this one!", SecretIsBase64: true}, "not base64"},
		"short oct JWK":           {Config{Secret: `{"kty":"oct","k":"YWJj"}`}, "must be at least 32 characters long"},
		"PEM":                     {Config{Secret: "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ"}, "PEM"},
		"broken JWK":              {Config{Secret: `{"kty":"oct","k":"` + strings.Repeat("A", 60)}, "not valid JSON"},
		"JSON but no JWK":         {Config{Secret: `{"passphrase":"0123456789012345678901234"}`}, "not supported"},
		"empty set":               {Config{Secret: `{"keys":[]}`}, "no key in it"},
		"set of foreign keys":     {Config{Secret: `{"keys":[{"kty":"XYZ"}]}`}, `kty "XYZ" is not supported`},
		"keys no array":           {Config{Secret: `{"keys":{"kty":"oct"}}`}, "must be an array"},
		"RSA without n":           {Config{Secret: `{"kty":"RSA","e":"AQAB"}`}, "malformed"},
		"weak RSA":                {Config{Secret: jwkOf(t, &k.weakRSA.PublicKey, nil)}, "2048"},
		"EC off its curve":        {Config{Secret: `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}`}, "key 1"},
		"alg of another type":     {Config{Secret: jwkOf(t, &k.rsa.PublicKey, map[string]any{"alg": "ES256"})}, `alg "ES256" is not for this type of key`},
		"alg of another curve":    {Config{Secret: jwkOf(t, &k.p256.PublicKey, map[string]any{"alg": "ES384"})}, `alg "ES384" is not for this type of key`},
		"audience no URI":         {Config{Secret: testSecret, Audience: "http://%%x.invalid"}, "jwt-aud should be a string or a valid URI"},
		"audience without scheme": {Config{Secret: testSecret, Audience: ":x"}, "jwt-aud should be a string or a valid URI"},
		"audience with a space":   {Config{Secret: testSecret, Audience: "http://a b"}, "jwt-aud should be a string or a valid URI"},
		"anonymous none":          {Config{AnonRole: "none"}, "db-anon-role"},
		"anonymous too long":      {Config{AnonRole: strings.Repeat("a", 64)}, "db-anon-role"},
		"role path":               {Config{RoleClaimKey: "role"}, "jwt-role-claim-key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			for _, part := range []string{secretJWK, test.cfg.Secret} {
				if len(part) > 0 && strings.Contains(err.Error(), part) {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{
		Secret: `{"keys":[{"kty":"OKP","crv":"Ed448","kid":"old"},` + jwkOf(t, []byte(testSecret), nil) + `]}`,
	})
	got, want := strings.Join(v.Warnings(), "\n"), `key 1 (kid "old") is left out: crv "Ed448" is not supported`
	if !strings.Contains(got, want) {
		t.Errorf("warnings %q lack %q", got, want)
	}
}

func TestKid(t *testing.T) {
	t.Parallel()
	other := "another passphrase of over 32 bytes"
	v := newTestVerifier(t, Config{Secret: `{"keys":[` +
		jwkOf(t, []byte(testSecret), map[string]any{"kid": "one"}) + `,` +
		jwkOf(t, []byte(other), map[string]any{"kid": "two"}) + `]}`})
	sign := func(secret, header string) string {
		return mint(t, jwa.HS256, []byte(secret), header, `{"role":"alice"}`)
	}
	for name, token := range map[string]string{
		"named":            sign(other, `{"alg":"HS256","kid":"two"}`),
		"not named":        sign(other, `{"alg":"HS256"}`),
		"named null":       sign(other, `{"alg":"HS256","kid":null}`),
		"header with more": sign(testSecret, ` { "typ" : "at+jwt" , "x5t":"abc", "alg":"HS256","kid":"one" } `),
	} {
		if _, err := authenticate(v, token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A key without a name is not the one a token names, not even "".
	nameless := newTestVerifier(t, Config{Secret: testSecret})
	for _, kid := range []string{"", "one"} {
		refusal := refusalOf(t, nameless, "Bearer "+sign(testSecret, `{"alg":"HS256","kid":"`+kid+`"}`))
		if refusal.Details != notTried {
			t.Errorf("kid %q: %+v", kid, refusal)
		}
	}
}

func TestAnonymous(t *testing.T) {
	t.Parallel()
	want := Caller{Role: `we"b`, Claims: `{"role":"we\"b"}`, Anonymous: true}
	v := newTestVerifier(t, Config{AnonRole: `we"b`})
	for _, authorization := range [][]string{nil, {""}, {"Basic dXNlcjpwYXNz"}, {"Bearerx y"}, {"eyJhbGciOiJIUzI1NiJ9.e30.x"}} {
		got, err := v.Authenticate(context.Background(), authorization)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", authorization, got, err)
		}
	}
	if refusal := refusalOf(t, v, "Bearer a.b.c"); refusal.Code != CodeSecretMissing || refusal.Challenge != "" {
		t.Errorf("without a secret: %+v", refusal)
	}
	if refusal := refusalOf(t, newTestVerifier(t, Config{})); refusal.Code != CodeTokenRequired {
		t.Errorf("without an anonymous role: %+v", refusal)
	}
}

func TestScheme(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret})
	token := hs256(t, `{"role":"alice"}`)
	for _, prefix := range []string{"Bearer ", "bearer ", "BEARER ", "bEaReR\t", "Bearer   "} {
		if _, err := v.Authenticate(context.Background(), []string{prefix + token}); err != nil {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

func TestCallerOfToken(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, AnonRole: "anon"})
	for claims, want := range map[string]Caller{
		`{"role":"alice"}`:       {Role: "alice", Claims: `{"role":"alice"}`},
		"{\"role\":\"alice\"}\n": {Role: "alice", Claims: `{"role":"alice"}`},
		`{}`:                     {Role: "anon", Claims: `{"role":"anon"}`, Anonymous: true},
		`{ "sub" : "x" }`:        {Role: "anon", Claims: `{ "sub" : "x" ,"role":"anon"}`, Anonymous: true, Subject: "x"},
		`{"role":"a","sub":"s","iss":"i","jti":"t"}`: {Role: "a", Claims: `{"role":"a","sub":"s","iss":"i","jti":"t"}`, Subject: "s", Issuer: "i", TokenID: "t"},
		`{"role":"a","sub":1,"iss":[],"jti":null}`:   {Role: "a", Claims: `{"role":"a","sub":1,"iss":[],"jti":null}`},
		`{"role":"anon"}`:        {Role: "anon", Claims: `{"role":"anon"}`, Anonymous: true},
		`{"ro\u006ce":"alice"}`:  {Role: "alice", Claims: `{"ro\u006ce":"alice"}`},
		`{"role":"al\u0069ce"}`:  {Role: "alice", Claims: `{"role":"al\u0069ce"}`},
		`{"role":"a\"b"}`:        {Role: `a"b`, Claims: `{"role":"a\"b"}`},
		`{"role":"a","exp":9e9}`: {Role: "a", Claims: `{"role":"a","exp":9e9}`, Expires: time.Unix(9e9, 0)},
		`{"n":12345678901234567890.10,"e":1e400,"u":"é\u00e9\u0000","role":"ä"}`: {Role: "ä", Claims: `{"n":12345678901234567890.10,"e":1e400,"u":"é\u00e9\u0000","role":"ä"}`},
	} {
		got, err := authenticate(v, hs256(t, claims))
		if err != nil || got != want {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", claims, got, err, want)
		}
		if !json.Valid([]byte(got.Claims)) {
			t.Errorf("%s: the claims are not JSON: %s", claims, got.Claims)
		}
	}
	// The role's place may be elsewhere; the member role is then replaced.
	v = newTestVerifier(t, Config{Secret: testSecret, RoleClaimKey: "$.roles[0]"})
	got, err := authenticate(v, hs256(t, `{"a":1,"role":[1,{"x":2}],"roles":["alice","bob"]}`))
	if err != nil || got.Claims != `{"a":1,"role":"alice","roles":["alice","bob"]}` {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 100})
	for claims, want := range map[string]string{
		`{"role":"a","exp":1699999970}`:   "",
		`{"role":"a","exp":1699999970.9}`: "",
		`{"role":"a","exp":1699999969.9}`: "JWT expired",
		`{"role":"a","exp":1699999969}`:   "JWT expired",
		`{"role":"a","exp":null}`:         "",
		`{"role":"a","exp":1e10}`:         "",
		`{"role":"a","exp":1e99}`:         "JWT expired",
		`{"role":"a","exp":1e999}`:        "JWT expired",
		`{"role":"a","exp":-1}`:           "JWT expired",
		`{"role":"a","nbf":1700000030}`:   "",
		`{"role":"a","nbf":1700000030.1}`: "JWT not yet valid",
		`{"role":"a","nbf":1700000031}`:   "JWT not yet valid",
		`{"role":"a","nbf":1e99}`:         "JWT not yet valid",
		`{"role":"a","iat":1700000030}`:   "",
		`{"role":"a","iat":1700000031}`:   "JWT issued at future",
		`{"role":"a","iat":1e999}`:        "JWT issued at future",
		// The order of the checks.
		`{"role":"a","exp":1,"nbf":"x","aud":1}`:           "JWT expired",
		`{"role":"none","nbf":1e10,"iat":1e10}`:            "JWT not yet valid",
		`{"role":"none","iat":1e10,"aud":{}}`:              "JWT issued at future",
		`{"role":"none","aud":{}}`:                         "The JWT 'aud' claim must be a string or an array of strings",
		`{"role":"a","aud":[],"exp":1700000000,"iat":0.5}`: "",
	} {
		for range 2 { // the second comes from the cache
			_, err := authenticate(v, hs256(t, claims))
			var refusal *Error
			errors.As(err, &refusal)
			if got := message(refusal); got != want {
				t.Errorf("%s: %q, want %q", claims, got, want)
			}
		}
	}
}

func message(e *Error) string {
	if e == nil {
		return ""
	}
	return e.Message
}

func TestAudience(t *testing.T) {
	t.Parallel()
	const badType = "The JWT 'aud' claim must be a string or an array of strings"
	for _, audience := range []string{"", "urn:us", "us"} {
		v := newTestVerifier(t, Config{Secret: testSecret, Audience: audience})
		for aud, want := range map[string]string{
			`"` + audience + `"`:            "",
			`["them","` + audience + `"]`:   "",
			`null`:                          "",
			`[]`:                            "",
			`"them"`:                        "JWT not in audience",
			`""`:                            "JWT not in audience",
			`["them"]`:                      "JWT not in audience",
			`["them","` + audience + `x"]`:  "JWT not in audience",
			`1`:                             badType,
			`{"a":"` + audience + `"}`:      badType,
			`["` + audience + `",1]`:        badType,
			`["` + audience + `",["them"]]`: badType,
			`[null]`:                        badType,
			`true`:                          badType,
		} {
			if audience == "" && want != badType {
				want = ""
			}
			_, err := authenticate(v, hs256(t, `{"role":"a","aud":`+aud+`}`))
			var refusal *Error
			errors.As(err, &refusal)
			if got := message(refusal); got != want {
				t.Errorf("audience %q, aud %s: %q, want %q", audience, aud, got, want)
			}
		}
	}
}

func TestContextDone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	v := newTestVerifier(t, Config{Secret: testSecret})
	if _, err := v.Authenticate(ctx, []string{"Bearer " + hs256(t, `{"role":"a"}`)}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	token, err := Sign([]byte(testSecret), map[string]any{"role": "alice", "x": "<&>"})
	if err != nil {
		t.Fatal(err)
	}
	caller, err := authenticate(newTestVerifier(t, Config{Secret: testSecret}), token)
	if err != nil || caller.Claims != `{"role":"alice","x":"<&>"}` {
		t.Errorf("%+v, %v", caller, err)
	}
	if _, err := Sign([]byte("short"), nil); err == nil {
		t.Error("a short secret signs")
	}
	if _, err := NewSigner(Config{Secret: jwkOf(t, &sharedKeys().rsa.PublicKey, nil)}); err == nil {
		t.Error("a public key signs")
	}
	if _, err := NewSigner(Config{}); err == nil {
		t.Error("no key signs")
	}
	private := jwkOf(t, sharedKeys().p256, map[string]any{"kid": "k1"})
	signer, err := NewSigner(Config{Secret: private})
	if err != nil {
		t.Fatal(err)
	}
	if token, err = signer.Sign(map[string]any{"role": "alice"}); err != nil {
		t.Fatal(err)
	}
	public := jwkOf(t, &sharedKeys().p256.PublicKey, map[string]any{"kid": "k1"})
	if _, err := authenticate(newTestVerifier(t, Config{Secret: public}), token); err != nil {
		t.Error(err)
	}
}
