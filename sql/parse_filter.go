package sql

// parseTreePath reads the key of a filter or order: the path of embedded relations, a column and a path into it.
func parseTreePath(key string) (path []string, field Field, err *Error) {
	if isPlainName(key) {
		return nil, Field{Name: key}, nil
	}
	type treePath struct {
		names []string
		steps []PathStep
	}
	t, err := read(key, "tree path", key, 0, func(s *scanner) (t treePath, ok bool) {
		if t.names, ok = s.dotted(); ok {
			t.steps, ok = s.path()
		}
		return t, ok
	})
	if err != nil {
		return nil, Field{}, err
	}
	last := len(t.names) - 1
	return t.names[:last], Field{Name: t.names[last], Path: t.steps}, nil
}

// isPlainName reports whether text is an unquoted name and nothing else: the usual case, read without a scanner.
func isPlainName(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; !asciiIdentifier(c) || c == ' ' {
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
	f.Operation, err = read(value, "filter", value, 0, func(s *scanner) (Operation, bool) {
		op, ok := s.operation((*scanner).rest)
		isParameter = ofRoutine && !ok && s.pos == 0
		return op, ok || isParameter
	})
	return f, isParameter, err
}

func (s *scanner) rest() string {
	v := s.text[s.pos:]
	s.pos = len(s.text)
	return v
}

// operation reads an operator and its operand, which value reads where it is a single one.
func (s *scanner) operation(value func(*scanner) string) (op Operation, ok bool) {
	op.Negated = s.prefix("not")
	ok = s.named("operator (eq, gt, ...)", func() bool { return s.operator(&op, value) })
	return op, ok
}

func (s *scanner) operator(op *Operation, value func(*scanner) string) bool {
	switch {
	case s.prefix("in"):
		op.Operator = OpIn
		return s.list(op)
	case s.prefix("is"):
		op.Operator = OpIs
		return s.isValue(op)
	case s.prefix("isdistinct"):
		op.Operator, op.Value = OpIsDistinct, value(s)
		return true
	}
	for _, read := range [...]func(*scanner, *Operation) bool{
		(*scanner).fullText, (*scanner).simple, (*scanner).quantified,
	} {
		start := s.checkpoint()
		if read(s, op) && s.delimiter() {
			op.Value = value(s)
			return true
		}
		s.retry(start)
	}
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

func (s *scanner) fullText(op *Operation) bool {
	if !s.operatorWord(op, fullTextOperators[:]) {
		return false
	}
	start := s.checkpoint()
	if s.char('(') {
		if language, ok := s.identifier(); ok && s.char(')') {
			op.Language, op.HasLanguage = language, true
			return true
		}
	}
	s.retry(start)
	return true
}

const simpleLabel = "unknown single value operator"

func (s *scanner) simple(op *Operation) bool {
	return s.named(simpleLabel, func() bool { return s.operatorWord(op, simpleOperators[:]) })
}

// quantified reads an operator with (any) or (all), if that stands there.
func (s *scanner) quantified(op *Operation) bool {
	if !s.named(simpleLabel, func() bool { return s.operatorWord(op, quantifiedOperators[:]) }) {
		return false
	}
	op.Language, op.HasLanguage = "", false
	start := s.checkpoint()
	if s.char('(') {
		q := All
		if s.optionalWord("any") {
			q = Any
		}
		if (q == Any || s.word("all")) && s.char(')') {
			op.Quantifier = q
			return true
		}
	}
	s.retry(start)
	return true
}

func (s *scanner) operatorWord(op *Operation, words []operatorWord) bool {
	for i := range words {
		if s.optionalWord(words[i].word) {
			op.Operator = words[i].op
			return true
		}
	}
	return false
}

var isValues = [...]struct {
	word string
	is   IsValue
}{{"null", IsNull}, {"not_null", IsNotNull}, {"true", IsTrue}, {"false", IsFalse}, {"unknown", IsUnknown}}

func (s *scanner) isValue(op *Operation) bool {
	return s.named("isVal: (null, not_null, true, false, unknown)", func() bool {
		for _, v := range isValues {
			start := s.checkpoint()
			if s.wordFold(v.word) {
				op.Is = v.is
				return true
			}
			s.retry(start)
		}
		return false
	})
}

// wordFold reads a word in lower case, whatever the case of the text.
func (s *scanner) wordFold(w string) bool {
	for i := 0; i < len(w); i++ {
		if !s.char(w[i]) && !s.char(upper(w[i])) {
			return false
		}
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
		if len(op.Values) > 1 {
			s.forget()
		}
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

// element reads a quoted text, or up to the next comma or parenthesis.
func (s *scanner) element() string {
	start := s.checkpoint()
	if v, ok := s.quotedElement(); ok {
		return v
	}
	s.retry(start)
	return s.until(",)")
}
