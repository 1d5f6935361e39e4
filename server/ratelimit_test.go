package server_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestRateLimit(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "rate-limit = \"3/h\"\njwt-exchange-secret = \"another secret for the tests, long enough\"\n"+
		"server-trusted-proxies = \"10.0.0.0/8\"\n")
	request := func(address, credential string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/genres?limit=0", nil)
		r.RemoteAddr = address
		if credential != "" {
			r.Header.Set("Authorization", "Bearer "+credential)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	// spend sends requests until one is refused, and returns how many were not.
	spend := func(address, credential string, headers ...string) int {
		t.Helper()
		for n := range 10 {
			w := request(address, credential, headers...)
			if w.Code != http.StatusTooManyRequests {
				continue
			}
			retry, err := strconv.Atoi(w.Header().Get("Retry-After"))
			if err != nil || retry < 1 || retry > 1200 || !strings.Contains(w.Body.String(), "PSTRN102") {
				t.Errorf("got %v %s", w.Header(), w.Body)
			}
			if got := w.Header().Get("RateLimit"); !strings.HasPrefix(got, `"default";r=0;t=3`) {
				t.Errorf("got RateLimit: %s", got)
			}
			return n
		}
		return 10
	}
	ada := token(t, map[string]any{"role": "member", "sub": "ada"})
	w := request("192.0.2.1:1", "")
	if got := w.Header(); w.Code != http.StatusOK || got.Get("RateLimit-Policy") != `"default";q=3;w=3600` || got.Get("RateLimit") != `"default";r=2;t=1200` {
		t.Errorf("got %d %v", w.Code, got)
	}
	for _, c := range []struct {
		name, address, credential string
		headers                   []string
		want                      int
	}{
		{name: "an address", address: "192.0.2.1:2", want: 2},
		{name: "another address", address: "192.0.2.2:1", want: 3},
		{name: "a subject", address: "192.0.2.1:1", credential: ada, want: 3},
		{name: "the same subject elsewhere", address: "192.0.2.3:1", credential: ada},
		{name: "the same subject in another token", address: "192.0.2.3:1", credential: token(t, map[string]any{"role": "librarian", "sub": "ada"})},
		{
			name: "a subject of another issuer", address: "192.0.2.3:1", want: 3,
			credential: token(t, map[string]any{"role": "member", "sub": "ada", "iss": "other"}),
		},
		{name: "a subject that is an address", address: "192.0.2.3:1", credential: token(t, map[string]any{"role": "member", "sub": "192.0.2.2"}), want: 3},
		{name: "a token without a subject", address: "192.0.2.3:1", credential: token(t, map[string]any{"role": "member"}), want: 3},
		{name: "a token that is refused", address: "192.0.2.4:1", credential: ada + "x", want: 3},
		{name: "IPv6", address: "[2001:db8::1]:1", want: 3},
		{name: "IPv6, the same subscriber", address: "[2001:db8::2]:1"},
		{name: "IPv6, another subscriber", address: "[2001:db8:0:1::1]:1", want: 3},
		{name: "a Unix socket", address: "@", want: 3},
		{name: "who pretends to be another", address: "192.0.2.2:1", headers: []string{"X-Forwarded-For", "192.0.2.99"}},
		{name: "behind a trusted proxy", address: "10.1.1.1:1", headers: []string{"X-Forwarded-For", "192.0.2.5"}, want: 3},
		{name: "behind it, another", address: "10.1.1.1:1", headers: []string{"X-Forwarded-For", "192.0.2.6"}, want: 3},
		{name: "behind it, one who was there directly", address: "10.1.1.1:1", headers: []string{"X-Forwarded-For", "192.0.2.2"}},
	} {
		if got := spend(c.address, c.credential, c.headers...); got != c.want {
			t.Errorf("%s: %d requests were let through, want %d", c.name, got, c.want)
		}
	}
	// The exchange of tokens is counted by address, too: it is where tokens are tried.
	r := httptest.NewRequest(http.MethodPost, "/auth/token", strings.NewReader("{}"))
	r.RemoteAddr = "192.0.2.2:1"
	exchange := httptest.NewRecorder()
	handler.ServeHTTP(exchange, r)
	if exchange.Code != http.StatusTooManyRequests {
		t.Errorf("the exchange got %d", exchange.Code)
	}
}

// TestRateLimitTogether checks that no more than the limit is let through where all come at once.
func TestRateLimitTogether(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "rate-limit = \"20/h\"\n")
	var all sync.WaitGroup
	statuses := make(chan int, 100)
	for range cap(statuses) {
		all.Go(func() { statuses <- send(t, handler, http.MethodGet, "/genres?limit=0", "").Code })
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[http.StatusOK] != 20 || count[http.StatusTooManyRequests] != 80 {
		t.Errorf("got %v", count)
	}
}
