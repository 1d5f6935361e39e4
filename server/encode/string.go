package encode

import (
	"encoding/binary"
	"math/bits"
)

// AppendString appends s as a JSON string, escaped as PostgreSQL's to_json escapes it (escape_json in its source): quotation
// mark, backslash and the control characters below U+0020, nothing else. DEL, "/" and all that is not ASCII
// stay as they are. Whether s is valid UTF-8 is not checked; what PostgreSQL sends to a UTF-8 client is.
func AppendString(dst, s []byte) []byte {
	return append(appendStringBody(append(dst, '"'), s), '"')
}

// appendStringBody is AppendString without the quotation marks.
func appendStringBody(dst, s []byte) []byte {
	for {
		plain := plainPrefix(s)
		dst = append(dst, s[:plain]...)
		if plain == len(s) {
			return dst
		}
		dst = appendEscaped(dst, s[plain])
		s = s[plain+1:]
	}
}

// appendEscaped appends the escape of a byte that may not stand in a JSON string.
func appendEscaped(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
	}
}

// plainPrefix returns how many bytes at the start of s need no escape.
//
// It looks at eight bytes at a time. For each of three conditions the arithmetic sets the top bit of a byte that meets
// it. A borrow may set the bit of a byte above such a byte as well, never of one below; since the first byte is the lowest
// ("little endian"), the lowest bit set is always right.
func plainPrefix(s []byte) int {
	const (
		ones = 0x0101010101010101
		tops = 0x80 * ones
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		word := binary.LittleEndian.Uint64(s[i:])
		quote := word ^ '"'*ones
		backslash := word ^ '\\'*ones
		found := ((word-' '*ones)&^word | (quote-ones)&^quote | (backslash-ones)&^backslash) & tops
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}
