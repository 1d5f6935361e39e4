package sql

import (
	"slices"
	"strings"
)

// parseLogic reads an and= or or= parameter, whose key may name an embedded relation and hold a not.
func parseLogic(key, value string, limits *Limits) (LogicFilter, *Error) {
	path, err := read(key, "logic path", key, 0, (*scanner).dotted)
	if err != nil {
		return LogicFilter{}, err
	}
	last := len(path) - 1
	op, negated := path[last], slices.Contains(path, "not")
	path = slices.DeleteFunc(path[:last], func(n string) bool { return n == "not" })
	if negated {
		op = "not." + op
	}
	tree, err := read(op+value, "logic tree", value, limits.LogicDepth, (*scanner).logic)
	return LogicFilter{Path: path, Tree: tree}, err
}

// logic reads a condition, or and(…), or(…), not.and(…), not.or(…).
func (s *scanner) logic() (Logic, bool) {
	start := s.checkpoint()
	if f, ok := s.logicFilter(); ok {
		return Logic{Filter: f}, true
	}
	s.retry(start)
	var out Logic
	out.Negated = s.negation()
	if !s.logicOperator(&out) {
		return out, false
	}
	s.spaces()
	if !s.char('(') || !s.enter() {
		return out, false
	}
	s.spaces()
	for {
		child, ok := s.logic()
		if !ok {
			return out, false
		}
		out.Children = append(out.Children, child)
		if len(out.Children) > 1 {
			s.forget()
		}
		start := s.pos
		if s.comma() {
			continue
		}
		if s.pos != start { // blanks that no comma follows
			return out, false
		}
		break
	}
	s.spaces()
	if !s.char(')') {
		return out, false
	}
	s.spaces()
	s.leave()
	return out, true
}

// negation reads "not.", or nothing.
func (s *scanner) negation() bool {
	return s.named("negation operator (not)", func() bool { return s.prefix("not") })
}

// prefix reads a word and a dot, or nothing.
func (s *scanner) prefix(w string) bool {
	start := s.checkpoint()
	if s.word(w) && s.delimiter() {
		return true
	}
	s.retry(start)
	return false
}

func (s *scanner) logicOperator(out *Logic) bool {
	return s.named("logic operator (and, or)", func() bool {
		if s.optionalWord("and") {
			return true
		}
		out.Or = true
		return s.word("or")
	})
}

func (s *scanner) logicFilter() (*Filter, bool) {
	field, ok := s.field()
	if !ok || !s.delimiter() {
		return nil, false
	}
	op, ok := s.operation((*scanner).logicValue)
	if !ok {
		return nil, false
	}
	return &Filter{Field: field, Operation: op}, true
}

// logicValue reads a single operand inside a tree: quoted, an array literal, or up to the next comma or parenthesis.
func (s *scanner) logicValue() string {
	start := s.checkpoint()
	if v, ok := s.quotedElement(); ok {
		return v
	}
	s.retry(start)
	if v, ok := s.arrayLiteral(); ok {
		return v
	}
	s.retry(start)
	return s.until(",)")
}

// arrayLiteral reads {…} without further braces in it.
func (s *scanner) arrayLiteral() (string, bool) {
	start := s.pos
	if !s.word("{") {
		return "", false
	}
	s.until("{}")
	if !s.word("}") {
		return "", false
	}
	return s.text[start:s.pos], true
}

// quotedElement reads a quoted text that a comma, a parenthesis or the end follows.
func (s *scanner) quotedElement() (string, bool) {
	v, ok := s.quoted()
	if !ok {
		return "", false
	}
	if !s.done() && strings.IndexByte(",)", s.text[s.pos]) < 0 {
		next := s.rune(s.pos)
		s.ruleOut(s.pos+len(next), next)
		return "", false
	}
	s.expect("")
	return v, true
}
