package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const cookieSetup = `
create function library.shown() returns json language sql stable as $$
  select json_build_object('cookies', current_setting('request.cookies')::json, 'headers', current_setting('request.headers')::json,
    'role', current_user)
$$;`

// sendCookie sends a request whose token is in a cookie; headers are names and values in turn.
func sendCookie(handler http.Handler, method, target, body, cookie string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cookie", cookie)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// TestCookieToken checks which requests a token in a cookie vouches for.
func TestCookieToken(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "jwt-cookie = \"__Host-session\"\n")
	cookie := "shelf=a; __Host-session=" + token(t, map[string]any{"role": "librarian"}) + "; other=b"
	const own = "http://example.com" // httptest's host
	for _, c := range []struct {
		name, method string
		headers      []string
		status       int
		code         string
	}{
		{"read", "GET", nil, 200, ""},
		{"read from a link elsewhere", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 200, ""},
		{"read by a script elsewhere", "GET", []string{"Origin", "https://evil.test"}, 403, "PSTRN303"},
		{"write without a sign", "POST", nil, 403, "PSTRN303"},
		{"write, same origin", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 201, ""},
		{"write, own Origin", "POST", []string{"Origin", own}, 201, ""},
		{"write, same site", "POST", []string{"Sec-Fetch-Site", "same-site"}, 403, "PSTRN303"},
		{"write, cross site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Origin", own}, 403, "PSTRN303"},
		{"write, typed in", "POST", []string{"Sec-Fetch-Site", "none"}, 403, "PSTRN303"},
		{"write, another Origin", "POST", []string{"Origin", "https://evil.test"}, 403, "PSTRN303"},
		{"write, null Origin", "POST", []string{"Origin", "null"}, 403, "PSTRN303"},
		{"write, two signs", "POST", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"}, 403, "PSTRN303"},
		{"delete without a sign", "DELETE", nil, 403, "PSTRN303"},
		{"change without a sign", "PATCH", nil, 403, "PSTRN303"},
		{"put without a sign", "PUT", nil, 403, "PSTRN303"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			target, body := "/authors?id=eq.4000", `{"name": "x"}`
			if c.method == http.MethodPost {
				target = "/authors"
			}
			w := sendCookie(handler, c.method, target, body, cookie, c.headers...)
			if w.Code != c.status || c.code != "" && code(t, w) != c.code {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
}

// TestCookieTokenHidden checks that SQL does not see the cookie that holds the token, but sees others.
func TestCookieTokenHidden(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, cookieSetup)
	signed := token(t, map[string]any{"role": "librarian"})
	w := sendCookie(newServer(t, db, "jwt-cookie = \"session\"\n"), http.MethodGet, "/rpc/shown", "", "shelf=a; session="+signed+"; other=b")
	body := w.Body.String()
	if w.Code != http.StatusOK || strings.Contains(body, "eyJ") || strings.Contains(body, "session") {
		t.Errorf("got %d %s", w.Code, body)
	}
	for _, part := range []string{`"shelf":"a"`, `"other":"b"`, `"librarian"`} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in %s", part, body)
		}
	}
}

// TestCookieTokenRefused checks that only the configured cookie counts, once and only without an Authorization header.
func TestCookieTokenRefused(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	signed := token(t, map[string]any{"role": "librarian"})
	handler := newServer(t, db, "jwt-cookie = \"session\"\n")
	for _, c := range []struct {
		name, cookie string
		headers      []string
		status       int
		role         string
	}{
		{"it counts", "session=" + signed, nil, 200, "librarian"},
		{"another name", "Session=" + signed, nil, 200, "visitor"},
		{"empty", "session=", nil, 200, "visitor"},
		{"malformed", "session=x", nil, 401, ""},
		{"twice", "session=" + signed + "; session=" + signed, nil, 401, ""},
		{
			"a header goes before it", "session=" + signed,
			[]string{"Authorization", "Bearer " + token(t, map[string]any{"role": "member"})},
			200, "member",
		},
	} {
		w := sendCookie(handler, http.MethodGet, "/rpc/whoami", "", c.cookie, c.headers...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.role) {
			t.Errorf("%s: got %d %s", c.name, w.Code, w.Body)
		}
	}
	off := newServer(t, db, "")
	if w := sendCookie(off, http.MethodGet, "/rpc/whoami", "", "session="+signed); !strings.Contains(w.Body.String(), "visitor") {
		t.Errorf("without jwt-cookie: got %d %s", w.Code, w.Body)
	}
	if w := sendCookie(handler, http.MethodGet, "/rpc/whoami?access_token="+signed, "", ""); strings.Contains(w.Body.String(), "librarian") {
		t.Errorf("a token in the URL: got %d %s", w.Code, w.Body)
	}
}
