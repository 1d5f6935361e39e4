package sql

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// pair is a decoded parameter of a query or form. bare is set if it has no equals sign.
type pair struct {
	key, value string
	bare       bool
}

// parsePairs splits and decodes a query or form: "&" and ";" separate, "+" is a blank, an escape that is none stands for
// itself.
func parsePairs(raw string) []pair {
	if raw == "" {
		return nil
	}
	out := make([]pair, 0, 1+strings.Count(raw, "&"))
	for raw != "" {
		part := raw
		if i := strings.IndexAny(raw, "&;"); i >= 0 {
			part, raw = raw[:i], raw[i+1:]
		} else {
			raw = ""
		}
		key, value, found := strings.Cut(part, "=")
		out = append(out, pair{decode(key), decode(value), !found})
	}
	return out
}

func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}

// canonicalQuery writes the parameters sorted by key, the values of a repeated key joined by commas.
func canonicalQuery(pairs []pair) string {
	if len(pairs) == 0 {
		return ""
	}
	if !slices.IsSortedFunc(pairs, comparePairs) {
		pairs = slices.Clone(pairs)
		slices.SortStableFunc(pairs, comparePairs)
	}
	var buf [256]byte
	out := buf[:0]
	for i, p := range pairs {
		switch {
		case i > 0 && pairs[i-1].key == p.key:
			out = append(out, ',')
		default:
			if i > 0 {
				out = append(out, '&')
			}
			out = append(appendEscaped(out, p.key), '=')
		}
		out = appendEscaped(out, p.value)
	}
	return string(out)
}

func comparePairs(a, b pair) int { return strings.Compare(a.key, b.key) }

// appendEscaped escapes all but RFC 3986's unreserved characters. A byte beyond ASCII is taken for the character of that
// number, as PostgREST takes it.
func appendEscaped(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0:
			out = append(out, c)
		case c < utf8.RuneSelf:
			out = appendPercent(out, c)
		default:
			out = appendPercent(out, 0xC0|c>>6)
			out = appendPercent(out, 0x80|c&0x3F)
		}
	}
	return out
}

func appendPercent(out []byte, c byte) []byte {
	const digits = "0123456789ABCDEF"
	return append(out, '%', digits[c>>4], digits[c&15])
}

// EscapeQuery escapes a text for a query or path: all but RFC 3986's unreserved characters, byte by byte.
func EscapeQuery(s string) string {
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < utf8.RuneSelf {
			out = appendEscaped(out, s[i:i+1])
		} else {
			out = appendPercent(out, c)
		}
	}
	return string(out)
}
