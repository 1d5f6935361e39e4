package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/proxy"
)

var trusted = proxy.Trusted{
	Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")},
	Unix:     true,
}

func TestResolve(t *testing.T) {
	t.Parallel()
	const peer, stranger = "127.0.0.1:5000", "192.0.2.9:5000"
	for name, c := range map[string]struct {
		peer    string
		headers string // lines
		remote  string // wanted
		host    string // wanted, example.test for unchanged
		public  proxy.Public
	}{
		"nothing is said":                 {peer: peer, remote: peer},
		"a stranger is not believed":      {peer: stranger, headers: "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Host: evil.test\nForwarded: for=1.2.3.4", remote: stranger},
		"the client":                      {peer: peer, headers: "X-Forwarded-For: 203.0.113.7", remote: "203.0.113.7:0"},
		"what the client wrote is not":    {peer: peer, headers: "X-Forwarded-For: 1.2.3.4, 203.0.113.7", remote: "203.0.113.7:0"},
		"in a line of its own neither":    {peer: peer, headers: "X-Forwarded-For: 1.2.3.4\nX-Forwarded-For: 203.0.113.7", remote: "203.0.113.7:0"},
		"trusted proxies are passed by":   {peer: peer, headers: "X-Forwarded-For: 1.2.3.4, 203.0.113.7, 10.1.1.1", remote: "203.0.113.7:0"},
		"all are trusted":                 {peer: peer, headers: "X-Forwarded-For: 10.0.0.5, 10.1.1.1", remote: "10.0.0.5:0"},
		"nonsense ends the walk":          {peer: peer, headers: "X-Forwarded-For: unknown, 10.1.1.1", remote: "10.1.1.1:0"},
		"only nonsense":                   {peer: peer, headers: "X-Forwarded-For: unknown", remote: peer},
		"with a port":                     {peer: peer, headers: "X-Forwarded-For: 203.0.113.7:4711", remote: "203.0.113.7:0"},
		"IPv6":                            {peer: "[fd00::1]:80", headers: "X-Forwarded-For: 2001:db8::1", remote: "[2001:db8::1]:0"},
		"IPv4 within IPv6":                {peer: "[::ffff:127.0.0.1]:80", headers: "X-Forwarded-For: ::ffff:203.0.113.7", remote: "203.0.113.7:0"},
		"a Unix socket":                   {peer: "@", headers: "X-Forwarded-For: 203.0.113.7", remote: "203.0.113.7:0"},
		"Forwarded":                       {peer: peer, headers: `Forwarded: For="[2001:db8::1]:4711";proto=https;host="api.test:8443"`, remote: "[2001:db8::1]:0", host: "api.test:8443", public: proxy.Public{Scheme: "https", Host: "api.test:8443"}},
		"Forwarded, from the right":       {peer: peer, headers: "Forwarded: for=1.2.3.4;host=evil.test, for=203.0.113.7;proto=https;host=api.test", remote: "203.0.113.7:0", host: "api.test", public: proxy.Public{Scheme: "https", Host: "api.test"}},
		"Forwarded, comma in quotes":      {peer: peer, headers: `Forwarded: for="1.2.3.4, 5.6.7.8";secret="a\"b,c", for=203.0.113.7`, remote: "203.0.113.7:0"},
		"Forwarded, hidden client":        {peer: peer, headers: "Forwarded: for=_hidden;proto=https", remote: peer, public: proxy.Public{Scheme: "https"}},
		"both agree":                      {peer: peer, headers: "X-Forwarded-For: 203.0.113.7\nForwarded: for=203.0.113.7;proto=https", remote: "203.0.113.7:0", public: proxy.Public{Scheme: "https"}},
		"both disagree: neither counts":   {peer: peer, headers: "X-Forwarded-For: 203.0.113.7\nX-Forwarded-Host: a.test\nForwarded: for=1.2.3.4;proto=https", remote: peer},
		"scheme, host and prefix":         {peer: peer, headers: "X-Forwarded-Proto: https\nX-Forwarded-Host: api.test\nX-Forwarded-Prefix: /v1/api/", remote: peer, host: "api.test", public: proxy.Public{Scheme: "https", Host: "api.test", Prefix: "/v1/api"}},
		"the nearest proxy's":             {peer: peer, headers: "X-Forwarded-Proto: evil, https\nX-Forwarded-Host: evil.test, api.test", remote: peer, host: "api.test", public: proxy.Public{Scheme: "https", Host: "api.test"}},
		"a prefix to another server":      {peer: peer, headers: "X-Forwarded-Prefix: //evil.test", remote: peer},
		"a prefix that climbs":            {peer: peer, headers: "X-Forwarded-Prefix: /a/../b", remote: peer},
		"a host that ends in a path":      {peer: peer, headers: "X-Forwarded-Host: evil.test/x", remote: peer},
		"a host with a user":              {peer: peer, headers: "X-Forwarded-Host: api.test@evil.test", remote: peer},
		"a scheme that runs a script":     {peer: peer, headers: "X-Forwarded-Proto: javascript", remote: peer},
		"a prefix that is only a slash":   {peer: peer, headers: "X-Forwarded-Prefix: /", remote: peer},
		"a prefix with a terminal escape": {peer: peer, headers: "X-Forwarded-Prefix: /a\x1b[2J", remote: peer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.test/chat", nil)
			r.RemoteAddr = c.peer
			for line := range strings.SplitSeq(c.headers, "\n") {
				if key, value, ok := strings.Cut(line, ": "); ok {
					r.Header.Add(key, value)
				}
			}
			got := trusted.Resolve(r)
			want := c.host
			if want == "" {
				want = "example.test"
			}
			if got.RemoteAddr != c.remote || got.Host != want || proxy.PublicOf(got.Context()) != c.public {
				t.Errorf("got %s %s %+v, want %s %s %+v", got.RemoteAddr, got.Host, proxy.PublicOf(got.Context()), c.remote, want, c.public)
			}
			if r.RemoteAddr != c.peer || r.Host != "example.test" {
				t.Error("the request itself was changed")
			}
		})
	}
}

// A server that trusts nobody does nothing for it.
func TestResolveTrustsNobody(t *testing.T) {
	t.Parallel()
	for _, peer := range []string{"127.0.0.1:80", "@", ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		if got := (proxy.Trusted{}).Resolve(r); got != r {
			t.Errorf("%q is believed", peer)
		}
	}
}

// Whatever a header says, the address is one, and host and prefix cannot leave their place in a URL.
func FuzzResolve(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", `for="[::1]:80";host=a;proto=http, for=x`, "a.test", "/api")
	f.Add("", `for="`, "[::1]:80", "//")
	f.Fuzz(func(t *testing.T, xff, forwarded, host, prefix string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header = http.Header{
			"X-Forwarded-For": {xff}, "Forwarded": {forwarded}, "X-Forwarded-Host": {host}, "X-Forwarded-Prefix": {prefix},
		}
		got := trusted.Resolve(r)
		if _, err := netip.ParseAddrPort(got.RemoteAddr); err != nil {
			t.Errorf("the address is %q", got.RemoteAddr)
		}
		p := proxy.PublicOf(got.Context())
		if strings.ContainsAny(p.Host, "/@?#\\ \r\n") || strings.HasPrefix(p.Prefix, "//") || strings.ContainsAny(p.Prefix, "?#\\ \r\n%") {
			t.Errorf("public is %+v", p)
		}
	})
}
