package sql

// parseSelect reads select=.
func parseSelect(text string, limits *Limits) ([]*SelectItem, *Error) {
	if text == "*" {
		return []*SelectItem{{Name: "*"}}, nil
	}
	s := scanner{text: text, maxDepth: limits.EmbedDepth}
	items, ok := s.selectItems()
	if !ok {
		return nil, s.err("select parameter", text)
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
			return out, len(out) == 0 && s.pos == start && !s.tooDeep
		}
		out = append(out, item)
		start = s.pos
		s.spaces()
		if !s.char(',') {
			return out, s.pos == start
		}
		s.spaces()
	}
}

func (s *scanner) selectItem() (*SelectItem, bool) {
	start := s.pos
	item, ok := s.spread()
	if !ok {
		s.pos = start
		item, ok = s.embed()
	}
	if !ok {
		s.pos = start
		return s.selectField()
	}
	if !s.enter() || !s.char('(') {
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
	item := &SelectItem{Kind: SelectSpread, Name: name}
	return item, s.embedParameters(item)
}

// embed reads the head of alias:relation!hint!inner(.
func (s *scanner) embed() (*SelectItem, bool) {
	s.spaces()
	alias := s.alias()
	name, ok := s.fieldName()
	if !ok || name == "count" {
		return nil, false
	}
	item := &SelectItem{Kind: SelectRelation, Alias: alias, Name: name}
	return item, s.embedParameters(item)
}

// embedParameters reads up to two of !hint, !left and !inner, and looks for the parenthesis after them.
func (s *scanner) embedParameters(item *SelectItem) bool {
	hinted := false
	for range 2 {
		if !s.char('!') {
			break
		}
		switch {
		case s.word("left"):
			if item.Join == JoinDefault {
				item.Join = JoinLeft
			}
		case s.word("inner"):
			if item.Join == JoinDefault {
				item.Join = JoinInner
			}
		default:
			hint, ok := s.fieldName()
			if !ok {
				return false
			}
			if !hinted {
				item.Hint, hinted = hint, true
			}
		}
	}
	if !s.peek("(") {
		return false
	}
	s.spaces()
	return true
}

// alias reads name: if it stands there.
func (s *scanner) alias() string {
	start := s.pos
	name, ok := s.fieldName()
	if ok && s.char(':') {
		if s.pos == len(s.text) || s.text[s.pos] != ':' {
			return name
		}
		s.reject("")
	}
	s.pos = start
	return ""
}

func (s *scanner) selectField() (*SelectItem, bool) {
	s.spaces()
	start := s.pos
	if s.char('*') && s.itemEnd() {
		s.spaces()
		return &SelectItem{Name: "*"}, true
	}
	s.pos = start
	if item, ok := s.countAll(); ok {
		s.spaces()
		return item, true
	}
	s.pos = start
	item := &SelectItem{Alias: s.alias()}
	field, ok := s.field()
	if !ok {
		return nil, false
	}
	item.Name, item.Path = field.Name, field.Path
	if item.Cast, ok = s.cast(); !ok {
		return nil, false
	}
	item.Aggregate = s.aggregate()
	if item.AggregateCast, ok = s.cast(); !ok {
		return nil, false
	}
	if !s.itemEnd() {
		return nil, false
	}
	s.spaces()
	return item, true
}

// countAll reads alias:count()::cast.
func (s *scanner) countAll() (*SelectItem, bool) {
	item := &SelectItem{Alias: s.alias(), Name: "*", Aggregate: Count}
	if !s.word("count()") {
		return nil, false
	}
	var ok bool
	if item.AggregateCast, ok = s.cast(); !ok {
		return nil, false
	}
	return item, s.itemEnd()
}

// cast reads ::type if it stands there; ok is false if it is begun and cannot be read.
func (s *scanner) cast() (typ string, ok bool) {
	if !s.word("::") {
		return "", s.pos == len(s.text) || s.text[s.pos] != ':'
	}
	return s.identifier()
}

// aggregate reads .function() if it stands there.
func (s *scanner) aggregate() Aggregate {
	start := s.pos
	if s.char('.') {
		for _, a := range [...]Aggregate{Sum, Avg, Count, Max, Min} {
			if s.word(a.String()) {
				if s.word("()") {
					return a
				}
				break
			}
		}
	}
	s.pos = start
	return NoAggregate
}

func (s *scanner) itemEnd() bool { return s.peek(")") || s.peek(",") || s.end() }
