package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// provider is a small OpenID provider whose faults a test can choose.
type provider struct {
	*httptest.Server
	discoveries, fetches atomic.Int32

	mu        sync.Mutex
	keys      []string                                     // JWKs
	discovery func(http.ResponseWriter, *http.Request)     // in place of the document
	jwks      func(w http.ResponseWriter, r *http.Request) // in place of the keys
}

func newProvider(tb testing.TB, keys ...string) *provider {
	tb.Helper()
	p := &provider{keys: keys}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+discoveryPath, func(w http.ResponseWriter, r *http.Request) {
		p.discoveries.Add(1)
		if instead := p.instead(&p.discovery); instead != nil {
			instead(w, r)
			return
		}
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`, p.URL, p.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		p.fetches.Add(1)
		if instead := p.instead(&p.jwks); instead != nil {
			instead(w, r)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		fmt.Fprintf(w, `{"keys":[%s]}`, strings.Join(p.keys, ","))
	})
	p.Server = httptest.NewServer(mux)
	tb.Cleanup(p.Close)
	return p
}

func (p *provider) instead(f *func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *f
}

// set changes the provider while it runs.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// fail answers the keys with a status, until it is told 0.
func (p *provider) fail(status int) {
	p.set(func() {
		p.jwks = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		if status == 0 {
			p.jwks = nil
		}
	})
}

// rsaKey is the JWK of the shared RSA key.
func rsaKey(tb testing.TB, kid string) string {
	return jwkOf(tb, &sharedKeys().rsa.PublicKey, map[string]any{"kid": kid, "alg": "RS256", "use": "sig"})
}

func ecKey(tb testing.TB, kid string) string {
	return jwkOf(tb, &sharedKeys().p256.PublicKey, map[string]any{"kid": kid})
}

// rs256 signs with the shared RSA key; kid may be "".
func rs256(tb testing.TB, kid, claims string) string {
	return mint(tb, jwa.RS256, sharedKeys().rsa, headerOf("RS256", kid), claims)
}

func es256(tb testing.TB, kid, claims string) string {
	return mint(tb, jwa.ES256, sharedKeys().p256, headerOf("ES256", kid), claims)
}

func headerOf(alg, kid string) string {
	if kid == "" {
		return fmt.Sprintf(`{"alg":%q,"typ":"JWT"}`, alg)
	}
	return fmt.Sprintf(`{"alg":%q,"kid":%q}`, alg, kid)
}

// claimsOf writes claims for the audience api and the role alice, and more.
func (p *provider) claimsOf(more string) string {
	return fmt.Sprintf(`{"iss":%q,"aud":"api","role":"alice"%s}`, p.URL, more)
}

func (p *provider) issuer() Issuer { return Issuer{Issuer: p.URL, Audience: []string{"api"}} }

// hasty is a pace for tests that wait for nothing.
func hasty() pace {
	return pace{
		refresh: time.Hour, retry: 10 * time.Millisecond, retryMost: 20 * time.Millisecond,
		wait: 10 * time.Second, fetch: 10 * time.Second,
	}
}

// startVerifier makes a verifier and runs it at a pace until the test ends.
func startVerifier(tb testing.TB, cfg Config, p pace) *Verifier {
	tb.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	v := newTestVerifier(tb, cfg)
	for _, r := range v.remotes() {
		r.pace = p
	}
	runVerifier(tb, v)
	return v
}

func runVerifier(tb testing.TB, v *Verifier) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		v.Run(ctx)
	}()
	tb.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			tb.Error("Run does not end")
		}
	})
	await(tb, "Run", func() bool {
		for _, r := range v.remotes() {
			r.mu.Lock()
			running := r.running
			r.mu.Unlock()
			if !running {
				return false
			}
		}
		return true
	})
}

func await(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}

// mustBe fails unless the token is accepted as this role.
func mustBe(tb testing.TB, v *Verifier, role, token string) {
	tb.Helper()
	if caller, err := authenticate(v, token); err != nil || caller.Role != role {
		tb.Fatalf("want %s, got %+v, %v", role, caller, err)
	}
}

// mustFail fails unless the token is refused with this code.
func mustFail(tb testing.TB, v *Verifier, code, token string) {
	tb.Helper()
	if refusal := refusalOf(tb, v, "Bearer "+token); refusal.Code != code {
		tb.Fatalf("want %s, got %v", code, refusal)
	}
}
