package sql

// parseSelect reads select=.
func parseSelect(text string, limits *Limits) ([]*SelectItem, *Error) {
	if text == "*" {
		return []*SelectItem{{Name: "*"}}, nil
	}
	items, err := read(text, "select parameter", text, limits.EmbedDepth, (*scanner).selectItems)
	if err != nil {
		return nil, err
	}
	if n := countItems(items); limits.SelectItems > 0 && n > limits.SelectItems {
		return nil, tooMany("select items", n, limits.SelectItems)
	}
	return items, nil
}

func countItems(items []*SelectItem) int {
	n := len(items)
	for _, i := range items {
		n += countItems(i.Items)
	}
	return n
}

// selectItems reads items joined by commas, or none.
func (s *scanner) selectItems() ([]*SelectItem, bool) {
	var out []*SelectItem
	for {
		start := s.pos
		item, ok := s.selectItem()
		if !ok {
			return out, len(out) == 0 && s.pos == start
		}
		out = append(out, item)
		if len(out) > 1 {
			s.forget()
		}
		start = s.pos
		if !s.comma() {
			return out, s.pos == start
		}
	}
}

func (s *scanner) selectItem() (*SelectItem, bool) {
	start := s.checkpoint()
	item, ok := s.spread()
	if !ok {
		s.retry(start)
		item, ok = s.embed()
	}
	if !ok {
		s.retry(start)
		return s.selectField()
	}
	if !s.char('(') || !s.enter() {
		return nil, false
	}
	if item.Items, ok = s.selectItems(); !ok || !s.char(')') {
		return nil, false
	}
	s.leave()
	return item, true
}

// spread reads the head of ...relation!hint(.
func (s *scanner) spread() (*SelectItem, bool) {
	s.spaces()
	if !s.word("...") {
		return nil, false
	}
	name, ok := s.fieldName()
	if !ok {
		return nil, false
	}
	return s.embedParameters(SelectItem{Kind: SelectSpread, Name: name})
}

// embed reads the head of alias:relation!hint!inner(.
func (s *scanner) embed() (*SelectItem, bool) {
	s.spaces()
	alias := s.alias()
	name, ok := s.fieldName()
	if !ok || name == "count" {
		return nil, false
	}
	return s.embedParameters(SelectItem{Kind: SelectRelation, Alias: alias, Name: name})
}

// embedParameters reads up to two of !hint, !left and !inner, and looks for the parenthesis after them.
func (s *scanner) embedParameters(item SelectItem) (*SelectItem, bool) {
	hinted := false
	for range 2 {
		if !s.char('!') {
			continue // tried again, as the second parameter
		}
		join := JoinDefault
		switch {
		case s.optionalWord("left"):
			join = JoinLeft
		case s.optionalWord("inner"):
			join = JoinInner
		default:
			hint, ok := s.fieldName()
			if !ok {
				return nil, false
			}
			if !hinted {
				item.Hint, hinted = hint, true
			}
		}
		if item.Join == JoinDefault {
			item.Join = join
		}
	}
	if !s.peek("(") {
		return nil, false
	}
	s.spaces()
	return &item, true
}

// alias reads name: if it stands there.
func (s *scanner) alias() string {
	start := s.checkpoint()
	if name, ok := s.fieldName(); ok && s.char(':') && s.not(':') {
		return name
	}
	s.retry(start)
	return ""
}

func (s *scanner) selectField() (*SelectItem, bool) {
	s.spaces()
	item, ok := s.star()
	if !ok {
		item, ok = s.countAll()
	}
	if !ok {
		item, ok = s.column()
	}
	if !ok {
		return nil, false
	}
	s.spaces()
	return item, true
}

func (s *scanner) star() (*SelectItem, bool) {
	start := s.checkpoint()
	if s.word("*") && s.itemEnd() {
		return &SelectItem{Name: "*"}, true
	}
	s.retry(start)
	return nil, false
}

// countAll reads alias:count()::cast.
func (s *scanner) countAll() (*SelectItem, bool) {
	start := s.checkpoint()
	alias, cast := s.alias(), ""
	if s.word("count()") && s.cast(&cast) && s.itemEnd() {
		return &SelectItem{Alias: alias, Name: "*", Aggregate: Count, AggregateCast: cast}, true
	}
	s.retry(start)
	return nil, false
}

// column reads alias:name->path::cast.aggregate()::cast.
func (s *scanner) column() (*SelectItem, bool) {
	item := &SelectItem{Alias: s.alias()}
	field, ok := s.field()
	if !ok {
		return nil, false
	}
	item.Name, item.Path = field.Name, field.Path
	if !s.cast(&item.Cast) {
		return nil, false
	}
	item.Aggregate = s.aggregate()
	return item, s.cast(&item.AggregateCast) && s.itemEnd()
}

// cast reads ::type if it stands there; it returns false if it is begun and cannot be read.
func (s *scanner) cast(typ *string) (ok bool) {
	start := s.pos
	if !s.word("::") {
		return s.pos == start
	}
	*typ, ok = s.identifier()
	return ok
}

// aggregate reads .function() if it stands there.
func (s *scanner) aggregate() Aggregate {
	start := s.checkpoint()
	if s.char('.') {
		if a := s.aggregateName(); a != NoAggregate && s.word("()") {
			return a
		}
	}
	s.retry(start)
	return NoAggregate
}

func (s *scanner) aggregateName() Aggregate {
	for _, a := range [...]Aggregate{Sum, Avg, Count} {
		start := s.pos
		switch {
		case s.word(a.String()):
			return a
		case s.pos != start:
			return NoAggregate
		}
	}
	for _, a := range [...]Aggregate{Max, Min} {
		if s.optionalWord(a.String()) {
			return a
		}
	}
	return NoAggregate
}

func (s *scanner) itemEnd() bool { return s.peek(")") || s.peek(",") || s.end() }
