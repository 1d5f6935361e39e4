// Package encode writes rows, as PostgreSQL sends them in its text format, as the bytes of a response.
//
// All functions append to a buffer and return it, as the built-in append does. They allocate nothing but what the buffer
// needs to grow, keep no reference to their arguments, and may be called from several goroutines. None writes a
// separator or a line end around what it appends: whoever joins rows does.
//
// The JSON is, byte for byte, what PostgreSQL's row_to_json writes for the same row, and the CSV what PostgREST makes of
// PostgreSQL's text form of a row; tests hold both against a real PostgreSQL.
package encode

import "github.com/postern-db/postern/schema"

// Column is a column of the result. Only NewColumn makes one that is of use.
type Column struct {
	// Key is the name of the member in the JSON object, unescaped. Changing it has no effect on AppendObject.
	Key string
	// Encoding tells how the column's text becomes JSON.
	Encoding schema.Encoding

	member []byte // the key as JSON and the colon
}

// NewColumn returns a column whose values stand under that key in each object.
func NewColumn(key string, enc schema.Encoding) Column {
	return Column{Key: key, Encoding: enc, member: append(AppendString(nil, []byte(key)), ':')}
}

// AppendObject appends a row as a JSON object without white space, such as {"id":1,"name":"Ann"}. There must be a value for
// each column, nil for NULL; further values are ignored, fewer make it panic. Members are in the order of the columns, and a
// key that occurs twice is written twice.
func AppendObject(dst []byte, columns []Column, values [][]byte) []byte {
	if len(columns) == 0 {
		return append(dst, "{}"...)
	}
	before := byte('{')
	for i := range columns {
		column := &columns[i]
		dst = append(dst, before)
		dst = append(dst, column.member...)
		dst = AppendValue(dst, column.Encoding, values[i])
		before = ','
	}
	return append(dst, '}')
}

// AppendValue appends one value as JSON; nil, which is NULL, becomes null. An empty slice that is not nil is an empty text.
//
// The value is the text that the output function of its type writes, or of to_json(value) if the encoding is ToJSON. It is
// trusted: with ToJSON and Verbatim, what is no JSON stays none.
func AppendValue(dst []byte, enc schema.Encoding, value []byte) []byte {
	if value == nil {
		return append(dst, "null"...)
	}
	switch enc {
	case schema.Boolean:
		if len(value) == 1 && value[0] == 't' {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case schema.Number:
		if !isNumber(value) {
			return AppendString(dst, value)
		}
	case schema.String:
		return AppendString(dst, value)
	case schema.VerbatimArray, schema.BooleanArray, schema.NumberArray, schema.StringArray:
		return appendArray(dst, enc.Element(), value)
	case schema.ToJSON, schema.Verbatim:
	}
	return append(dst, value...)
}

// isNumber tells the numbers that float4, float8 and numeric write from NaN, Infinity and -Infinity, for which JSON has
// only strings. All their numbers are numbers of JSON too (RFC 8259, section 6): no leading "+", "." or zero, and a digit on
// either side of the point.
func isNumber(value []byte) bool {
	if len(value) > 1 && value[0] == '-' {
		value = value[1:]
	}
	return len(value) > 0 && '0' <= value[0] && value[0] <= '9'
}
