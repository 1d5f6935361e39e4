package auth

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCookies(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, AnonRole: "anon", Cookie: "__Host-token"})
	alice, bob := hs256(t, `{"role":"alice"}`), hs256(t, `{"role":"bob"}`)
	cookie := "Cookie: __Host-token=" + alice
	const own, site = "Origin: https://api.example.com", "Sec-Fetch-Site: "
	for _, test := range []struct {
		name, method string
		headers      []string
		want         string
	}{
		{"none", "GET", nil, "anon"},
		{"another cookie", "POST", []string{"Cookie: token=" + alice}, "anon"},
		{"in another case", "POST", []string{"Cookie: __host-token=" + alice}, "anon"},
		{"an empty cookie", "POST", []string{"Cookie: a=b; __Host-token="}, "anon"},
		{"a read", "GET", []string{cookie}, "alice"},
		{"among others", "GET", []string{"Cookie: a=b; __Host-token=" + alice + "; c=d"}, "alice"},
		{"HEAD", "HEAD", []string{cookie}, "alice"},
		{"a link from elsewhere", "GET", []string{cookie, site + "cross-site"}, "alice"},
		{"typed into the browser", "GET", []string{cookie, site + "none"}, "alice"},
		{"a script elsewhere", "GET", []string{cookie, "Origin: https://evil.com"}, CodeCrossSite},
		{"a script elsewhere, newer browser", "GET", []string{cookie, site + "cross-site", "Origin: https://evil.com"}, CodeCrossSite},
		{"it cannot pose as us", "GET", []string{cookie, site + "cross-site", own}, CodeCrossSite},
		{"the header wins", "GET", []string{cookie, "Authorization: Bearer " + bob}, "bob"},
		{"the header wins when it writes", "POST", []string{cookie, "Authorization: Bearer " + bob}, "bob"},
		{"the header wins even if it is bad", "GET", []string{cookie, "Authorization: Bearer x"}, CodeToken},
		{"the header wins whatever its scheme", "GET", []string{cookie, "Authorization: Basic x"}, "anon"},
		{"the header wins though empty", "GET", []string{cookie, "Authorization: "}, "anon"},
		{"a bad token", "GET", []string{"Cookie: __Host-token=a.b.c"}, CodeToken},
		{"two", "GET", []string{"Cookie: __Host-token=" + alice + "; __Host-token=" + alice}, CodeToken},
		{"two headers", "GET", []string{cookie, cookie}, CodeToken},
		{"same origin", "POST", []string{cookie, site + "same-origin"}, "alice"},
		{"same origin behind a proxy", "POST", []string{cookie, site + "same-origin", "Origin: https://public.example.com"}, "alice"},
		{"older browser", "PATCH", []string{cookie, own}, "alice"},
		{"older browser, capitals", "PUT", []string{cookie, "Origin: https://API.example.com"}, "alice"},
		{"neither", "POST", []string{cookie}, CodeCrossSite},
		{"neither, DELETE", "DELETE", []string{cookie}, CodeCrossSite},
		{"neither, unknown method", "PROPFIND", []string{cookie}, CodeCrossSite},
		{"neither, lower case", "get", []string{cookie}, CodeCrossSite},
		{"same site", "POST", []string{cookie, site + "same-site"}, CodeCrossSite},
		{"same site though the Origin fits", "POST", []string{cookie, site + "same-site", own}, CodeCrossSite},
		{"other site", "DELETE", []string{cookie, site + "cross-site"}, CodeCrossSite},
		{"none, yet writing", "POST", []string{cookie, site + "none"}, CodeCrossSite},
		{"none, yet writing, though the Origin fits", "POST", []string{cookie, site + "none", own}, CodeCrossSite},
		{"unknown word", "POST", []string{cookie, site + "Same-Origin"}, CodeCrossSite},
		{"empty word", "POST", []string{cookie, site, own}, CodeCrossSite},
		{"twice", "POST", []string{cookie, site + "same-origin", site + "cross-site"}, CodeCrossSite},
		{"Origin null", "POST", []string{cookie, "Origin: null"}, CodeCrossSite},
		{"Origin empty", "POST", []string{cookie, "Origin: "}, CodeCrossSite},
		{"Origin twice", "POST", []string{cookie, own, "Origin: https://evil.com"}, CodeCrossSite},
		{"Origin with our name in front", "POST", []string{cookie, "Origin: https://api.example.com.evil.com"}, CodeCrossSite},
		{"Origin of another port", "POST", []string{cookie, "Origin: https://api.example.com:8443"}, CodeCrossSite},
		{"Origin with a user", "POST", []string{cookie, "Origin: https://api.example.com@evil.com"}, CodeCrossSite},
		{"Origin without TLS", "POST", []string{cookie, "Origin: http://api.example.com"}, CodeCrossSite},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(test.method, "https://api.example.com/orders?jwt="+bob+"&access_token="+bob, test.headers)
			if got := roleOrCode(t, v, r); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	// Where a proxy ends TLS, http and https cannot be told apart.
	r := newRequest("POST", "http://api.example.com/", []string{cookie, "Origin: https://api.example.com"})
	if got := roleOrCode(t, v, r); got != "alice" {
		t.Errorf("behind a proxy: %s", got)
	}
	off := newTestVerifier(t, Config{Secret: testSecret, AnonRole: "anon"})
	if got := roleOrCode(t, off, newRequest("GET", "/", []string{cookie})); got != "anon" {
		t.Errorf("without jwt-cookie: %s", got)
	}
}

