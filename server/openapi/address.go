package openapi

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
)

// address is where the API is reached.
type address struct {
	scheme, host, path string
	port               int
}

// proxy returns the address that the proxy URI names. ok is false if there is none or it is malformed.
func (in *Input) proxy() (a address, ok bool) {
	u, err := url.Parse(in.ProxyURI)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsAny(in.ProxyURI, "?#") {
		return address{}, false
	}
	a = address{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), path: u.EscapedPath()}
	switch a.scheme {
	case "http":
		a.port = 80
	case "https":
		a.port = 443
	default:
		return address{}, false
	}
	if strings.Contains(a.host, ":") {
		a.host = "[" + a.host + "]"
	}
	if port := u.Port(); port != "" {
		if a.port, err = strconv.Atoi(port); err != nil || a.port < 1 || a.port > 65535 {
			return address{}, false
		}
	}
	if a.path == "" {
		a.path = "/"
	}
	return a, true
}

// address returns the proxy's address or else that of the server itself.
func (in *Input) address() address {
	if a, ok := in.proxy(); ok {
		return a
	}
	a := address{scheme: "http", host: in.Host, port: in.Port, path: cmp.Or(in.BasePath, "/")}
	switch a.host {
	case "*", "*4", "!4", "*6", "!6":
		a.host = "0.0.0.0"
	}
	return a
}
