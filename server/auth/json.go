package auth

import (
	"errors"
	"strings"
)

// kind is the type of a JSON value.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is a JSON value that remembers where it stood in its document, so that
// claims can be passed on byte for byte.
type value struct {
	kind       kind
	text       string // a string's decoded text; the literal of a number or boolean
	start, end int    // the document's bytes [start, end) are this value
	elems      []value
	members    []member
}

// member is one name and value of an object, in the order of the document.
type member struct {
	name  string
	value value
}

// get returns an object's member, or nil if v is no object or has none.
func (v *value) get(name string) *value {
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value
		}
	}
	return nil
}

// errNameTwice is the fault of an object that two readers could understand
// differently: one takes the first value, another the last.
var errNameTwice = errors.New("a name appears twice in one JSON object")

// maxDepth bounds the nesting of values. No token needs as much.
const maxDepth = 64

// parseJSON reads one JSON text (RFC 8259) strictly, because what two readers
// understand differently is what an attacker looks for: invalid UTF-8, lone
// surrogates, a name twice in one object, nesting beyond maxDepth and anything
// after the value are errors.
func parseJSON(doc string) (value, error) {
	p := jsonParser{doc: doc}
	p.skipSpace()
	v, err := p.parseValue(0)
	if err != nil {
		return value{}, err
	}
	p.skipSpace()
	if p.pos != len(doc) {
		return value{}, errors.New("text after the JSON value")
	}
	return v, nil
}

type jsonParser struct {
	doc string
	pos int
}

// peek returns the next byte, or 0 at the end; NUL is no token of JSON.
func (p *jsonParser) peek() byte {
	if p.pos < len(p.doc) {
		return p.doc[p.pos]
	}
	return 0
}

func (p *jsonParser) skipSpace() {
	for p.pos < len(p.doc) {
		switch p.doc[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *jsonParser) parseValue(depth int) (v value, err error) {
	if depth > maxDepth {
		return value{}, errors.New("JSON nested too deeply")
	}
	start := p.pos
	switch c := p.peek(); {
	case c == '{':
		v, err = p.parseObject(depth)
	case c == '[':
		v, err = p.parseArray(depth)
	case c == '"':
		v.kind = kindString
		v.text, err = p.parseString()
	case c == '-' || isDigit(c):
		v.kind = kindNumber
		v.text, err = p.parseNumber()
	default:
		v, err = p.parseWord()
	}
	v.start, v.end = start, p.pos
	return v, err
}

func (p *jsonParser) parseWord() (value, error) {
	for _, word := range [...]string{"null", "true", "false"} {
		if strings.HasPrefix(p.doc[p.pos:], word) {
			p.pos += len(word)
			if word == "null" {
				return value{kind: kindNull}, nil
			}
			return value{kind: kindBool, text: word}, nil
		}
	}
	return value{}, errors.New("not a JSON value")
}

func (p *jsonParser) parseArray(depth int) (value, error) {
	v := value{kind: kindArray}
	p.pos++ // [
	p.skipSpace()
	if p.peek() == ']' {
		p.pos++
		return v, nil
	}
	for {
		p.skipSpace()
		elem, err := p.parseValue(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.elems = append(v.elems, elem)
		p.skipSpace()
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return v, nil
		default:
			return value{}, errors.New("unfinished JSON array")
		}
	}
}

func (p *jsonParser) parseObject(depth int) (value, error) {
	v := value{kind: kindObject}
	var names map[string]struct{} // made for large objects only
	p.pos++                       // {
	p.skipSpace()
	if p.peek() == '}' {
		p.pos++
		return v, nil
	}
	for {
		p.skipSpace()
		if p.peek() != '"' {
			return value{}, errors.New("a JSON object's name is missing")
		}
		name, err := p.parseString()
		if err != nil {
			return value{}, err
		}
		if names = rememberNames(names, v.members); names != nil {
			if _, twice := names[name]; twice {
				return value{}, errNameTwice
			}
			names[name] = struct{}{}
		} else if v.get(name) != nil {
			return value{}, errNameTwice
		}
		p.skipSpace()
		if p.peek() != ':' {
			return value{}, errors.New("a JSON object's colon is missing")
		}
		p.pos++
		p.skipSpace()
		val, err := p.parseValue(depth + 1)
		if err != nil {
			return value{}, err
		}
		v.members = append(v.members, member{name, val})
		p.skipSpace()
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return v, nil
		default:
			return value{}, errors.New("unfinished JSON object")
		}
	}
}

// rememberNames starts a set of names once an object has grown past the size
// at which comparing with each member is cheaper.
func rememberNames(names map[string]struct{}, members []member) map[string]struct{} {
	const large = 16
	if names != nil || len(members) < large {
		return names
	}
	names = make(map[string]struct{}, 2*large)
	for i := range members {
		names[members[i].name] = struct{}{}
	}
	return names
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (p *jsonParser) digits() bool {
	start := p.pos
	for isDigit(p.peek()) {
		p.pos++
	}
	return p.pos > start
}

func (p *jsonParser) parseNumber() (string, error) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	zero := p.peek() == '0'
	first := p.pos
	ok := p.digits() && (!zero || p.pos == first+1)
	if ok && p.peek() == '.' {
		p.pos++
		ok = p.digits()
	}
	if c := p.peek(); ok && (c == 'e' || c == 'E') {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		ok = p.digits()
	}
	if !ok {
		return "", errors.New("not a JSON number")
	}
	return p.doc[start:p.pos], nil
}