func newRequest(method, target string, headers []string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	if strings.HasPrefix(target, "https:") {
		r.TLS = &tls.ConnectionState{}
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func roleOrCode(tb testing.TB, v *Verifier, r *http.Request) string {
	tb.Helper()
	caller, err := v.AuthenticateRequest(r)
	var refusal *Error
	if errors.As(err, &refusal) {
		if caller != (Caller{}) {
			tb.Errorf("a refusal came with the caller %+v", caller)
		}
		return refusal.Code
	}
	if err != nil {
		tb.Fatal(err)
	}
	return caller.Role
}

func TestRestrictionsAreEnforced(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 10, Cookie: "token"})
	token := hs256(t, `{"role":"alice","postern":{"methods":["GET","POST"],"paths":["/orders","/rpc/*"]}}`)
	for _, headers := range [][]string{{"Authorization: Bearer " + token}, {"Cookie: token=" + token, "Sec-Fetch-Site: same-origin"}} {
		for request, want := range map[string]string{
			"GET /orders": "alice", "HEAD /orders?a=eq.1": "alice", "POST /rpc/pay": "alice", "GET /%6frders": "alice",
			"DELETE /orders": CodeRestricted, "OPTIONS /orders": CodeRestricted, "GET /customers": CodeRestricted, "GET /": CodeRestricted,
			"GET /orders/": CodeRestricted, "GET //orders": CodeRestricted, "GET /rpc": CodeRestricted, "GET /rpc/": CodeRestricted,
			"GET /rpc/a/b": CodeRestricted, "GET /rpc/../x": CodeRestricted, "GET /rpc/%2e%2e": CodeRestricted, "GET /rpc/a%2Fb": "alice",
			"GET /Orders": CodeRestricted, "POST /auth/token": CodeRestricted,
		} {
			method, target, _ := strings.Cut(request, " ")
			if got := roleOrCode(t, v, newRequest(method, "http://x"+target, headers)); got != want {
				t.Errorf("%s: got %s, want %s", request, got, want)
			}
		}
	}
}

func TestRestrictions(t *testing.T) {
	t.Parallel()
	var all *Restrictions
	if !all.Allows("DELETE", "/anything") {
		t.Error("no restrictions restrict")
	}
	for _, test := range []struct {
		paths, path string
		want        bool
	}{
		{"/", "/", true},
		{"/", "", false},
		{"/", "/a", false},
		{"/*", "/a", true},
		{"/*", "/", false},
		{"/*", "/a/b", false},
		{"/%2A", "/*", true},
		{"/%2A", "/a", false},
		{"/a%20b", "/a%20b", true},
		{"/a+b", "/a%2Bb", true},
		{"/é", "/%C3%A9", true},
		{"/a", "/a%00", false},
		{"/a", "/a%", false},
		{"/a", "*", false},
		{"/a", "a", false},
		{"/a/*", "/a/%2e", false},
	} {
		r, err := newRestrictions(nil, []string{test.paths})
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Allows("GET", test.path); got != test.want {
			t.Errorf("%s allows %s: %t", test.paths, test.path, got)
		}
	}
}

func TestMalformedRestrictions(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret})
	for _, claim := range []string{
		`null`, `1`, `[]`, `"x"`, `{"method":["GET"]}`, `{"methods":[]}`, `{"methods":["get"]}`, `{"methods":["GET "]}`, `{"methods":[1]}`, `{"methods":{}}`,
		`{"paths":[]}`, `{"paths":["orders"]}`, `{"paths":["/a/../b"]}`, `{"paths":["/%zz"]}`, `{"paths":null}`, `{"single_use":1}`, `{"single_use":"true"}`,
		`{"single_use":null}`, `{"single_use":true}`, `{"methods":["GET"],"extra":1}`,
	} {
		mustFail(t, v, CodeClaims, hs256(t, `{"role":"a","postern":`+claim+`}`))
	}
	caller, err := authenticate(v, hs256(t, `{"role":"a","jti":"x","exp":1700000000,"postern":{"single_use":true}}`))
	if err != nil || !caller.SingleUse || caller.TokenID != "x" || caller.Restrictions != nil || len(caller.UseID()) != 64 {
		t.Errorf("%+v, %v", caller, err)
	}
	for _, claims := range []string{`"jti":"x"`, `"exp":1700000000`, `"exp":1700000000,"jti":""`, `"exp":1700000000,"jti":1`} {
		mustFail(t, v, CodeClaims, hs256(t, `{"role":"a",`+claims+`,"postern":{"single_use":true}}`))
	}
}
