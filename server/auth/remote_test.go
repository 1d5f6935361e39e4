package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestDiscovery(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"), ecKey(t, "b"))
	v := startVerifier(t, Config{Issuers: []Issuer{p.issuer()}, CacheMaxEntries: 10}, hasty())
	for _, token := range []string{
		rs256(t, "a", p.claimsOf("")), rs256(t, "", p.claimsOf("")), es256(t, "b", p.claimsOf(`,"sub":"1"`)), es256(t, "", p.claimsOf("")),
	} {
		for range 2 {
			mustBe(t, v, "alice", token)
		}
	}
	if p.discoveries.Load() != 1 || p.fetches.Load() != 1 {
		t.Errorf("%d discoveries, %d fetches", p.discoveries.Load(), p.fetches.Load())
	}
	got := v.IssuerStats()[0]
	if got.LastRefresh.IsZero() {
		t.Error("no time of the last refresh")
	}
	got.LastRefresh = time.Time{}
	if want := (IssuerStats{Issuer: p.URL, Keys: 2, Refreshes: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestKeysByURL(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	v := startVerifier(t, Config{Issuers: []Issuer{{Issuer: "accounts.example.com", Audience: []string{"api"}, JWKSURI: p.URL + "/keys"}}}, hasty())
	mustBe(t, v, "alice", rs256(t, "a", `{"iss":"accounts.example.com","aud":["x","api"],"role":"alice"}`))
	if p.discoveries.Load() != 0 {
		t.Error("discovery was asked")
	}
}

// TestRotation replaces the key. The first token with the new one finds it; what
// was signed with the old one is refused from then on, cached or not.
func TestRotation(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "old"))
	v := startVerifier(t, Config{Issuers: []Issuer{p.issuer()}, CacheMaxEntries: 10}, hasty())
	old, next := rs256(t, "old", p.claimsOf("")), es256(t, "new", p.claimsOf(""))
	mustBe(t, v, "alice", old)
	p.set(func() { p.keys = []string{rsaKey(t, "old"), ecKey(t, "new")} })
	mustBe(t, v, "alice", next)
	mustBe(t, v, "alice", old)
	p.set(func() { p.keys = []string{ecKey(t, "new")} })
	mustFail(t, v, CodeToken, rs256(t, "unknown", p.claimsOf("")))
	mustFail(t, v, CodeToken, old)
	mustBe(t, v, "alice", next)
	// An issuer that has no key any more has taken all of them back.
	p.set(func() { p.keys = nil })
	mustFail(t, v, CodeToken, rs256(t, "unknown", p.claimsOf("")))
	mustFail(t, v, CodeToken, next)
}

func TestBackgroundRefresh(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	pace := hasty()
	pace.refresh = 20 * time.Millisecond
	v := startVerifier(t, Config{Issuers: []Issuer{p.issuer()}, CacheMaxEntries: 10}, pace)
	token := rs256(t, "a", p.claimsOf(""))
	mustBe(t, v, "alice", token)
	before := v.CacheStats().Hits
	await(t, "three refreshes", func() bool { return v.IssuerStats()[0].Refreshes >= 3 })
	mustBe(t, v, "alice", token)
	if v.CacheStats().Hits != before+1 {
		t.Error("a refresh that changes nothing empties the cache")
	}
	p.set(func() { p.keys = []string{ecKey(t, "b")} })
	await(t, "the old key to go", func() bool { _, err := authenticate(v, token); return err != nil })
}

// TestUnknownKids must not pester the issuer.
func TestUnknownKids(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	pace := hasty()
	pace.ask = time.Hour
	v := startVerifier(t, Config{Issuers: []Issuer{p.issuer()}}, pace)
	mustBe(t, v, "alice", rs256(t, "a", p.claimsOf("")))
	for i := range 50 {
		mustFail(t, v, CodeToken, rs256(t, fmt.Sprint(i), p.claimsOf("")))
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
	// Neither does what could not be valid under any key.
	v = startVerifier(t, Config{Issuers: []Issuer{p.issuer()}}, hasty())
	mustBe(t, v, "alice", rs256(t, "a", p.claimsOf("")))
	mustFail(t, v, CodeToken, hs256(t, p.claimsOf("")))
	mustFail(t, v, CodeToken, es256(t, "a", p.claimsOf("")))
	mustFail(t, v, CodeToken, es256(t, "", p.claimsOf("")))
	mustFail(t, v, CodeToken, rs256(t, "", p.claimsOf(""))+"A")
	if n := p.fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

// TestOutage starts while the issuer is down, recovers, and survives the next one.
func TestOutage(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	p.fail(http.StatusBadGateway)
	var log syncBuffer
	v := startVerifier(t, Config{
		Secret: testSecret, Issuers: []Issuer{p.issuer()}, CacheMaxEntries: 10, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}, hasty())
	token := rs256(t, "a", p.claimsOf(""))
	mustFail(t, v, CodeKeysUnavailable, token)
	mustBe(t, v, "bob", hs256(t, `{"role":"bob"}`))
	p.fail(0)
	await(t, "recovery", func() bool { _, err := authenticate(v, token); return err == nil })

	p.fail(http.StatusInternalServerError)
	before := v.IssuerStats()[0].Failures
	mustFail(t, v, CodeToken, rs256(t, "other", p.claimsOf("")))
	mustBe(t, v, "alice", token)
	await(t, "failures to be counted", func() bool { return v.IssuerStats()[0].Failures >= before+2 })
	mustBe(t, v, "alice", token)
	if got := v.IssuerStats()[0]; got.Keys != 1 || got.LastRefresh.IsZero() {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"cannot fetch an issuer's keys", "status 502", "fetched an issuer's keys"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
}

// TestSlowIssuer must delay neither other issuers nor jwt-secret, and its own
// callers for a bounded time.
func TestSlowIssuer(t *testing.T) {
	t.Parallel()
	slow, quick := newProvider(t, rsaKey(t, "a")), newProvider(t, ecKey(t, "b"))
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	slow.set(func() { slow.jwks = func(http.ResponseWriter, *http.Request) { <-release } })
	pace := hasty()
	pace.wait = 50 * time.Millisecond
	pace.fetch = time.Hour
	v := startVerifier(t, Config{Secret: testSecret, Issuers: []Issuer{slow.issuer(), quick.issuer()}}, pace)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if refusal := refusalOf(t, v, "Bearer "+rs256(t, "a", slow.claimsOf(""))); refusal.Code != CodeKeysUnavailable {
				t.Errorf("%v", refusal)
			}
		})
	}
	await(t, "the quick issuer", func() bool { _, err := authenticate(v, es256(t, "b", quick.claimsOf(""))); return err == nil })
	mustBe(t, v, "bob", hs256(t, `{"role":"bob"}`))
	wg.Wait()

	ctx, cancel := context.WithCancel(context.Background())
	v.issuers[slow.URL].remote.pace.wait = time.Hour
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := v.Authenticate(ctx, []string{"Bearer " + rs256(t, "a", slow.claimsOf(""))}); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that hung up: %v", err)
	}
}

