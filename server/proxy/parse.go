package proxy

import (
	"net/netip"
	"strings"
)

// element is what one proxy says in Forwarded (RFC 7239, section 4).
type element struct{ client, proto, host string }

// parseForwarded reads the elements of Forwarded. Parameters that are not understood are passed over; a quote that is not closed
// ends the value.
func parseForwarded(text string) []element {
	var out []element
	for text != "" {
		var e element
		for {
			var name, value string
			var end byte
			name, value, text, end = parsePair(text)
			switch strings.ToLower(name) {
			case "for":
				e.client = value
			case "proto":
				e.proto = value
			case "host":
				e.host = value
			}
			if end != ';' {
				break
			}
		}
		out = append(out, e)
	}
	return out
}

// parsePair cuts name=value off, and tells what ends it: ";", "," or 0 for the end of the text.
func parsePair(text string) (name, value, rest string, end byte) {
	i := strings.IndexAny(text, "=;,")
	if i < 0 {
		return "", "", "", 0
	}
	if text[i] != '=' {
		return "", "", text[i+1:], text[i]
	}
	name, text = strings.TrimSpace(text[:i]), text[i+1:]
	if strings.HasPrefix(text, `"`) {
		value, text = unquote(text[1:])
	}
	i = strings.IndexAny(text, ";,")
	if i < 0 {
		return name, value + strings.TrimSpace(text), "", 0
	}
	return name, value + strings.TrimSpace(text[:i]), text[i+1:], text[i]
}

// unquote reads a quoted string (RFC 9110, 5.6.4) whose first quote is gone.
func unquote(text string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), ""
}

// parseNode reads an address with or without a port: 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80.
func parseNode(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	pair, err := netip.ParseAddrPort(text)
	return pair.Addr().Unmap().WithZone(""), err == nil
}

// last is the last item of a header that is a list.
func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	item := values[len(values)-1]
	return strings.TrimSpace(item[strings.LastIndexByte(item, ',')+1:])
}

func validScheme(text string) string {
	switch text = strings.ToLower(text); text {
	case "http", "https":
		return text
	}
	return ""
}

// maxText bounds a host or a prefix.
const maxText = 255

// validHost admits a name or address and a port: nothing that could end the host within a URL.
func validHost(text string) string {
	if text == "" || len(text) > maxText || strings.ContainsFunc(text, func(r rune) bool {
		return !isWord(r) && !strings.ContainsRune(".-:[]", r)
	}) {
		return ""
	}
	return text
}

// validPrefix admits a path of plain segments, and drops the slash at its end. "//host" would lead to another server.
func validPrefix(text string) string {
	text = strings.TrimRight(text, "/")
	if len(text) > maxText || !strings.HasPrefix(text, "/") {
		return ""
	}
	for segment := range strings.SplitSeq(text[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, func(r rune) bool {
			return !isWord(r) && !strings.ContainsRune(".-~", r)
		}) {
			return ""
		}
	}
	return text
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}
