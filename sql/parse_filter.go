package sql

import (
	"strings"
)

// parseTreePath reads the key of a filter or order: the path of embedded relations, a column and a path into it.
func parseTreePath(key string) (path []string, field Field, err *Error) {
	if isPlainName(key) {
		return nil, Field{Name: key}, nil
	}
	s := scanner{text: key}
	var names []string
	for {
		name, ok := s.fieldName()
		if !ok {
			return nil, Field{}, s.err("tree path", key)
		}
		names = append(names, name)
		if !s.delimiter() {
			break
		}
	}
	steps, ok := s.path()
	if !ok {
		return nil, Field{}, s.err("tree path", key)
	}
	last := len(names) - 1
	return names[:last], Field{Name: names[last], Path: steps}, nil
}

// isPlainName reports whether text is an unquoted name and nothing else: the usual case, read without a scanner.
func isPlainName(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c >= 128 || !asciiIdentifier[c] || c == ' ' {
			return false
		}
	}
	return text != ""
}

// parseFilter reads key=value as a filter. For the parameters of a routine, isParameter tells that the value holds no
// operator, so that it is an argument rather than a filter.
func parseFilter(key, value string, ofRoutine bool) (f Filter, isParameter bool, err *Error) {
	f.Path, f.Field, err = parseTreePath(key)
	if err != nil {
		return f, false, err
	}
	s := scanner{text: value}
	op, ok := s.operation((*scanner).rest)
	if !ok {
		if ofRoutine && s.pos == 0 {
			return f, true, nil
		}
		return f, false, s.err("filter", value)
	}
	f.Operation = op
	return f, false, nil
}

func (s *scanner) rest() string {
	v := s.text[s.pos:]
	s.pos = len(s.text)
	return v
}

const operatorLabel = "operator (eq, gt, ...)"

// operation reads an operator and its operand, which value reads where it is a single one.
func (s *scanner) operation(value func(*scanner) string) (Operation, bool) {
	var op Operation
	start := s.pos
	if s.word("not") && s.delimiter() {
		op.Negated = true
	} else {
		s.pos = start
	}
	m := s.mark()
	start = s.pos
	ok := s.operator(&op, value)
	s.label(m, start, operatorLabel)
	return op, ok
}

func (s *scanner) operator(op *Operation, value func(*scanner) string) bool {
	start := s.pos
	if s.word("in") && s.delimiter() {
		op.Operator = OpIn
		return s.list(op)
	}
	s.pos = start
	if s.word("is") && s.delimiter() {
		op.Operator = OpIs
		return s.isValue(op)
	}
	s.pos = start
	if s.word("isdistinct") && s.delimiter() {
		op.Operator, op.Value = OpIsDistinct, value(s)
		return true
	}
	s.pos = start
	if s.fullText(op, value) {
		return true
	}
	s.pos = start
	*op = Operation{Negated: op.Negated}
	for i := range simpleOperators {
		o := &simpleOperators[i]
		if s.word(o.word) {
			if s.delimiter() {
				op.Operator, op.Value = o.op, value(s)
				return true
			}
			break
		}
	}
	s.pos = start
	for i := range quantifiedOperators {
		o := &quantifiedOperators[i]
		if s.word(o.word) {
			op.Quantifier = s.quantifier()
			if s.delimiter() {
				op.Operator, op.Value = o.op, value(s)
				return true
			}
			break
		}
	}
	s.pos = start
	*op = Operation{Negated: op.Negated}
	return false
}

type operatorWord struct {
	word string
	op   Operator
}

