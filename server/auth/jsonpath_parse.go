package auth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPathDepth bounds how deep filters and parentheses may nest.
const maxPathDepth = 32

// parseJSONPath reads the whole of text as a query that begins with $. The
// grammar is RFC 9535's with search() as the only function, as in PostgREST.
// Patterns of search() are Go's (RE2), of which RFC 9485's are a part.
func parseJSONPath(text string) (*jsonPath, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the path is not valid UTF-8")
	}
	p := pathParser{text: text}
	path, err := p.parseQuery()
	if err == nil && p.pos != len(text) {
		err = errors.New("a segment is expected: .name, ..name, .*, or a selector in brackets")
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d of %q: %w", p.pos+1, text, err)
	}
	return path, nil
}

type pathParser struct {
	text  string
	pos   int
	depth int
}

func (p *pathParser) rest() string { return p.text[p.pos:] }

func (p *pathParser) skipSpace() {
	p.pos = len(p.text) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
}

// take consumes token if it is next.
func (p *pathParser) take(token string) bool {
	if strings.HasPrefix(p.rest(), token) {
		p.pos += len(token)
		return true
	}
	return false
}

// parseQuery reads $ or @ and its segments.
func (p *pathParser) parseQuery() (*jsonPath, error) {
	path := &jsonPath{}
	switch {
	case p.take("$"):
	case p.take("@"):
		path.relative = true
	default:
		return nil, errors.New("a query begins with $ or @")
	}
	for {
		before := p.pos
		p.skipSpace()
		if rest := p.rest(); rest == "" || rest[0] != '.' && rest[0] != '[' {
			p.pos = before // the space belongs to what follows
			return path, nil
		}
		seg, err := p.parseSegment()
		if err != nil {
			return nil, err
		}
		path.segments = append(path.segments, seg)
	}
}

func (p *pathParser) parseSegment() (segment, error) {
	var seg segment
	var err error
	seg.descendant = p.take("..")
	switch {
	case p.take("["):
		seg.selectors, err = p.parseBracket()
	case !seg.descendant && !p.take("."):
		err = errors.New("a segment begins with . or [")
	case p.take("*"):
		seg.selectors = []selector{wildcardSelector{}}
	default:
		var name string
		name, err = p.parseShorthand()
		seg.selectors = []selector{nameSelector(name)}
	}
	return seg, err
}

func (p *pathParser) parseShorthand() (string, error) {
	isFirst := func(r rune) bool { return r == '_' || r >= utf8.RuneSelf || unicode.IsLetter(r) }
	r, _ := utf8.DecodeRuneInString(p.rest())
	if p.rest() == "" || !isFirst(r) {
		return "", errors.New("a name is expected; quote names that are not letters, digits and _ in brackets: ['a-b']")
	}
	name := p.rest()
	if end := strings.IndexFunc(name, func(r rune) bool { return !isFirst(r) && (r < '0' || r > '9') }); end >= 0 {
		name = name[:end]
	}
	p.pos += len(name)
	return name, nil
}

// parseBracket reads the selectors after [ up to and with ].
func (p *pathParser) parseBracket() ([]selector, error) {
	var selectors []selector
	for {
		p.skipSpace()
		sel, err := p.parseSelector()
		if err != nil {
			return nil, err
		}
		selectors = append(selectors, sel)
		p.skipSpace()
		if p.take("]") {
			return selectors, nil
		}
		if !p.take(",") {
			return nil, errors.New("a comma or a closing bracket is expected")
		}
	}
}

func (p *pathParser) parseSelector() (selector, error) {
	switch rest := p.rest(); {
	case rest == "":
		return nil, errors.New("a selector is expected")
	case rest[0] == '\'' || rest[0] == '"':
		name, err := p.parseQuoted()
		return nameSelector(name), err
	case p.take("*"):
		return wildcardSelector{}, nil
	case p.take("?"):
		p.skipSpace()
		x, err := p.parseOr()
		return filterSelector{x}, err
	}
	return p.parseIndexOrSlice()
}

func (p *pathParser) parseIndexOrSlice() (selector, error) {
	start, err := p.parseOptionalInt()
	if err != nil {
		return nil, err
	}
	before := p.pos
	p.skipSpace()
	if !p.take(":") {
		p.pos = before
		if start == nil {
			return nil, errors.New("a quoted name, an index, a slice, * or ?filter is expected")
		}
		return indexSelector(*start), nil
	}
	sel := sliceSelector{start: start}
	p.skipSpace()
	if sel.end, err = p.parseOptionalInt(); err != nil {
		return nil, err
	}
	p.skipSpace()
	if p.take(":") {
		p.skipSpace()
		if sel.step, err = p.parseOptionalInt(); err != nil {
			return nil, err
		}
	}
	return sel, nil
}

// parseOptionalInt reads an integer without leading zeros and within the range
// of I-JSON (RFC 7493), or returns nil if none is next.
func (p *pathParser) parseOptionalInt() (*int, error) {
	rest := p.rest()
	digits := strings.TrimPrefix(rest, "-")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	if digits == "" {
		return nil, nil
	}
	const limit = 1<<53 - 1
	literal := rest[:len(digits)+len(rest)-len(strings.TrimPrefix(rest, "-"))]
	n, err := strconv.Atoi(literal)
	if err != nil || n > limit || n < -limit {
		return nil, errors.New("the integer is out of range")
	}
	if literal == "-0" || len(digits) > 1 && digits[0] == '0' {
		return nil, errors.New("an integer has no leading zero")
	}
	p.pos += len(literal)
	return &n, nil
}

// parseQuoted reads a name or text in single or double quotes, whose escapes
// are those of JSON, with \' in single quotes instead of \".
func (p *pathParser) parseQuoted() (string, error) {
	quote := p.text[p.pos]
	doc := []byte{'"'}
	for i := p.pos + 1; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == quote:
			str := jsonParser{doc: string(append(doc, '"'))}
			text, err := str.parseString()
			if err == nil && str.pos == len(str.doc) {
				p.pos = i + 1
			}
			return text, err
		case c == '"': // within single quotes
			doc = append(doc, '\\', '"')
		case c == '\\' && i+1 < len(p.text):
			i++
			switch next := p.text[i]; {
			case next == '\'' && quote == '\'':
				doc = append(doc, '\'')
			case next == '"' && quote == '\'':
				return "", errors.New("unknown escape in a quoted text")
			default:
				doc = append(doc, '\\', next)
			}
		default:
			doc = append(doc, c)
		}
	}
	return "", errors.New("a closing quote is missing")
}
