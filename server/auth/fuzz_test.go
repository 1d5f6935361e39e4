package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzToken puts anything into the Authorization header. What is accepted must
// carry the one right signature and give a usable caller.
func FuzzToken(f *testing.F) {
	for _, test := range hostileTokens(f) {
		if len(test.authorization) == 1 {
			f.Add(test.authorization[0])
		}
	}
	f.Add("Bearer " + hs256(f, `{"role":"alice","exp":1700000000}`))
	v := newTestVerifier(f, Config{Secret: testSecret, CacheMaxEntries: 8})
	f.Fuzz(func(t *testing.T, authorization string) {
		caller, err := v.Authenticate(context.Background(), []string{authorization})
		if err != nil {
			checkRefusal(t, caller, err)
			return
		}
		token := strings.Trim(authorization[len("Bearer"):], " \t")
		dot := strings.LastIndexByte(token, '.')
		mac := hmac.New(sha256.New, []byte(testSecret))
		mac.Write([]byte(token[:dot]))
		if want := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); token[dot+1:] != want {
			t.Errorf("accepted %q with a wrong signature", authorization)
		}
		checkCaller(t, caller)
	})
}

// FuzzClaims signs anything, as an issuer that is careless or hostile could.
func FuzzClaims(f *testing.F) {
	for _, claims := range []string{
		`{"role":"alice"}`, `{}`, `{"role":"none"}`, `{"exp":1e999}`, claimsForPaths, `{"role":"\u0000"}`, "{\"a\":\"\xff\"}", `[]`, `{"a":1,"a":2}`,
	} {
		f.Add(`{"alg":"HS256"}`, claims)
	}
	v := newTestVerifier(f, Config{Secret: testSecret, AnonRole: "anon", RoleClaimKey: `$..*[?search(@, '^a') || @ == $.role]`})
	f.Fuzz(func(t *testing.T, header, claims string) {
		mac := hmac.New(sha256.New, []byte(testSecret))
		signed := b64(header) + "." + b64(claims)
		mac.Write([]byte(signed))
		caller, err := authenticate(v, signed+"."+b64(string(mac.Sum(nil))))
		if err != nil {
			checkRefusal(t, caller, err)
			return
		}
		checkCaller(t, caller)
	})
}

func checkRefusal(t *testing.T, caller Caller, err error) {
	t.Helper()
	var refusal *Error
	if caller != (Caller{}) || !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Challenge, "Bearer") {
		t.Errorf("refused with %+v, %#v", caller, err)
	}
}

func checkCaller(t *testing.T, caller Caller) {
	t.Helper()
	var claims map[string]any
	decoder := json.NewDecoder(strings.NewReader(caller.Claims))
	decoder.UseNumber() // a number may be too large for Go, and still be JSON
	if err := decoder.Decode(&claims); err != nil || claims["role"] != caller.Role {
		t.Errorf("claims %q of role %q: %v", caller.Claims, caller.Role, err)
	}
	if reason := refuseRole(caller.Role); reason != "" {
		t.Errorf("role %q: %s", caller.Role, reason)
	}
}

// FuzzRoleClaimKey parses any text as a role path and follows what it accepts.
func FuzzRoleClaimKey(f *testing.F) {
	for _, path := range []string{
		"$.role", `$..a[?search(@, 'x') && @.b >= 1e5 || !(@ == "y")][::2]`, `.a."b c"[0][?(@ *== "x")]`, "$[-1:2:-3,'a',*]",
	} {
		f.Add(path)
	}
	claims, err := parseJSON(claimsForPaths)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		if strings.Count(text, "..") > 3 {
			return // each multiplies the nodes; a configuration may be foolish
		}
		if path, err := parseRoleClaimKey(text); err == nil {
			path.first(&claims)
		}
	})
}

// FuzzSecret parses any text as jwt-secret. Errors must not show it.
func FuzzSecret(f *testing.F) {
	k := sharedKeys()
	f.Add(testSecret, false)
	f.Add(b64(testSecret), true)
	f.Add(jwkOf(f, &k.rsa.PublicKey, nil), false)
	f.Add(jwkOf(f, k.p256, map[string]any{"kid": "x", "alg": "ES256"}), false)
	f.Add(`{"keys":[`+jwkOf(f, k.ed25519, nil)+`,{"kty":"oct","k":"AA"}]}`, false)
	f.Fuzz(func(t *testing.T, secret string, isBase64 bool) {
		keys, _, err := parseSecret(secret, isBase64)
		if err != nil {
			if len(secret) > 40 && strings.Contains(err.Error(), secret[:40]) {
				t.Errorf("the error shows the secret: %v", err)
			}
			return
		}
		if (len(keys) == 0) != (secret == "") {
			t.Errorf("%d keys from %q", len(keys), secret)
		}
		for _, k := range keys {
			if len(k.algs) == 0 || k.verifying == nil {
				t.Errorf("an idle key %+v from %q", k, secret)
			}
		}
	})
}
