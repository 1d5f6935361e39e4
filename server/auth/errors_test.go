package auth

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrorBodies compares every kind of refusal, as the body and the header a
// client sees, with a file that a person can read.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	noKey := newTestVerifier(t, Config{})
	v := newTestVerifier(t, Config{Secret: testSecret, Audience: "us"})
	strict := newTestVerifier(t, Config{Secret: testSecret, Require: []string{"exp"}})
	early := newTestVerifier(t, Config{Issuers: []Issuer{{Issuer: "https://a", Audience: []string{"api"}}}})
	var got strings.Builder
	write := func(name string, refusal *Error) {
		orNull := func(s string) any {
			if s == "" {
				return nil
			}
			return s
		}
		body, err := json.Marshal(map[string]any{
			"code": refusal.Code, "message": refusal.Message,
			"details": orNull(refusal.Details), "hint": orNull(refusal.Hint),
		})
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("-- " + name + " --\n" + string(body) + "\n")
		if refusal.Challenge != "" {
			got.WriteString("WWW-Authenticate: " + refusal.Challenge + "\n")
		}
	}
	for _, test := range []struct {
		name          string
		v             *Verifier
		authorization []string
	}{
		{"a token but no secret", noKey, []string{"Bearer x"}},
		{"no token and no anonymous role", noKey, nil},
		{"empty token", v, []string{"Bearer "}},
		{"two parts", v, []string{"Bearer a.b"}},
		{"too long", v, []string{"Bearer " + strings.Repeat("a", 20000)}},
		{"two headers", v, []string{"Bearer a", "Bearer b"}},
		{"not a token", v, []string{"Bearer a.b.c"}},
		{"alg none", v, []string{"Bearer " + b64(`{"alg":"none"}`) + ".e30."}},
		{"embedded key", v, []string{"Bearer " + b64(`{"alg":"HS256","jwk":{}}`) + ".e30."}},
		{"critical header", v, []string{"Bearer " + b64(`{"alg":"HS256","crit":["x"]}`) + ".e30."}},
		{"unknown kid", v, []string{"Bearer " + b64(`{"alg":"HS256","kid":"x"}`) + ".e30."}},
		{"wrong signature", v, []string{"Bearer " + b64(`{"alg":"HS256"}`) + ".e30."}},
		{"claims no object", v, []string{"Bearer " + hs256(t, `[]`)}},
		{"claims ambiguous", v, []string{"Bearer " + hs256(t, `{"a":1,"a":2}`)}},
		{"exp no number", v, []string{"Bearer " + hs256(t, `{"exp":"x"}`)}},
		{"nbf no number", v, []string{"Bearer " + hs256(t, `{"nbf":"x"}`)}},
		{"iat no number", v, []string{"Bearer " + hs256(t, `{"iat":"x"}`)}},
		{"aud no text", v, []string{"Bearer " + hs256(t, `{"aud":1}`)}},
		{"expired", v, []string{"Bearer " + hs256(t, `{"exp":1}`)}},
		{"not yet valid", v, []string{"Bearer " + hs256(t, `{"nbf":9999999999}`)}},
		{"issued at future", v, []string{"Bearer " + hs256(t, `{"iat":9999999999}`)}},
		{"other audience", v, []string{"Bearer " + hs256(t, `{"aud":"them"}`)}},
		{"no role and no anonymous role", v, []string{"Bearer " + hs256(t, `{}`)}},
		{"role none", v, []string{"Bearer " + hs256(t, `{"role":"none"}`)}},
		{"a claim that is required", strict, []string{"Bearer " + hs256(t, `{"role":"a"}`)}},
		{"a restriction nobody knows", v, []string{"Bearer " + hs256(t, `{"role":"a","postern":{"x":1}}`)}},
		{"single use without an id", v, []string{"Bearer " + hs256(t, `{"role":"a","postern":{"single_use":true}}`)}},
		{"an issuer whose keys are not there yet", early, []string{"Bearer " + rs256(t, "", `{"iss":"https://a"}`)}},
		{"an algorithm that is not the issuer's", early, []string{"Bearer " + hs256(t, `{"iss":"https://a"}`)}},
		{"an issuer nobody knows", early, []string{"Bearer " + hs256(t, `{"iss":"https://b"}`)}},
	} {
		write(test.name, refusalOf(t, test.v, test.authorization...))
	}
	write("a page of another site", crossSite("Sec-Fetch-Site is not same-origin"))
	write("a token for other requests", restricted())
	golden := filepath.Join("testdata", "errors.golden")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
