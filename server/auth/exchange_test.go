package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

const (
	formType       = "application/x-www-form-urlencoded"
	exchangeSecret = "a passphrase for exchanged tokens"
)

func TestParseExchange(t *testing.T) {
	t.Parallel()
	const head = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x.y.z&subject_token_type=urn:ietf:params:oauth:token-type:"
	for body, want := range map[string]ExchangeRequest{
		head + "access_token": {SubjectToken: "x.y.z"},
		head + "jwt&requested_token_type=urn:ietf:params:oauth:token-type:jwt&single_use=false": {SubjectToken: "x.y.z"},
		head + "id_token&role=clerk&expires_in=60&methods=GET+POST&paths=/orders%20/rpc/*&single_use=true": {
			SubjectToken: "x.y.z", Role: "clerk", ExpiresIn: time.Minute, Methods: []string{"GET", "POST"}, Paths: []string{"/orders", "/rpc/*"}, SingleUse: true,
		},
	} {
		got, err := ParseExchange(formType+"; charset=utf-8", body)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", body, got, err, want)
		}
	}
	ok := head + "access_token"
	for body, want := range map[string]string{
		"":                    "grant_type is missing",
		"grant_type=password": "unsupported_grant_type",
		"grant_type=":         "grant_type is empty",
		strings.Replace(ok, "subject_token=x.y.z", "x", 1): "a parameter is not supported",
		head + "saml2":                 "subject_token_type must be",
		ok + "&requested_token_type=x": "requested_token_type must be",
		ok + "&scope=x":                "invalid_scope",
		ok + "&single-use=true":        "a parameter is not supported",
		ok + "&audience=x":             "a parameter is not supported",
		ok + "&actor_token=x":          "a parameter is not supported",
		ok + "&role=a&role=b":          "role is given several times",
		ok + "&role=":                  "role is empty",
		ok + "&expires_in=0":           "expires_in must be",
		ok + "&expires_in=-1":          "expires_in must be",
		ok + "&expires_in=1e3":         "expires_in must be",
		ok + "&expires_in=9999999999":  "expires_in must be",
		ok + "&single_use=yes":         "single_use must be",
		ok + "&methods=get":            "upper-case",
		ok + "&methods=+":              "methods is empty",
		ok + "&paths=orders":           "does not begin with /",
		ok + "&paths=/a/..":            "segment of dots",
		ok + "&a;b":                    "malformed",
		ok + "&role=%zz":               "malformed",
	} {
		got, err := ParseExchange(formType, body)
		var refusal *ExchangeError
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) || !reflect.DeepEqual(got, ExchangeRequest{}) {
			t.Errorf("%s: got %+v, error %v, want %q", body, got, err, want)
		}
	}
	for _, contentType := range []string{"", "application/json", "multipart/form-data; boundary=x", "x;;"} {
		if _, err := ParseExchange(contentType, ok); err == nil {
			t.Errorf("content type %q is accepted", contentType)
		}
	}
}

// clerkOnly is a database in which everyone may assume clerk.
func clerkOnly(_ context.Context, _, target string) (bool, error) { return target == "clerk", nil }

