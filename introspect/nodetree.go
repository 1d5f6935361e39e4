package introspect

import (
	"errors"
	"fmt"
	"strconv"
)

// target is a column of a view's query, with the column of a relation that it shows unchanged.
type target struct {
	number int16 // the view's column
	table  uint32
	column int16
}

// parseTargets reads the output columns of a view from the text of its rule, pg_rewrite.ev_action. Only those are returned
// that show a relation's column. For `select id, a + b as sum from t` the text is, in short,
//
//	({QUERY :commandType 1 … :targetList (
//	   {TARGETENTRY :expr {VAR …} :resno 1 :resname id … :resorigtbl 16390 :resorigcol 1 :resjunk false}
//	   {TARGETENTRY :expr {OPEXPR …} :resno 2 :resname sum … :resorigtbl 0 :resorigcol 0 :resjunk false}) …})
//
// which is how PostgreSQL writes every tree (its source, backend/nodes/outfuncs.c). Fields come and go with PostgreSQL's
// versions, so the parser knows only the four it needs and how to skip a value: a node in braces, a list in parentheses, or
// words. Spaces, parentheses, braces and backslashes inside a word are escaped by a backslash. A colon is not, so that a
// column named ":resno" is told from a field only by its place.
func parseTargets(rule string) ([]target, error) {
	p := nodeParser{text: rule}
	if !p.accept('(') || !p.accept('{') {
		return nil, p.fail("a list of queries")
	}
	if word := p.word(); word != "QUERY" {
		return nil, p.fail("QUERY")
	}
	for {
		field, err := p.field()
		if err != nil || field == "" {
			return nil, err
		}
		if field == ":targetList" && p.accept('(') {
			return p.targetList()
		}
		if err := p.skip(); err != nil {
			return nil, err
		}
	}
}

// targetList reads the entries up to the list's closing parenthesis.
func (p *nodeParser) targetList() ([]target, error) {
	var targets []target
	for !p.accept(')') {
		t, err := p.targetEntry()
		if err != nil {
			return nil, err
		}
		if t.table != 0 && t.column > 0 {
			targets = append(targets, t)
		}
	}
	return targets, nil
}

// targetEntry reads one TARGETENTRY. One that is only sorted by (resjunk) comes back with table 0.
func (p *nodeParser) targetEntry() (target, error) {
	var t target
	if !p.accept('{') || p.word() != "TARGETENTRY" {
		return t, p.fail("TARGETENTRY")
	}
	junk := false
	for {
		field, err := p.field()
		if err != nil {
			return t, err
		}
		switch field {
		case "":
			if junk {
				t.table = 0
			}
			return t, nil
		case ":resno":
			t.number, err = p.number16()
		case ":resorigcol":
			t.column, err = p.number16()
		case ":resorigtbl":
			var n uint64
			n, err = strconv.ParseUint(p.word(), 10, 32)
			t.table = uint32(n)
		case ":resjunk":
			junk = p.word() == "true"
		default:
			err = p.skip()
		}
		if err != nil {
			return t, err
		}
	}
}

// nodeParser walks over the text of a node tree.
type nodeParser struct {
	text string
	pos  int
}

func (p *nodeParser) fail(want string) error {
	return fmt.Errorf("unexpected node tree at byte %d: want %s", p.pos, want)
}

// peek returns the next byte that is no white space, 0 at the end.
func (p *nodeParser) peek() byte {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ' ', '\n', '\t':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *nodeParser) accept(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// word returns the next word, with its escapes. It is empty before a bracket or the end.
func (p *nodeParser) word() string {
	p.peek()
	start := p.pos
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\n', '\t', '(', ')', '{', '}':
			return p.text[start:p.pos]
		case '\\':
			p.pos++
		}
		p.pos++
	}
	p.pos = len(p.text)
	return p.text[start:]
}

// field returns the name of a node's next field, with its colon, or "" after the node's closing brace. Words that are left
// of the value before it, such as the bytes of a constant, are passed over.
func (p *nodeParser) field() (string, error) {
	for {
		switch p.peek() {
		case '}':
			p.pos++
			return "", nil
		case ':':
			return p.word(), nil
		case 0, '(', ')', '{':
			return "", p.fail("a field or the end of a node")
		default:
			p.word()
		}
	}
}

func (p *nodeParser) number16() (int16, error) {
	n, err := strconv.ParseInt(p.word(), 10, 16)
	return int16(n), err
}

// skip passes over one value.
func (p *nodeParser) skip() error {
	if c := p.peek(); c != '(' && c != '{' {
		if p.word() == "" {
			return p.fail("a value")
		}
		return nil
	}
	depth := 0
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			p.pos++
		case '(', '{':
			depth++
		case ')', '}':
			depth--
			if depth == 0 {
				p.pos++
				return nil
			}
		}
	}
	return errors.New("unexpected end of node tree")
}
