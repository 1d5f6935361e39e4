package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestServerHeader checks that every answer names the program, and leaves alone what a program around it has set.
func TestServerHeader(t *testing.T) {
	t.Parallel()
	s, _, _ := newLogged(t, newLibrary(t), "")
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "/genres", nil),
		httptest.NewRequest(http.MethodGet, "/nowhere", nil),
		httptest.NewRequest(http.MethodOptions, "/genres", nil),
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Server"); got != "postern/devel" {
			t.Errorf("%s %s: Server is %q", r.Method, r.URL, got)
		}
	}
	w := httptest.NewRecorder()
	w.Header().Set("Server", "mine")
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/nowhere", nil))
	if got := w.Header()["Server"]; len(got) != 1 || got[0] != "mine" {
		t.Errorf("Server is %q, want mine", got)
	}
}
