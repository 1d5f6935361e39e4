package schema

import "strings"

// Name is a schema-qualified name of a relation, routine or type. An empty Schema means that the search path decides
// (PostgreSQL manual, 5.10 Schemas).
type Name struct {
	Schema string
	Name   string
}

// String returns the name for people: schema.name, without quotes.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Name
	}
	return n.Schema + "." + n.Name
}

// Quoted returns the name as SQL text, each part a quoted identifier.
func (n Name) Quoted() string {
	if n.Schema == "" {
		return QuoteIdentifier(n.Name)
	}
	return QuoteIdentifier(n.Schema) + "." + QuoteIdentifier(n.Name)
}

// Compare orders names by schema, then name.
func (n Name) Compare(m Name) int {
	if c := strings.Compare(n.Schema, m.Schema); c != 0 {
		return c
	}
	return strings.Compare(n.Name, m.Name)
}

// QuoteIdentifier returns s as a quoted SQL identifier (PostgreSQL manual, 4.1.1 Identifiers and Key Words). What follows a
// NUL is cut, since PostgreSQL cannot hold one in a name.
func QuoteIdentifier(s string) string { return string(AppendIdentifier(nil, s)) }

// AppendIdentifier is QuoteIdentifier for text that is being assembled.
func AppendIdentifier(out []byte, s string) []byte {
	out = append(out, '"')
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case 0:
			return append(out, '"')
		case '"':
			out = append(out, '"')
		}
		out = append(out, s[i])
	}
	return append(out, '"')
}

// QuoteLiteral returns s as a SQL string constant. It is meant for values that come from the catalog itself; what a caller
// sends always travels as a parameter. What follows a NUL is cut.
func QuoteLiteral(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = strings.ReplaceAll(s, "'", "''")
	if strings.IndexByte(s, '\\') < 0 {
		return "'" + s + "'"
	}
	return "E'" + strings.ReplaceAll(s, `\`, `\\`) + "'"
}

// parseName reads a name with a schema from SQL text as PostgreSQL writes it: each part quoted where it must be.
func parseName(text string) (Name, bool) {
	first, rest, ok := parseIdentifier(text)
	if !ok || !strings.HasPrefix(rest, ".") {
		return Name{}, false
	}
	second, rest, ok := parseIdentifier(rest[1:])
	return Name{Schema: first, Name: second}, ok && rest == ""
}

// parseIdentifier reads an identifier up to a dot or the end.
func parseIdentifier(text string) (identifier, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text, '.')
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], end > 0 && !strings.ContainsRune(text[:end], '"')
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != '"':
		case i+1 < len(text) && text[i+1] == '"':
			i++
		default:
			return strings.ReplaceAll(text[1:i], `""`, `"`), text[i+1:], true
		}
	}
	return "", "", false
}
