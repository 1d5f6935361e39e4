package config

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// value reads a boolean, string, number or list.
func (p *parser) value(depth int) (value, error) {
	for _, word := range []struct{ text, meaning string }{
		{"on", "true"}, {"off", "false"}, {"true", "true"}, {"false", "false"},
	} {
		if p.accept(word.text) {
			return value{kind: boolValue, text: word.meaning}, nil
		}
	}
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, `"`):
		text, err := p.quoted()
		return value{text: text}, err
	case strings.HasPrefix(rest, "["):
		return p.list(depth)
	case rest != "" && isDigit(rest[0]):
		return value{kind: numberValue, text: p.number()}, nil
	}
	return value{}, p.errorf(`unexpected %s; allowed: "text" in double quotes, a number, true or false`, p.found())
}

func (p *parser) list(depth int) (value, error) {
	if depth >= maxNesting {
		return value{}, p.errorf("more than %d lists within each other", maxNesting)
	}
	v := value{kind: listValue}
	p.accept("[")
	p.skipSpace()
	if p.accept("]") {
		return v, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		p.skipSpace()
		if p.accept("]") {
			return v, nil
		}
		if !p.accept(",") {
			return v, p.errorf("unexpected %s in a list; allowed: , or ]", p.found())
		}
		p.skipSpace()
	}
}

// number reads digits, a fraction and an exponent. There is no sign: PostgREST's
// format has none.
func (p *parser) number() string {
	start := p.pos
	p.digits()
	if rest := p.text[p.pos:]; len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		p.pos++
		p.digits()
	}
	rest := p.text[p.pos:]
	if rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		skip := 1
		if len(rest) > 1 && (rest[1] == '+' || rest[1] == '-') {
			skip = 2
		}
		if len(rest) > skip && isDigit(rest[skip]) {
			p.pos += skip
			p.digits()
		}
	}
	return p.text[start:p.pos]
}

func (p *parser) digits() {
	for p.pos < len(p.text) && isDigit(p.text[p.pos]) {
		p.pos++
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// quoted reads a string in double quotes. It may run over several lines.
func (p *parser) quoted() (string, error) {
	start := p.pos
	if !p.accept(`"`) {
		return "", p.errorf("unexpected %s; allowed: text in double quotes", p.found())
	}
	var b strings.Builder
	for p.pos < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		switch r {
		case '"':
			p.pos += size
			return b.String(), nil
		case '\\':
			p.pos += size
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		case 0:
			return "", p.errorf("text cannot hold a NUL character")
		default:
			p.pos += size
			b.WriteRune(r)
		}
	}
	p.pos = start
	return "", p.errorf("the double quotes that begin here are not closed")
}

// escape reads what follows a backslash.
func (p *parser) escape() (rune, error) {
	for _, e := range []struct {
		text string
		r    rune
	}{{"n", '\n'}, {"t", '\t'}, {"r", '\r'}, {`"`, '"'}, {`\`, '\\'}} {
		if p.accept(e.text) {
			return e.r, nil
		}
	}
	if !p.accept("u") {
		return 0, p.errorf(`unexpected %s after a backslash; allowed: \n \t \r \" \\ \uXXXX`, p.found())
	}
	high, err := p.hexQuad()
	if err != nil {
		return 0, err
	}
	if high == 0 {
		return 0, p.errorf("text cannot hold a NUL character")
	}
	if !utf16.IsSurrogate(high) {
		return high, nil
	}
	if !p.accept(`\u`) {
		return 0, p.errorf(`half of a UTF-16 surrogate pair; allowed: \uXXXX\uXXXX`)
	}
	low, err := p.hexQuad()
	if err != nil {
		return 0, err
	}
	r := utf16.DecodeRune(high, low)
	if r == utf8.RuneError {
		return 0, p.errorf("these two are no UTF-16 surrogate pair")
	}
	return r, nil
}

func (p *parser) hexQuad() (rune, error) {
	if len(p.text)-p.pos >= 4 {
		if n, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 16); err == nil {
			p.pos += 4
			return rune(n), nil
		}
	}
	return 0, p.errorf(`\u must be followed by four hexadecimal digits`)
}
