package encode

import (
	"bytes"

	"github.com/postern-db/postern/schema"
)

// appendArray appends the text of an array (PostgreSQL manual, 8.15.6 Array Input and Output Syntax) whose elements have that
// encoding. The bounds of its dimensions, which may come before it, are left out as to_json leaves them out.
func appendArray(dst []byte, element schema.Encoding, text []byte) []byte {
	if len(text) > 0 && text[0] == '[' {
		_, text, _ = bytes.Cut(text, []byte{'='})
	}
	for len(text) > 0 {
		switch text[0] {
		case '{':
			dst, text = append(dst, '['), text[1:]
		case '}':
			dst, text = append(dst, ']'), text[1:]
		case ',':
			dst, text = append(dst, ','), text[1:]
		case '"':
			dst, text = appendQuotedElement(dst, element, text[1:])
		default:
			end := bytes.IndexAny(text, ",}")
			if end < 0 {
				end = len(text)
			}
			value := text[:end]
			if string(value) == "NULL" {
				value = nil
			}
			dst, text = AppendValue(dst, element, value), text[end:]
		}
	}
	return dst
}

// appendQuotedElement appends an element that is quoted in the text of an array and ends at the next quotation mark which no backslash
// precedes. It returns what follows. Only strings and JSON are ever quoted.
func appendQuotedElement(dst []byte, element schema.Encoding, text []byte) (out, rest []byte) {
	isString := element == schema.String
	if isString {
		dst = append(dst, '"')
	}
	for from := 0; ; {
		end := len(text)
		if n := bytes.IndexAny(text[from:], `"\`); n >= 0 {
			end = from + n
		}
		if isString {
			dst = appendStringBody(dst, text[:end])
		} else {
			dst = append(dst, text[:end]...)
		}
		if end == len(text) || text[end] == '"' {
			if isString {
				dst = append(dst, '"')
			}
			return dst, text[min(end+1, len(text)):]
		}
		// What follows a backslash stands for itself.
		text, from = text[end+1:], min(1, len(text)-end-1)
	}
}
