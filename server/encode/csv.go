package encode

import "strings"

// AppendCSVHeader appends the names of the columns, joined by commas, without a line end.
//
// PostgREST never quotes a name, and neither does this function a name that needs no quotes. One with a comma, a quotation
// mark or a line end is quoted (RFC 4180, section 2): unquoted it would make every reader see other columns than there are.
func AppendCSVHeader(dst []byte, names []string) []byte {
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		if !strings.ContainsAny(name, ",\"\r\n") {
			dst = append(dst, name...)
			continue
		}
		dst = append(dst, '"')
		dst = append(dst, strings.ReplaceAll(name, `"`, `""`)...)
		dst = append(dst, '"')
	}
	return dst
}

// AppendCSVRow appends the values, joined by commas, without a line end. The values are those of the columns themselves,
// never of to_json(column), and nil for NULL.
//
// The form is that of a composite value without its parentheses (PostgreSQL manual, 8.16.6 Composite Type Input and
// Output Syntax), as in PostgREST: NULL is nothing at all, an empty text is "", and a value is quoted if it holds a
// quotation mark, a backslash, a parenthesis, a comma or white space. Within quotes, quotation marks and backslashes are doubled.
func AppendCSVRow(dst []byte, values [][]byte) []byte {
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case value == nil:
		case needsQuotes(value):
			dst = appendQuoted(dst, value)
		default:
			dst = append(dst, value...)
		}
	}
	return dst
}

func needsQuotes(value []byte) bool {
	for _, c := range value {
		switch c {
		case '"', '\\', '(', ')', ',', ' ', '\t', '\n', '\v', '\f', '\r':
			return true
		}
	}
	return len(value) == 0
}

func appendQuoted(dst, value []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range value {
		if c == '"' || c == '\\' {
			dst = append(dst, value[start:i+1]...)
			start = i // the byte is written once more with what follows
		}
	}
	dst = append(dst, value[start:]...)
	return append(dst, '"')
}
