// Package proxy finds out what a trusted reverse proxy says about a request: where it comes from, and under what address the
// client knows the server.
//
// The headers are X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Prefix, and Forwarded (RFC 7239). Anybody
// can send them, so they count only from peers that are trusted. Where X-Forwarded-For and Forwarded name different clients,
// one of them was written by the client and passed on, and nothing is believed.
package proxy

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// Trusted are the peers whose headers are believed. The zero value trusts nobody.
type Trusted struct {
	// Networks are those of the proxies, in masked form.
	Networks []netip.Prefix
	// Unix trusts whoever connects to a Unix socket: the permissions of the socket say who can.
	Unix bool
}

// Public is the address under which the client knows the server, as far as a proxy told it.
type Public struct {
	Scheme string // http, https, or "" for not told
	Host   string // host or host:port, or "" for not told
	Prefix string // the path that the proxy removed, such as /api, or ""
}

type publicKey struct{}

// PublicOf gives what Resolve found out; the zero value if that is nothing.
func PublicOf(ctx context.Context) Public {
	p, _ := ctx.Value(publicKey{}).(Public)
	return p
}

// Resolve returns the request as the client sent it to the first trusted proxy: RemoteAddr is the client's, Host is the one it
// asked for, and PublicOf has the rest. It returns r itself if the peer is not trusted or says nothing.
func (t Trusted) Resolve(r *http.Request) *http.Request {
	if len(t.Networks) == 0 && !t.Unix || !t.trustsPeer(r.RemoteAddr) {
		return r
	}
	client, public := t.read(r.Header)
	if !client.IsValid() && public == (Public{}) {
		return r
	}
	ctx := r.Context()
	if public != (Public{}) {
		ctx = context.WithValue(ctx, publicKey{}, public)
	}
	out := r.WithContext(ctx)
	if client.IsValid() {
		out.RemoteAddr = netip.AddrPortFrom(client, 0).String()
	}
	if public.Host != "" {
		out.Host = public.Host
	}
	return out
}

// trustsPeer reports whether the headers of a connection count. The peer of a Unix socket has the name "@", or none.
func (t Trusted) trustsPeer(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return t.Unix && (remote == "" || remote == "@")
	}
	return t.trusts(peer.Addr())
}

func (t Trusted) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, n := range t.Networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

// read takes what counts from the headers of a trusted peer: the client, and what the nearest proxy says of itself. Each proxy
// appends to a list, so that is at its end.
func (t Trusted) read(h http.Header) (client netip.Addr, public Public) {
	public = Public{
		Scheme: validScheme(last(h["X-Forwarded-Proto"])), Host: validHost(last(h["X-Forwarded-Host"])),
		Prefix: validPrefix(last(h["X-Forwarded-Prefix"])),
	}
	var chain []string
	if values := h["X-Forwarded-For"]; len(values) > 0 {
		chain = strings.Split(strings.Join(values, ","), ",")
		client = t.client(chain)
	}
	if len(h["Forwarded"]) == 0 {
		return client, public
	}
	elements := parseForwarded(strings.Join(h["Forwarded"], ","))
	forwarded := make([]string, len(elements))
	for i, e := range elements {
		forwarded[i] = e.client
	}
	other := t.client(forwarded)
	if chain == nil {
		client = other
	}
	if client != other {
		return netip.Addr{}, Public{}
	}
	if n := len(elements); n > 0 && public.Scheme == "" {
		public.Scheme = validScheme(elements[n-1].proto)
	}
	if n := len(elements); n > 0 && public.Host == "" {
		public.Host = validHost(elements[n-1].host)
	}
	return client, public
}

// client walks from the nearest proxy to the client and stops at the first address that is not a trusted proxy's: what stands
// before it anybody may have written. What is no address ends the walk as well, at the last one that was.
func (t Trusted) client(chain []string) (client netip.Addr) {
	for i := len(chain) - 1; i >= 0; i-- {
		addr, ok := parseNode(chain[i])
		if !ok {
			break
		}
		if client = addr; !t.trusts(addr) {
			break
		}
	}
	return client
}