func TestExchange(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{
		Secret: testSecret, RoleClaimKey: "$.roles[0]", ExchangeSecret: exchangeSecret, ExchangeLifetime: time.Hour, CacheMaxEntries: 10,
		Require: []string{"exp", "email"},
	})
	if !v.Exchanges() {
		t.Error("exchange is off")
	}
	subject := hs256(t, `{"roles":["alice"],"sub":"7","iss":"shop","jti":"old","nbf":5,"exp":1700001000,"email":"a@x","n":12345678901234567890.10}`)
	got, err := v.Exchange(t.Context(), ExchangeRequest{
		SubjectToken: subject, Role: "clerk", ExpiresIn: time.Minute, Methods: []string{"GET"}, Paths: []string{"/orders"}, SingleUse: true,
	}, clerkOnly)
	if err != nil {
		t.Fatal(err)
	}
	if got.ExpiresIn != 60 || got.TokenType != "Bearer" || got.Subject.Role != "alice" || len(got.TokenID) < 26 {
		t.Errorf("%+v", got)
	}
	body, err := json.Marshal(got)
	if err != nil || !strings.HasPrefix(string(body), `{"access_token":"`) || strings.Contains(string(body), "alice") {
		t.Errorf("%s, %v", body, err)
	}
	caller, err := authenticate(v, got.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	restrictions := caller.Restrictions
	caller.Restrictions = nil
	want := Caller{
		Role: "clerk", Expires: time.Unix(testNow+60, 0), Subject: "7", Issuer: "postern", TokenID: got.TokenID, SingleUse: true,
		Claims: `{"email":"a@x","exp":1700000060,"iat":1700000000,"iss":"postern","jti":"` + got.TokenID + `","n":12345678901234567890.10,` +
			`"postern":{"methods":["GET"],"paths":["/orders"],"single_use":true,"subject_issuer":"shop"},"role":"clerk","roles":["alice"],"sub":"7"}`,
	}
	if caller != want {
		t.Errorf("got  %+v\nwant %+v", caller, want)
	}
	if !restrictions.Allows("GET", "/orders") || restrictions.Allows("POST", "/orders") || restrictions.Allows("GET", "/x") {
		t.Errorf("%+v", restrictions)
	}
	// With another server of the same keys it is accepted, with others not.
	mustBe(t, newTestVerifier(t, Config{ExchangeSecret: exchangeSecret}), "clerk", got.AccessToken)
	mustFail(t, newTestVerifier(t, Config{ExchangeSecret: exchangeSecret + "."}), CodeToken, got.AccessToken)
	mustFail(t, newTestVerifier(t, Config{Secret: testSecret}), CodeToken, got.AccessToken)
}

func TestExchangeNeverWidens(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, ExchangeSecret: exchangeSecret, ExchangeLifetime: time.Hour, Audience: "us"})
	short, endless := hs256(t, `{"role":"alice","exp":1700000100}`), hs256(t, `{"role":"alice"}`)
	clerk := func(claims string) string { return hs256(t, `{"role":"clerk",`+claims+`}`) }
	for name, test := range map[string]struct {
		req  ExchangeRequest
		may  func(context.Context, string, string) (bool, error)
		want string
	}{
		"longer than the subject":   {req: ExchangeRequest{SubjectToken: short, ExpiresIn: 101 * time.Second}, want: "expires_in is longer"},
		"longer than the server's":  {req: ExchangeRequest{SubjectToken: endless, ExpiresIn: time.Hour + time.Second}, want: "expires_in is longer"},
		"in its seconds of grace":   {req: ExchangeRequest{SubjectToken: hs256(t, `{"role":"alice","exp":1699999990}`)}, want: "about to expire"},
		"expired":                   {req: ExchangeRequest{SubjectToken: hs256(t, `{"role":"alice","exp":1}`)}, want: "JWT expired"},
		"forged":                    {req: ExchangeRequest{SubjectToken: endless + "A"}, want: "subject_token is refused"},
		"empty":                     {want: "subject_token is refused"},
		"a role nobody asked about": {req: ExchangeRequest{SubjectToken: short, Role: "boss"}, want: "none that the subject's role may assume"},
		"a role it may not assume":  {req: ExchangeRequest{SubjectToken: short, Role: "boss"}, may: clerkOnly, want: "none that the subject's role may assume"},
		"role none":                 {req: ExchangeRequest{SubjectToken: short, Role: "none"}, may: func(context.Context, string, string) (bool, error) { return true, nil }, want: "reserved"},
		"restricted":                {req: ExchangeRequest{SubjectToken: clerk(`"postern":{"methods":["GET"]}`)}, want: "subject_token is restricted"},
		"single use":                {req: ExchangeRequest{SubjectToken: clerk(`"jti":"1","exp":1700000100,"postern":{"single_use":true}`)}, want: "subject_token is restricted"},
		"malformed methods":         {req: ExchangeRequest{SubjectToken: short, Methods: []string{"get"}}, want: "upper-case"},
		"too long":                  {req: ExchangeRequest{SubjectToken: short, Paths: []string{"/" + strings.Repeat("a", 13000)}}, want: "too long"},
	} {
		got, err := v.Exchange(t.Context(), test.req, test.may)
		var refusal *ExchangeError
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) || got.AccessToken != "" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	broken := errors.New("no connection")
	_, err := v.Exchange(t.Context(), ExchangeRequest{SubjectToken: short, Role: "boss"}, func(context.Context, string, string) (bool, error) { return true, broken })
	if !errors.Is(err, broken) {
		t.Errorf("the database's failure: %v", err)
	}
	for token, want := range map[string]int64{short: 100, endless: 3600} {
		got, err := v.Exchange(t.Context(), ExchangeRequest{SubjectToken: token}, nil)
		if err != nil || got.ExpiresIn != want {
			t.Fatalf("%+v, %v", got, err)
		}
		caller, err := authenticate(v, got.AccessToken)
		if err != nil || caller.Restrictions != nil || caller.SingleUse || !strings.Contains(caller.Claims, `"aud":"us"`) {
			t.Errorf("%+v, %v", caller, err)
		}
		// One without restrictions may be exchanged again, and still not outlive the first.
		again, err := v.Exchange(t.Context(), ExchangeRequest{SubjectToken: got.AccessToken}, nil)
		if err != nil || again.ExpiresIn != want || again.TokenID == got.TokenID {
			t.Errorf("%+v, %v", again, err)
		}
	}
	off := newTestVerifier(t, Config{Secret: testSecret})
	if _, err := off.Exchange(t.Context(), ExchangeRequest{SubjectToken: endless}, nil); err == nil || off.Exchanges() {
		t.Errorf("exchange is on: %v", err)
	}
}

