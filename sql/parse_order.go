package sql

// parseOrder reads the value of order=.
func parseOrder(text string) ([]OrderTerm, *Error) {
	s := scanner{text: text}
	var out []OrderTerm
	for {
		s.spaces()
		start := s.pos
		term, ok := s.relatedOrderTerm()
		if !ok {
			s.pos = start
			if term, ok = s.orderTerm(); !ok {
				return nil, s.err("order", text)
			}
		}
		s.spaces()
		out = append(out, term)
		if !s.char(',') {
			return out, nil
		}
	}
}

func (s *scanner) orderTerm() (OrderTerm, bool) {
	field, ok := s.field()
	if !ok {
		return OrderTerm{}, false
	}
	t := OrderTerm{Field: field}
	return t, s.direction(&t)
}

// relatedOrderTerm reads relation(column).
func (s *scanner) relatedOrderTerm() (OrderTerm, bool) {
	name, ok := s.fieldName()
	if !ok || !s.char('(') {
		return OrderTerm{}, false
	}
	field, ok := s.field()
	if !ok || !s.char(')') {
		return OrderTerm{}, false
	}
	t := OrderTerm{Relation: name, Field: field}
	return t, s.direction(&t)
}

// direction reads .asc or .desc and .nullsfirst or .nullslast, each optional, up to a comma or the end.
func (s *scanner) direction(t *OrderTerm) bool {
	start := s.pos
	if s.delimiter() {
		switch {
		case s.word("asc"):
			t.Direction = Ascending
		case s.word("desc"):
			t.Direction = Descending
		default:
			s.pos = start
		}
	}
	start = s.pos
	if s.delimiter() {
		switch {
		case s.word("nullsfirst"):
			t.Nulls = NullsFirst
		case s.word("nullslast"):
			t.Nulls = NullsLast
		default:
			s.pos = start
		}
	}
	return s.peek(",") || s.end()
}
