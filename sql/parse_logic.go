package sql

import (
	"slices"
	"strings"
)

// parseLogic reads an and= or or= parameter, whose key may name an embedded relation and hold a not.
func parseLogic(key, value string, limits *Limits) (LogicFilter, *Error) {
	s := scanner{text: key}
	var path []string
	for {
		name, ok := s.fieldName()
		if !ok {
			return LogicFilter{}, s.err("logic path", key)
		}
		path = append(path, name)
		if !s.delimiter() {
			break
		}
	}
	last := len(path) - 1
	op, negated := path[last], slices.Contains(path, "not")
	path = slices.DeleteFunc(path[:last], func(n string) bool { return n == "not" })
	if negated {
		op = "not." + op
	}
	t := scanner{text: op + value, maxDepth: limits.LogicDepth}
	tree, ok := t.logic()
	if !ok {
		return LogicFilter{}, t.err("logic tree", value)
	}
	return LogicFilter{Path: path, Tree: tree}, nil
}

// logic reads a condition, or and(…), or(…), not.and(…), not.or(…).
func (s *scanner) logic() (Logic, bool) {
	start := s.pos
	if f, ok := s.logicFilter(); ok {
		return Logic{Filter: f}, true
	}
	s.pos = start
	var out Logic
	m := s.mark()
	if s.word("not") && s.delimiter() {
		out.Negated = true
	} else {
		s.pos = start
		s.label(m, start, "negation operator (not)")
	}
	m, start = s.mark(), s.pos
	switch {
	case s.word("and"):
	case s.word("or"):
		out.Or = true
	default:
		s.label(m, start, "logic operator (and, or)")
		return out, false
	}
	s.spaces()
	if !s.enter() || !s.char('(') {
		return out, false
	}
	s.spaces()
	for {
		child, ok := s.logic()
		if !ok {
			return out, false
		}
		out.Children = append(out.Children, child)
		s.spaces()
		if !s.char(',') {
			break
		}
		s.spaces()
	}
	if !s.char(')') {
		return out, false
	}
	s.spaces()
	s.leave()
	return out, true
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
	start := s.pos
	if v, ok := s.quotedElement(); ok {
		return v
	}
	s.pos = start
	if strings.HasPrefix(s.text[start:], "{") {
		if i := strings.IndexAny(s.text[start+1:], "{}"); i >= 0 && s.text[start+1+i] == '}' {
			s.pos = start + i + 2
			return s.text[start:s.pos]
		}
	}
	return s.untilSeparator()
}