// TestExchangeKeysRotate signs with the first key of a set and accepts all.
func TestExchangeKeysRotate(t *testing.T) {
	t.Parallel()
	k := sharedKeys()
	old := jwkOf(t, k.p256, map[string]any{"kid": "old", "alg": "ES256"})
	next := jwkOf(t, k.ed25519, map[string]any{"kid": "next"})
	exchange := func(secret string) (*Verifier, string) {
		v := newTestVerifier(t, Config{Secret: testSecret, ExchangeSecret: secret})
		got, err := v.Exchange(t.Context(), ExchangeRequest{SubjectToken: hs256(t, `{"role":"alice"}`)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return v, got.AccessToken
	}
	before, oldToken := exchange(old)
	both, nextToken := exchange(`{"keys":[` + next + `,` + old + `]}`)
	mustBe(t, before, "alice", oldToken)
	mustBe(t, both, "alice", oldToken)
	mustBe(t, both, "alice", nextToken)
	mustFail(t, before, CodeToken, nextToken)
}

// TestExchangeOfProvidersToken goes from a provider's token to one of our own,
// and keeps quiet about why the provider cannot be reached.
func TestExchangeOfProvidersToken(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	p.fail(http.StatusBadGateway)
	issuer := p.issuer()
	issuer.RoleMap = []RoleMapping{{"*", "web"}}
	v := startVerifier(t, Config{ExchangeSecret: exchangeSecret, Issuers: []Issuer{issuer}}, hasty())
	req := ExchangeRequest{SubjectToken: rs256(t, "a", p.claimsOf(`,"sub":"7"`))}
	var refusal *Error
	if _, err := v.Exchange(t.Context(), req, nil); !errors.As(err, &refusal) || refusal.Code != CodeKeysUnavailable {
		t.Errorf("while it is down: %v", err)
	}
	p.fail(0)
	await(t, "recovery", func() bool { _, err := v.Exchange(t.Context(), req, nil); return err == nil })
	got, err := v.Exchange(t.Context(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := authenticate(v, got.AccessToken)
	if err != nil || caller.Role != "web" || caller.Subject != "7" || caller.Issuer != "postern" || !strings.Contains(caller.Claims, p.URL) {
		t.Errorf("%+v, %v", caller, err)
	}
	// A provider cannot speak for the exchange, nor its claims for the role map.
	mustFail(t, v, CodeToken, rs256(t, "a", `{"iss":"postern","role":"web"}`))
	mustFail(t, v, CodeToken, mint(t, jwa.HS256, []byte(exchangeSecret), `{"alg":"HS256"}`, p.claimsOf("")))
}

func FuzzParseExchange(f *testing.F) {
	f.Add("grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x&subject_token_type=" + url.QueryEscape(typeJWT) + "&methods=GET&paths=/a+/b/*&expires_in=5&single_use=true")
	f.Fuzz(func(t *testing.T, body string) {
		req, err := ParseExchange(formType, body)
		if err != nil {
			return
		}
		r, err := newRestrictions(req.Methods, req.Paths)
		if err != nil || req.SubjectToken == "" || req.ExpiresIn < 0 {
			t.Errorf("%q: %+v, %v", body, req, err)
		}
		form, err := url.ParseQuery(body)
		if err != nil || (r == nil) != (!form.Has("methods") && !form.Has("paths")) || req.SingleUse != (form.Get("single_use") == "true") {
			t.Errorf("%q loses a restriction: %+v", body, req)
		}
	})
}
