package nodetree

// maxDepth bounds how deep nodes may nest. PostgreSQL's own stack ends before.
const maxDepth = 10_000

// Parse reads a text of type pg_node_tree: a node or a list. Errors are of type *Error.
func Parse(text string) (*Node, error) {
	p := parser{text: text}
	n, err := p.node(0)
	if err != nil {
		return nil, err
	}
	if p.peek() != 0 {
		return nil, p.fail("the end")
	}
	return n, nil
}

type parser struct {
	text string
	pos  int
}

func (p *parser) fail(want string) error { return &Error{Byte: p.pos, Want: want} }

// peek returns the next byte that is no white space, 0 at the end.
func (p *parser) peek() byte {
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

// word returns the next word with its escapes, "" before a bracket or the end.
func (p *parser) word() string {
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

// node reads {NAME :field value …} or (value …).
func (p *parser) node(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, p.fail("less depth")
	}
	switch p.peek() {
	case '(':
		p.pos++
		return p.list(depth)
	case '{':
		p.pos++
	default:
		return nil, p.fail("a node or a list")
	}
	n := &Node{Name: p.word()}
	if n.Name == "" {
		return nil, p.fail("a node's name")
	}
	for {
		switch p.peek() {
		case '}':
			p.pos++
			return n, nil
		case ':':
			name := p.word()[1:]
			v, err := p.value(depth)
			if err != nil {
				return nil, err
			}
			n.fields = append(n.fields, field{name: name, value: v})
		case '(', '{':
			// A value without a name, as in {STRING …} of some versions.
			v, err := p.node(depth + 1)
			if err != nil {
				return nil, err
			}
			n.List = append(n.List, Value{Node: v})
		case 0, ')':
			return nil, p.fail("a field or the end of a node")
		default:
			n.List = append(n.List, Value{Words: []string{p.word()}})
		}
	}
}

// value reads what follows a field's name. The first word is the value whatever it looks like, since a colon is not escaped:
// a column called ":resno" is told from a field only by its place. Words that follow it belong to it, up to the next field.
func (p *parser) value(depth int) (Value, error) {
	switch p.peek() {
	case '{', '(':
		n, err := p.node(depth + 1)
		return Value{Node: n}, err
	case '}', ')', 0:
		return Value{}, p.fail("a value")
	}
	first := p.word()
	if first == "" {
		return Value{}, p.fail("a value")
	}
	words := []string{first}
	for {
		switch p.peek() {
		case ':', '}', 0, '(', '{', ')':
			if len(words) == 1 && first == "<>" {
				return Value{}, nil
			}
			return Value{Words: words}, nil
		default:
			words = append(words, p.word())
		}
	}
}

func (p *parser) list(depth int) (*Node, error) {
	n := &Node{}
	for {
		switch p.peek() {
		case ')':
			p.pos++
			return n, nil
		case '(', '{':
			v, err := p.node(depth + 1)
			if err != nil {
				return nil, err
			}
			n.List = append(n.List, Value{Node: v})
		case 0, '}':
			return nil, p.fail("an element or the end of a list")
		default:
			w := p.word()
			if w == "<>" {
				n.List = append(n.List, Value{})
				continue
			}
			n.List = append(n.List, Value{Words: []string{w}})
		}
	}
}
