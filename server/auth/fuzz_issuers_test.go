package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// FuzzIssuers parses any text as jwt-issuers. What is accepted makes a verifier.
func FuzzIssuers(f *testing.F) {
	f.Add(`[{"issuer":"https://a.b/","audience":["x"],"audience-claim":"azp","jwks-uri":"http://[::1]:8080/k","algorithms":["ES256"],"role-claim-key":"$.a","role-map":{"*":"web"}}]`)
	f.Add(`[{"issuer":"http://localhost/","audience":"x"},{"issuer":"x","jwks-uri":"https://a","audience":"y"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		issuers, err := ParseIssuers(text)
		if err != nil {
			return
		}
		v, err := New(Config{Issuers: issuers})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, i := range issuers {
			r := v.issuers[i.Issuer].remote
			first := r.jwksURI
			if first == "" {
				first = r.issuer
			}
			if !strings.HasPrefix(strings.ToLower(first), "https://") && !isLoopback(first) || len(v.issuers[i.Issuer].audience.allowed) == 0 {
				t.Errorf("%s: unsafe issuer %+v", text, i)
			}
		}
	})
}

// FuzzRemoteKeys reads any text as an issuer's keys.
func FuzzRemoteKeys(f *testing.F) {
	f.Add(`{"keys":[` + rsaKey(f, "a") + `,` + ecKey(f, "b") + `,{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		keys, _, err := parseRemoteKeys(text, remoteAlgorithms())
		if err != nil && keys != nil {
			t.Errorf("%q: keys with error %v", text, err)
		}
		for _, k := range keys {
			if _, symmetric := k.verifying.([]byte); symmetric || k.signing != nil || len(k.algs) == 0 {
				t.Errorf("%q: unfit key %+v", text, k)
			}
		}
	})
}

// FuzzIssuersClaims signs any claims with jwt-secret. They never get in under an
// issuer's name.
func FuzzIssuersClaims(f *testing.F) {
	f.Add(`{"iss":"https://a","aud":"api","role":"alice"}`)
	f.Add(`{"role":"alice","postern":{"methods":["GET"],"paths":["/a","/b/*"],"single_use":true},"jti":"1","exp":1700000000}`)
	f.Add(`{"iss":"postern","role":"alice"}`)
	v := twoIssuers(f, 0)
	f.Fuzz(func(t *testing.T, claims string) {
		mac := hmac.New(sha256.New, []byte(testSecret))
		signed := b64(`{"alg":"HS256"}`) + "." + b64(claims)
		mac.Write([]byte(signed))
		caller, err := v.Authenticate(context.Background(), []string{"Bearer " + signed + "." + b64(string(mac.Sum(nil)))})
		if err != nil {
			checkRefusal(t, caller, err)
			return
		}
		checkCaller(t, caller)
		if v.issuers[caller.Issuer] != nil {
			t.Errorf("%q is accepted as %s's", claims, caller.Issuer)
		}
		var read struct {
			Postern *struct {
				Methods   []string
				Paths     []string
				SingleUse bool `json:"single_use"`
			}
		}
		if err := json.Unmarshal([]byte(caller.Claims), &read); err != nil || read.Postern == nil {
			return // encoding/json folds case, so that it may find another shape
		}
		if read.Postern.Methods != nil && caller.Restrictions.Allows("X-NONE", "/") {
			t.Errorf("%q: methods are not enforced", claims)
		}
	})
}

// FuzzAllows compares with the router's view: segments, each unescaped.
func FuzzAllows(f *testing.F) {
	f.Add("/orders", "/%6frders")
	f.Add("/rpc/*", "/rpc/x")
	f.Add("/*", "//")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		r, err := newRestrictions([]string{"GET"}, []string{pattern})
		if err != nil || !r.Allows("GET", path) {
			return
		}
		want, errWant := splitPath(pattern)
		got, errGot := splitPath(path)
		if strings.HasSuffix(pattern, "/*") {
			want = want[:len(want)-1]
			got = got[:max(len(got)-1, 0)]
		}
		if errWant != nil || errGot != nil || !slices.Equal(want, got) || r.Allows("POST", path) {
			t.Errorf("%q allows %q", pattern, path)
		}
	})
}

// FuzzCookies puts anything into the headers that speak for a cookie.
func FuzzCookies(f *testing.F) {
	v := newTestVerifier(f, Config{Secret: testSecret, Cookie: "token"})
	token := hs256(f, `{"role":"alice"}`)
	f.Add("POST", "same-origin", "https://a")
	f.Add("DELETE", "", "http://example.com")
	f.Fuzz(func(t *testing.T, method, site, origin string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = method
		r.Header.Set("Cookie", "token="+token)
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		_, err := v.AuthenticateRequest(r)
		safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
		if err == nil && !safe && site != "same-origin" &&
			(site != "" || strings.ToLower(origin) != "http://example.com" && strings.ToLower(origin) != "https://example.com") {
			t.Errorf("%s with Sec-Fetch-Site %q, Origin %q is let in", method, site, origin)
		}
	})
}
