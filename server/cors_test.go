package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCORS checks the whole matrix: no answer lets a page read what it may not, and none has "*" next to credentials, which a
// browser would refuse.
func TestCORS(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	const listed, other = "https://page.test", "https://page.test.evil.test"
	for config, credentials := range map[string]string{
		"": "", "server-cors-allow-credentials = true\n": "",
		"server-cors-allowed-origins = \"https://other.test, https://page.test\"\n":                                          "true",
		"server-cors-allowed-origins = \"https://page.test\"\nserver-cors-allow-credentials = false\njwt-cookie = \"jar\"\n": "",
	} {
		handler := newServer(t, db, config)
		open := !strings.Contains(config, "origins")
		for _, origin := range []string{"", listed, other, "null", "https://PAGE.test", "https://page.test:443"} {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions, "preflight"} {
				for _, target := range []string{"/genres?limit=1&id=eq.1", "/nothing", "/"} {
					r := httptest.NewRequest(http.MethodGet, target, nil)
					r.Method = method
					if method == "preflight" {
						r.Method = http.MethodOptions
						r.Header.Set("Access-Control-Request-Method", http.MethodPatch)
						r.Header.Set("Access-Control-Request-Headers", "Content-Type, X-Shelf")
					}
					if origin != "" {
						r.Header.Set("Origin", origin)
					}
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, r)
					allow := w.Header().Get("Access-Control-Allow-Origin")
					name := config + " " + method + " " + target + " from " + origin
					switch {
					case origin == "" && allow != "" && !(r.Method == http.MethodOptions && open):
						t.Errorf("%s: allows %q", name, allow)
					case origin != "" && open && allow != "*",
						origin == listed && !open && allow != listed,
						origin != listed && !open && allow != "":
						t.Errorf("%s: allows %q", name, allow)
					}
					want := credentials
					if origin != listed {
						want = ""
					}
					if got := w.Header().Get("Access-Control-Allow-Credentials"); got != want {
						t.Errorf("%s: credentials %q, want %q", name, got, want)
					}
					answered := method == "preflight" && origin != "" && allow != ""
					if answered && (w.Code != http.StatusOK ||
						w.Header().Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, X-Shelf, Accept, Accept-Language, Content-Language") {
						t.Errorf("%s: got %d %v", name, w.Code, w.Header())
					}
					vary := strings.Split(strings.Join(w.Header()["Vary"], ", "), ", ")
					needed := []string{"Origin"}
					if method != "preflight" {
						needed = append(needed, "Authorization", "Accept", "Prefer", "Range", "Accept-Profile")
						if strings.Contains(config, "jwt-cookie") {
							needed = append(needed, "Cookie")
						}
					}
					for _, n := range needed {
						if !slices.Contains(vary, n) && (method != "preflight" || answered) {
							t.Errorf("%s: Vary: %v lacks %s", name, vary, n)
						}
					}
				}
			}
		}
	}
}

// TestCORSOfManyHeaders: a preflight request costs what it is long. Anybody may send one.
func TestCORSOfManyHeaders(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	r := httptest.NewRequest(http.MethodOptions, "/genres", nil)
	r.Header.Set("Origin", "https://page.test")
	r.Header.Set("Access-Control-Request-Method", http.MethodPatch)
	r.Header.Set("Access-Control-Request-Headers", strings.Repeat("x,", 1<<18)+"y")
	began := time.Now()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	if got := w.Header().Get("Access-Control-Allow-Headers"); !strings.Contains(got, ", x, y, Accept") {
		t.Errorf("got %.100q", got)
	}
}
