package openapi

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// flushAt is how many bytes are gathered before they are written.
const flushAt = 64 << 10

// writer writes JSON piece by piece, so that a document of any size needs constant memory. After the first error of the
// underlying writer it drops what comes.
type writer struct {
	w     io.Writer
	buf   []byte
	comma bool // a value stands before the next one
	err   error
}

func newWriter(w io.Writer) *writer {
	return &writer{w: w, buf: make([]byte, 0, flushAt+4096)}
}

// flush writes what is left and returns the first error.
func (j *writer) flush() error {
	if len(j.buf) > 0 && j.err == nil {
		_, j.err = j.w.Write(j.buf)
	}
	j.buf = j.buf[:0]
	return j.err
}

// next makes ready for a value.
func (j *writer) next() {
	if j.comma {
		j.buf = append(j.buf, ',')
	}
	j.comma = true
	if len(j.buf) > flushAt {
		_ = j.flush() // the error is kept
	}
}

func (j *writer) open(bracket byte) {
	j.next()
	j.buf = append(j.buf, bracket)
	j.comma = false
}

func (j *writer) close(bracket byte) {
	j.buf = append(j.buf, bracket)
	j.comma = true
}

// key writes the name of a member, its parts joined.
func (j *writer) key(parts ...string) {
	j.str(parts...)
	j.buf = append(j.buf, ':')
	j.comma = false
}

// object and array write a value whose content members writes.
func (j *writer) object(members func()) { j.open('{'); members(); j.close('}') }
func (j *writer) array(members func())  { j.open('['); members(); j.close(']') }

// member writes a member that is an object.
func (j *writer) member(key string, members func()) { j.key(key); j.object(members) }

// list writes a member that is an array.
func (j *writer) list(key string, members func()) { j.key(key); j.array(members) }

// str writes a text, its parts joined.
func (j *writer) str(parts ...string) {
	j.next()
	j.buf = append(j.buf, '"')
	for _, p := range parts {
		j.buf = appendText(j.buf, p)
	}
	j.buf = append(j.buf, '"')
}

// raw writes text that is a JSON value already.
func (j *writer) raw(json string) {
	j.next()
	j.buf = append(j.buf, json...)
}

// reference writes a member $ref, the parts of which are joined.
func (j *writer) reference(to string, parts ...string) {
	j.key("$ref")
	j.next()
	j.buf = append(append(j.buf, '"'), to...)
	for _, p := range parts {
		j.buf = appendText(j.buf, p)
	}
	j.buf = append(j.buf, '"')
}

func (j *writer) text(key string, parts ...string) { j.key(key); j.str(parts...) }
func (j *writer) number(key string, n int)         { j.key(key); j.raw(strconv.Itoa(n)) }
func (j *writer) bool(key string, b bool)          { j.key(key); j.raw(strconv.FormatBool(b)) }
func (j *writer) value(key, json string)           { j.key(key); j.raw(json) }

func (j *writer) texts(key string, values []string) {
	j.key(key)
	j.open('[')
	for _, v := range values {
		j.str(v)
	}
	j.close(']')
}

// appendText appends s as the inside of a JSON string (RFC 8259, section 7). Bytes that are not UTF-8 become U+FFFD.
func appendText(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		buf = append(buf, s[start:i]...)
		switch {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c == '\n':
			buf = append(buf, '\\', 'n')
		case c < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			buf = append(buf, "\uFFFD"...)
		}
		i++
		start = i
	}
	return append(buf, s[start:]...)
}

// quoted returns s as a JSON string.
func quoted(s string) string {
	return string(append(appendText([]byte{'"'}, s), '"'))
}
