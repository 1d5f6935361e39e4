package auth

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parseString reads a string and returns its decoded text, which shares the
// document's memory if nothing in it was escaped.
func (p *jsonParser) parseString() (string, error) {
	p.pos++ // "
	start := p.pos
	var decoded []byte
	for {
		switch c := p.peek(); {
		case c == '"':
			plain := p.doc[start:p.pos]
			p.pos++
			if !utf8.ValidString(plain) {
				return "", errors.New("invalid UTF-8 in a JSON string")
			}
			if decoded == nil {
				return plain, nil
			}
			return string(append(decoded, plain...)), nil
		case c == '\\':
			plain := p.doc[start:p.pos]
			if !utf8.ValidString(plain) {
				return "", errors.New("invalid UTF-8 in a JSON string")
			}
			r, err := p.parseEscape()
			if err != nil {
				return "", err
			}
			decoded = utf8.AppendRune(append(decoded, plain...), r)
			start = p.pos
		case c < ' ':
			return "", errors.New("unfinished JSON string or control character in it")
		default:
			p.pos++
		}
	}
}

func (p *jsonParser) parseEscape() (rune, error) {
	p.pos++ // \
	c := p.peek()
	p.pos++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, errors.New("unknown escape in a JSON string")
	}
	r, err := p.parseHex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if !strings.HasPrefix(p.doc[p.pos:], `\u`) {
		return 0, errors.New("lone surrogate in a JSON string")
	}
	p.pos += 2
	low, err := p.parseHex4()
	if err != nil {
		return 0, err
	}
	if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
		return 0, errors.New("lone surrogate in a JSON string")
	}
	return r, nil
}

func (p *jsonParser) parseHex4() (rune, error) {
	if len(p.doc)-p.pos < 4 {
		return 0, errors.New("unfinished escape in a JSON string")
	}
	n, err := strconv.ParseUint(p.doc[p.pos:p.pos+4], 16, 16)
	if err != nil {
		return 0, errors.New("unknown escape in a JSON string")
	}
	p.pos += 4
	return rune(n), nil
}

// appendJSONString writes s, which must be valid UTF-8, as a JSON string.
func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