// simpleOperators and quantifiedOperators are tried in order; a word that another begins with must come after it.
var (
	simpleOperators = [...]operatorWord{
		{"neq", OpNotEqual},
		{"cs", OpContains},
		{"cd", OpContained},
		{"ov", OpOverlap},
		{"sl", OpStrictlyLeft},
		{"sr", OpStrictlyRight},
		{"nxr", OpNotExtendsRight},
		{"nxl", OpNotExtendsLeft},
		{"adj", OpAdjacent},
	}
	quantifiedOperators = [...]operatorWord{
		{"eq", OpEqual},
		{"gte", OpGreaterEqual},
		{"gt", OpGreater},
		{"lte", OpLessEqual},
		{"lt", OpLess},
		{"like", OpLike},
		{"ilike", OpILike},
		{"match", OpMatch},
		{"imatch", OpIMatch},
	}
	fullTextOperators = [...]operatorWord{
		{"fts", OpFTS},
		{"plfts", OpPlainFTS},
		{"phfts", OpPhraseFTS},
		{"wfts", OpWebFTS},
	}
)

// quantifier reads (any) or (all) if it stands there.
func (s *scanner) quantifier() Quantifier {
	start := s.pos
	if s.char('(') {
		q := NoQuantifier
		if s.word("any") {
			q = Any
		} else if s.word("all") {
			q = All
		}
		if q != NoQuantifier && s.char(')') {
			return q
		}
	}
	s.pos = start
	return NoQuantifier
}

func (s *scanner) fullText(op *Operation, value func(*scanner) string) bool {
	for i := range fullTextOperators {
		o := &fullTextOperators[i]
		if !s.word(o.word) {
			continue
		}
		start := s.pos
		if s.char('(') {
			if language, ok := s.identifier(); ok && s.char(')') {
				op.Language, op.HasLanguage = language, true
			} else {
				s.pos = start
			}
		}
		if !s.delimiter() {
			return false
		}
		op.Operator, op.Value = o.op, value(s)
		return true
	}
	return false
}

var isValues = [...]struct {
	word string
	is   IsValue
}{{"null", IsNull}, {"not_null", IsNotNull}, {"true", IsTrue}, {"false", IsFalse}, {"unknown", IsUnknown}}

func (s *scanner) isValue(op *Operation) bool {
	m, start := s.mark(), s.pos
	for _, v := range isValues {
		if s.wordFold(v.word) {
			op.Is = v.is
			return true
		}
		s.pos = start
	}
	s.label(m, start, "isVal: (null, not_null, true, false, unknown)")
	return false
}

// wordFold reads a word in lower case, whatever the case of the text.
func (s *scanner) wordFold(w string) bool {
	for i := 0; i < len(w); i++ {
		if s.done() || s.text[s.pos] != w[i] && s.text[s.pos] != upper(w[i]) {
			s.record(s.pos, s.pos, quotedChar[w[i]])
			return false
		}
		s.pos++
	}
	return true
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// list reads the operand of in: (a,b,"c,d").
func (s *scanner) list(op *Operation) bool {
	s.spaces()
	if !s.char('(') {
		return false
	}
	s.spaces()
	for {
		op.Values = append(op.Values, s.element())
		if !s.char(',') {
			break
		}
	}
	s.spaces()
	if !s.char(')') {
		return false
	}
	s.spaces()
	return true
}

// element reads up to the next comma or parenthesis, or a quoted text that one of them follows.
func (s *scanner) element() string {
	start := s.pos
	if v, ok := s.quotedElement(); ok {
		return v
	}
	s.pos = start
	return s.untilSeparator()
}

func (s *scanner) quotedElement() (string, bool) {
	if s.done() || s.text[s.pos] != '"' {
		s.record(s.pos, s.pos, `"\""`)
		return "", false
	}
	v, ok := s.quoted()
	if !ok {
		return "", false
	}
	if !s.done() && s.text[s.pos] != ',' && s.text[s.pos] != ')' {
		s.reject("")
		return "", false
	}
	return v, true
}

func (s *scanner) untilSeparator() string {
	start := s.pos
	if i := strings.IndexAny(s.text[start:], ",)"); i >= 0 {
		s.pos += i
	} else {
		s.pos = len(s.text)
	}
	s.record(s.pos, s.pos, "")
	return s.text[start:s.pos]
}
