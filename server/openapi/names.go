package openapi

import "strings"

// component returns the name as a part of a component's name or of an operation's id, in which only letters, digits, "_",
// "-" and "." may stand (OpenAPI 3.1, 4.8.7 Components Object). All others, "-" and "." among them, are written as "-" and two
// hexadecimal digits a byte, so that different names stay different when parts are joined by ".".
func component(name string) string {
	plain := true
	for i := 0; i < len(name) && plain; i++ {
		plain = isWord(name[i])
	}
	if plain {
		return name
	}
	return escape(name, '-', isWord)
}

// pathSegment returns the name as a segment of a URL's path (RFC 3986, 3.3 Path). Braces are escaped, too, for they would
// begin a parameter.
func pathSegment(name string) string {
	return escape(name, '%', func(c byte) bool { return isWord(c) || strings.IndexByte("-.~", c) >= 0 })
}

// pointerToken returns the name as a token of a JSON pointer (RFC 6901, section 3).
func pointerToken(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

func escape(name string, mark byte, keep func(byte) bool) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); i++ {
		if c := name[i]; keep(c) {
			out = append(out, c)
		} else {
			out = append(out, mark, hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

// filterKey returns the name of the query parameter that filters by a column: quoted where the name is not a plain one. ok is
// false for the names that the query language has taken.
func filterKey(column string) (key string, ok bool) {
	switch column {
	case "select", "columns", "on_conflict", "order", "limit", "offset", "and", "or":
		return "", false
	}
	return fieldName(column), true
}

// fieldName returns a name as the query language writes it: quoted unless it is a plain one.
func fieldName(name string) string {
	for i := 0; i < len(name); i++ {
		if !isWord(name[i]) {
			return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		}
	}
	return name
}
