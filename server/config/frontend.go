package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// frontendParameters are Postern's about what stands before the API: reverse proxies, the path that is the API's own, and files. What is
// believed of a request is the operator's to say, so the database cannot set them.
func frontendParameters() []Parameter {
	return []Parameter{
		text("server-base-path", func(c *Config) *string { return &c.ServerBasePath }, "", checkBasePath,
			"The path under which the API is found, where not at the root: with /api the relation films is /api/films. All else is not found. A proxy that removes the path itself says so with X-Forwarded-Prefix instead (server-trusted-proxies).").
			own().example(`"/api"`),
		emptyText("server-static-csp", func(c *Config) *string { return &c.ServerStaticCSP },
			"default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
			"The Content-Security-Policy sent with the files of server-static-dir. Empty sends none."),
		text("server-static-dir", func(c *Config) *string { return &c.ServerStaticDir }, "", nil,
			"A folder with the files of a frontend, to serve from the same origin. Relations and functions keep their paths: a file that is named like one is not served. Files whose names begin with a dot are not served, nor what a link outside the folder leads to. A browser that asks for / is given index.html; one that asks for what is not there is given 200.html, if there is that file.").
			own().restart().example(`"dist"`),
		trustedProxies("server-trusted-proxies",
			"Addresses and networks, between commas, of reverse proxies whose headers are believed: X-Forwarded-For, -Proto, -Host and -Prefix, or Forwarded (RFC 7239). unix stands for whoever connects to server-unix-socket. The client's address is then the last one that is not a proxy's; it is what limits and logs show. Unless this is set nobody is believed.").
			own().example(`"127.0.0.0/8, ::1, unix"`),
	}
}

// emptyText makes a parameter whose empty text is a value.
func emptyText(name string, field func(*Config) *string, def, doc string) Parameter {
	p := text(name, field, def, checkLine, doc).own()
	p.emptyable = true
	return p
}

// checkLine wants what a header can hold.
func checkLine(text string) *problem {
	for _, r := range text {
		if r < ' ' || r > '~' {
			return &problem{what: fmt.Sprintf("%q cannot stand in a header", r), allowed: "printable ASCII characters"}
		}
	}
	return nil
}

// TrustedProxies are the peers whose forwarding headers are believed. The zero value is nobody.
type TrustedProxies struct {
	// Networks are the proxies' addresses, masked.
	Networks []netip.Prefix
	// Unix stands for all peers of a Unix socket.
	Unix bool
}

func trustedProxies(name, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { c.ServerTrustedProxies = TrustedProxies{} },
		set: func(c *Config, v value) (p *problem) {
			c.ServerTrustedProxies, p = parseTrustedProxies(v.text)
			return p
		},
		get: func(c *Config) string {
			var items []string
			for _, n := range c.ServerTrustedProxies.Networks {
				items = append(items, strings.TrimSuffix(n.String(), map[bool]string{true: "/32", false: "/128"}[n.Addr().Is4()]))
			}
			if c.ServerTrustedProxies.Unix {
				items = append(items, "unix")
			}
			return quote(strings.Join(items, ","))
		},
	})
}

func parseTrustedProxies(list string) (out TrustedProxies, p *problem) {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		switch {
		case item == "":
			continue
		case item == "unix":
			out.Unix = true
			continue
		}
		network, err := netip.ParsePrefix(item)
		if addr, addrErr := netip.ParseAddr(item); addrErr == nil {
			network, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil {
			return TrustedProxies{}, &problem{
				what:    fmt.Sprintf("%q is neither an address nor a network", item),
				allowed: "addresses (10.0.0.1, ::1), networks (10.0.0.0/8) and unix, between commas",
			}
		}
		out.Networks = append(out.Networks, network.Masked())
	}
	return out, nil
}

// checkBasePath wants segments that mean the same in every part of a URL and in every proxy.
func checkBasePath(path string) *problem {
	problem := &problem{
		what:    fmt.Sprintf("%q is not a base path", path),
		allowed: "a path such as /api or /v1/api: a slash and letters, digits, - and _, not at the end a slash",
	}
	if path == "" {
		return nil
	}
	if path[0] != '/' {
		return problem
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		if segment == "" || strings.ContainsFunc(segment, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return problem
		}
	}
	return nil
}
