package sql

// parseOrder reads the value of order=.
func parseOrder(text string) ([]OrderTerm, *Error) {
	return read(text, "order", text, 0, (*scanner).orderTerms)
}

func (s *scanner) orderTerms() ([]OrderTerm, bool) {
	var out []OrderTerm
	for {
		s.spaces()
		start := s.checkpoint()
		term, ok := s.relatedOrderTerm()
		if !ok {
			s.retry(start)
			if term, ok = s.orderTerm(); !ok {
				return nil, false
			}
		}
		s.spaces()
		out = append(out, term)
		if len(out) > 1 {
			s.forget()
		}
		if !s.char(',') {
			return out, true
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
	switch {
	case s.suffix("asc"):
		t.Direction = Ascending
	case s.suffix("desc"):
		t.Direction = Descending
	}
	start := s.pos
	switch {
	case s.suffix("nullsfirst"):
		t.Nulls = NullsFirst
	case s.suffix("nullslast"):
		t.Nulls = NullsLast
	}
	if s.peek(",") || s.end() {
		return true
	}
	if s.pos == start { // without a place of nulls PostgREST tries the end once more, which only words the error
		return s.peek(",") || s.end()
	}
	return false
}

// suffix reads a dot and a word, or nothing.
func (s *scanner) suffix(w string) bool {
	start := s.checkpoint()
	if s.delimiter() && s.word(w) {
		return true
	}
	s.retry(start)
	return false
}