func TestAnswersCutShort(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	p.set(func() {
		p.jwks = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"keys":[`)
		}
	})
	checkFetchFails(t, p, "unexpected EOF")
	p = newProvider(t, rsaKey(t, "a"))
	p.set(func() { p.jwks = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() } })
	v := newTestVerifier(t, Config{Issuers: []Issuer{p.issuer()}})
	r := v.remotes()[0]
	r.pace.fetch = 20 * time.Millisecond
	if _, _, err := r.fetch(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless answer: %v", err)
	}
}

// checkFetchFails fetches once and compares the error.
func checkFetchFails(t *testing.T, p *provider, want string) {
	t.Helper()
	v := newTestVerifier(t, Config{Issuers: []Issuer{p.issuer()}})
	set, _, err := v.remotes()[0].fetch(t.Context())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %+v, error %v, want %q", set, err, want)
	}
}

func TestBadDocuments(t *testing.T) {
	t.Parallel()
	other := newProvider(t, rsaKey(t, "a"))
	text := func(format string, args ...any) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, format, args...) }
	}
	to := func(url string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, http.StatusFound) }
	}
	huge := strings.Repeat(" ", maxDocumentBytes)
	for name, test := range map[string]struct {
		discovery, jwks func(http.ResponseWriter, *http.Request)
		want            string
	}{
		"discovery of another issuer":   {discovery: text(`{"issuer":%q,"jwks_uri":%q}`, other.URL, other.URL+"/keys"), want: "for another issuer"},
		"discovery without issuer":      {discovery: text(`{"jwks_uri":"http://127.0.0.1/keys"}`), want: "for another issuer"},
		"discovery with two issuers":    {discovery: text(`{"issuer":"a","issuer":"b"}`), want: "not a JSON object"},
		"discovery no JSON":             {discovery: text(`<html>`), want: "not a JSON object"},
		"discovery huge":                {discovery: text("%s", huge+`{}`), want: "larger than"},
		"discovery elsewhere":           {discovery: to(other.URL + discoveryPath), want: "redirects to another host"},
		"discovery in circles":          {discovery: to(discoveryPath), want: "redirects too often"},
		"keys huge":                     {jwks: text("%s", huge+`{"keys":[]}`), want: "larger than"},
		"keys elsewhere":                {jwks: to(other.URL + "/keys"), want: "redirects to another host"},
		"keys by another scheme":        {jwks: to(strings.Replace(other.URL, "http:", "https:", 1)), want: "redirects to another host"},
		"keys no JSON":                  {jwks: text(`{"keys":[}`), want: "read the keys"},
		"keys no set":                   {jwks: text(`{"kty":"RSA"}`), want: `no array "keys"`},
		"keys repeated":                 {jwks: text(`{"keys":[],"keys":[]}`), want: "appears twice"},
		"keys too many":                 {jwks: text(`{"keys":[%s{}]}`, strings.Repeat("{},", maxRemoteKeys)), want: "more than 100"},
		"keys not found":                {jwks: http.NotFound, want: "status 404"},
		"keys with a status of success": {jwks: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }, want: "status 202"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, rsaKey(t, "a"))
			p.set(func() { p.discovery, p.jwks = test.discovery, test.jwks })
			checkFetchFails(t, p, test.want)
		})
	}
	for name, uri := range map[string]string{
		"plain http": "http://keys.example.com/", "a file": "file:///etc/passwd", "relative": "/keys", "a user": "https://u:p@keys.example.com/", "none": "",
	} {
		t.Run("jwks_uri is "+name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.set(func() { p.discovery = text(`{"issuer":%q,"jwks_uri":%q}`, p.URL, uri) })
			checkFetchFails(t, p, "jwks_uri")
		})
	}
}

func TestRedirectOnTheSameHost(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	p.set(func() {
		p.jwks = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				http.Redirect(w, r, "/keys?v=2", http.StatusFound)
				return
			}
			fmt.Fprintf(w, `{"keys":[%s]}`, rsaKey(t, "a"))
		}
	})
	mustBe(t, startVerifier(t, Config{Issuers: []Issuer{p.issuer()}}, hasty()), "alice", rs256(t, "a", p.claimsOf("")))
}

// TestForeignKeys publishes keys that cannot be used beside one that can.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	k := sharedKeys()
	p := newProvider(t,
		`{"kty":"XYZ","kid":"x"}`, `{}`, `1`, `{"kty":"RSA","n":"","e":"AQAB"}`,
		jwkOf(t, &k.weakRSA.PublicKey, nil), jwkOf(t, []byte(testSecret), map[string]any{"kid": "hs", "alg": "HS256"}),
		jwkOf(t, &k.p256.PublicKey, map[string]any{"kid": "enc", "use": "enc"}),
		jwkOf(t, k.p384, map[string]any{"kid": "not in the list"}), rsaKey(t, "a"))
	var log syncBuffer
	issuer := p.issuer()
	issuer.Algorithms = []string{"RS256", "ES256"}
	v := startVerifier(t, Config{Issuers: []Issuer{issuer}, Logger: slog.New(slog.NewTextHandler(&log, nil))}, hasty())
	mustBe(t, v, "alice", rs256(t, "a", p.claimsOf("")))
	if got := v.IssuerStats()[0].Keys; got != 1 {
		t.Errorf("%d keys", got)
	}
	await(t, "8 warnings", func() bool { return strings.Count(log.String(), "is left out") == 8 })
	if !strings.Contains(log.String(), "symmetric") {
		t.Errorf("log:\n%s", log.String())
	}
}

func TestInherit(t *testing.T) {
	t.Parallel()
	p := newProvider(t, rsaKey(t, "a"))
	cfg := Config{Issuers: []Issuer{p.issuer()}, Secret: testSecret}
	first := startVerifier(t, cfg, hasty())
	token := rs256(t, "a", p.claimsOf(""))
	mustBe(t, first, "alice", token)
	p.Close()

	second := newTestVerifier(t, cfg)
	mustFail(t, second, CodeKeysUnavailable, token) // without Run nobody waits
	second.Inherit(first)
	second.Inherit(nil)
	mustBe(t, second, "alice", token)
	if got := second.IssuerStats()[0]; got.Refreshes != 1 || got.Keys != 1 {
		t.Errorf("%+v", got)
	}
	cfg.Issuers[0].JWKSURI = p.URL + "/other"
	elsewhere := newTestVerifier(t, cfg)
	elsewhere.Inherit(first)
	mustFail(t, elsewhere, CodeKeysUnavailable, token)
	cfg.Issuers[0].JWKSURI, cfg.Issuers[0].Algorithms = "", []string{"ES256"}
	stricter := newTestVerifier(t, cfg)
	stricter.Inherit(first)
	mustFail(t, stricter, CodeToken, token)
	if got := stricter.IssuerStats()[0]; got.Keys != 0 {
		t.Errorf("keys of other algorithms were taken over: %+v", got)
	}
}

func TestRunWithoutIssuers(t *testing.T) {
	t.Parallel()
	newTestVerifier(t, Config{Secret: testSecret}).Run(context.Background()) // returns
}

func TestPause(t *testing.T) {
	t.Parallel()
	p := defaultPace()
	for failures, want := range map[int]time.Duration{
		0: 10 * time.Minute, 1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute,
	} {
		for range 100 {
			if got := p.pause(failures); got > want || got < want*9/10-1 {
				t.Fatalf("after %d failures %s, want about %s", failures, got, want)
			}
		}
	}
}

// syncBuffer is a buffer that a logger writes while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
