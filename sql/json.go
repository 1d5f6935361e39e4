package sql

import (
	"encoding/json"
	"slices"
	"strconv"
)

// jsonScanner checks JSON (RFC 8259) without building values, and collects the keys of the top level's objects.
type jsonScanner struct {
	text     []byte
	pos      int
	maxDepth int
	depth    int
	expected string // what should have stood at pos
}

// jsonShape tells what the document is: an object, or an array of rows, with their keys.
type jsonShape struct {
	isObject bool
	hasRows  bool
	uniform  bool // every element is an object and all have the same keys
	keys     []string
}

func (j *jsonScanner) err() *Error {
	details := "Expected " + j.expected + " at " + at(j.text, j.pos)
	if j.pos >= len(j.text) {
		details = "Expected " + j.expected + ", but the body ends at " + at(j.text, len(j.text))
	}
	return invalidBody("Empty or invalid json", details)
}

func (j *jsonScanner) fail(expected string) bool {
	j.expected = expected
	return false
}

func (j *jsonScanner) blanks() {
	for j.pos < len(j.text) {
		switch j.text[j.pos] {
		case ' ', '\t', '\n', '\r':
			j.pos++
		default:
			return
		}
	}
}

func (j *jsonScanner) next() byte {
	if j.pos < len(j.text) {
		return j.text[j.pos]
	}
	return 0
}

func (j *jsonScanner) document() (jsonShape, bool) {
	shape := jsonShape{uniform: true}
	j.blanks()
	var ok bool
	switch j.next() {
	case '{':
		shape.isObject = true
		shape.keys, ok = j.object(nil)
	case '[':
		ok = j.rows(&shape)
	default:
		ok = j.value()
	}
	if !ok {
		return shape, false
	}
	j.blanks()
	if j.pos < len(j.text) {
		return shape, j.fail("the end")
	}
	return shape, true
}

// rows reads the array of the top level.
func (j *jsonScanner) rows(shape *jsonShape) bool {
	var scratch []string
	return j.list(']', func(j *jsonScanner) bool {
		first := !shape.hasRows
		shape.hasRows = true
		if j.next() != '{' {
			shape.uniform = false
			return j.value()
		}
		keys, ok := j.object(scratch[:0])
		if first {
			shape.keys = slices.Clone(keys)
		} else if shape.uniform && !sameKeys(shape.keys, keys) {
			shape.uniform = false
		}
		scratch = keys
		return ok
	})
}

// list reads items, separated by commas, up to the closing bracket. It begins at the opening one.
func (j *jsonScanner) list(closing byte, item func(*jsonScanner) bool) bool {
	j.depth++
	if j.depth > j.maxDepth {
		return j.fail("at most " + strconv.Itoa(j.maxDepth) + " levels of nesting, but found more")
	}
	j.pos++
	j.blanks()
	if j.next() == closing {
		j.pos++
		j.depth--
		return true
	}
	for {
		j.blanks()
		if !item(j) {
			return false
		}
		j.blanks()
		switch j.next() {
		case ',':
			j.pos++
		case closing:
			j.pos++
			j.depth--
			return true
		default:
			return j.fail(`"," or "` + string(rune(closing)) + `"`)
		}
	}
}

// sameKeys compares two sets of keys; rows mostly have them in the same order.
func sameKeys(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	as, bs := slices.Clone(a), slices.Clone(b)
	slices.Sort(as)
	slices.Sort(bs)
	return slices.Equal(slices.Compact(as), slices.Compact(bs))
}

// object reads an object and appends its keys to keys. If the beginning of what lies behind keys is the same, as with the
// keys of the row before, no new strings are needed.
func (j *jsonScanner) object(keys []string) ([]string, bool) {
	ok := j.list('}', func(j *jsonScanner) bool {
		raw, escaped, ok := j.key()
		if !ok {
			return false
		}
		switch n := len(keys); {
		case escaped:
			keys = append(keys, unescapeJSON(raw))
		case n < cap(keys) && keys[:n+1][n] == string(raw[1:len(raw)-1]):
			keys = keys[:n+1]
		default:
			keys = append(keys, string(raw[1:len(raw)-1]))
		}
		return j.value()
	})
	return keys, ok
}

// member reads a key with its value.
func (j *jsonScanner) member() bool {
	_, _, ok := j.key()
	return ok && j.value()
}

// key reads a key, which it returns with its quotes, and the colon after it.
func (j *jsonScanner) key() (raw []byte, escaped, ok bool) {
	start := j.pos
	if j.next() != '"' {
		return nil, false, j.fail("a key in double quotes")
	}
	if escaped, ok = j.str(); !ok {
		return nil, false, false
	}
	raw = j.text[start:j.pos]
	j.blanks()
	if j.next() != ':' {
		return nil, false, j.fail(`":"`)
	}
	j.pos++
	j.blanks()
	return raw, escaped, true
}

func (j *jsonScanner) value() bool {
	switch c := j.next(); {
	case c == '{':
		return j.list('}', (*jsonScanner).member)
	case c == '[':
		return j.list(']', (*jsonScanner).value)
	case c == '"':
		_, ok := j.str()
		return ok
	case c == '-' || c >= '0' && c <= '9':
		return j.number()
	case c == 't':
		return j.literal("true")
	case c == 'f':
		return j.literal("false")
	case c == 'n':
		return j.literal("null")
	}
	return j.fail("a value")
}

func (j *jsonScanner) literal(w string) bool {
	for i := 0; i < len(w); i++ {
		if j.next() != w[i] {
			return j.fail("a value")
		}
		j.pos++
	}
	return true
}

// str reads a string and tells whether it holds escapes.
func (j *jsonScanner) str() (escaped, ok bool) {
	j.pos++
	for j.pos < len(j.text) {
		switch c := j.text[j.pos]; {
		case c == '"':
			j.pos++
			return escaped, true
		case c == '\\':
			escaped = true
			j.pos++
			switch j.next() {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				j.pos++
			case 'u':
				j.pos++
				for range 4 {
					if !isHex(j.next()) {
						return escaped, j.fail("four hexadecimal digits")
					}
					j.pos++
				}
			default:
				return escaped, j.fail("an escape sequence")
			}
		case c < ' ':
			return escaped, j.fail("an escape sequence instead of a control character")
		default:
			j.pos++
		}
	}
	return escaped, j.fail("a closing double quote")
}

func (j *jsonScanner) number() bool {
	if j.next() == '-' {
		j.pos++
	}
	switch c := j.next(); {
	case c == '0':
		j.pos++
	case c >= '1' && c <= '9':
		j.digits()
	default:
		return j.fail("a digit")
	}
	if j.next() == '.' {
		j.pos++
		if !j.digits() {
			return j.fail("a digit")
		}
	}
	if c := j.next(); c == 'e' || c == 'E' {
		j.pos++
		if c := j.next(); c == '+' || c == '-' {
			j.pos++
		}
		if !j.digits() {
			return j.fail("a digit")
		}
	}
	return true
}

func (j *jsonScanner) digits() bool {
	start := j.pos
	for c := j.next(); c >= '0' && c <= '9'; c = j.next() {
		j.pos++
	}
	return j.pos > start
}

// unescapeJSON decodes a JSON string that has been checked.
func unescapeJSON(quoted []byte) string {
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return string(quoted)
	}
	return s
}
