package sql

import (
	"strings"
	"unicode/utf8"
)

// fieldName reads a name: quoted, or identifiers joined by dashes.
func (s *scanner) fieldName() (name string, ok bool) {
	ok = s.named("field name (* or [a..z0..9_$])", func() bool {
		start := s.pos
		if name, ok = s.quoted(); !ok && s.pos == start {
			name, ok = s.dashed(s.identifier)
		}
		return ok
	})
	return name, ok
}

// quoted reads a text in double quotes, in which a backslash escapes the character after it.
func (s *scanner) quoted() (string, bool) {
	if !s.char('"') {
		return "", false
	}
	part := s.until(`\"`)
	if s.char('"') { // mostly nothing is escaped
		return part, true
	}
	var b strings.Builder
	b.WriteString(part)
	for {
		// Tried anew in this order, in which an error names them.
		s.forget()
		switch {
		case s.char('\\'):
			if s.done() {
				s.expect("")
				return "", false
			}
			escaped := s.rune(s.pos)
			s.move(len(escaped))
			b.WriteString(escaped)
			b.WriteString(s.until(`\"`))
		case s.char('"'):
			return b.String(), true
		default:
			return "", false
		}
	}
}

// dashed reads parts joined by dashes that are not the beginning of an arrow.
func (s *scanner) dashed(part func() (string, bool)) (string, bool) {
	first, ok := part()
	if !ok {
		return "", false
	}
	var more []string
	for {
		start := s.checkpoint()
		if !s.char('-') {
			break
		}
		if !s.not('>') {
			s.retry(start)
			break
		}
		next, ok := part()
		if !ok {
			return "", false
		}
		more = append(more, next)
		s.forget()
	}
	if more == nil {
		return first, true
	}
	return first + "-" + strings.Join(more, "-"), true
}

// identifier reads letters, digits, "_", "$" and blanks, and trims it.
func (s *scanner) identifier() (string, bool) {
	n := 0
	rest := s.text[s.pos:]
	for n < len(rest) {
		if c := rest[n]; c < utf8.RuneSelf {
			if !asciiIdentifier(c) {
				break
			}
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(rest[n:])
		if !letterOrDigit(r) {
			break
		}
		n += size
	}
	if n > 0 {
		s.move(n)
	}
	s.expect("letter")
	s.expect("digit")
	return strings.Trim(rest[:n], " "), n > 0
}

func asciiIdentifier(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == ' '
}

// key reads a key of a JSON path: quoted, or anything but the reserved characters.
func (s *scanner) key() (name string, ok bool) {
	ok = s.named("any non reserved character different from: .,>()", func() bool {
		start := s.pos
		if name, ok = s.quoted(); !ok && s.pos == start {
			name, ok = s.dashed(func() (string, bool) {
				part := s.until("(-:.,>)")
				return strings.TrimSpace(part), part != ""
			})
		}
		return ok
	})
	return name, ok
}

// path reads the steps of a JSON path; ok is false on a step that cannot be read.
func (s *scanner) path() (steps []PathStep, ok bool) {
	for {
		step := PathStep{}
		switch {
		case s.optionalWord("->>"):
			step.Text = true
		case s.optionalWord("->"):
		default:
			return steps, true
		}
		start := s.checkpoint()
		if step.Key, step.IsIndex = s.index(); !step.IsIndex {
			s.retry(start)
			if step.Key, ok = s.key(); !ok {
				return nil, false
			}
		}
		steps = append(steps, step)
		s.forget()
	}
}

// index reads an array index, which must end the step.
func (s *scanner) index() (string, bool) {
	sign := "+"
	if s.char('-') {
		sign = "-"
	}
	digits := s.digits()
	if digits == "" {
		return "", false
	}
	return sign + digits, s.peek("->") || s.peek("::") || s.peek(".") || s.peek(",") || s.end()
}

func (s *scanner) digits() string {
	n := 0
	rest := s.text[s.pos:]
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if n > 0 {
		s.move(n)
	}
	s.expect("digit")
	return rest[:n]
}

// field reads a name with a path.
func (s *scanner) field() (Field, bool) {
	s.spaces()
	name, ok := s.fieldName()
	if !ok {
		return Field{}, false
	}
	path, ok := s.path()
	if !ok {
		return Field{}, false
	}
	s.spaces()
	return Field{Name: name, Path: path}, true
}

// delimiter reads the dot between the parts of a parameter.
func (s *scanner) delimiter() bool {
	return s.named("delimiter (.)", func() bool { return s.char('.') })
}

// dotted reads names joined by dots.
func (s *scanner) dotted() ([]string, bool) {
	var out []string
	for {
		name, ok := s.fieldName()
		if !ok {
			return nil, false
		}
		out = append(out, name)
		if len(out) > 1 {
			s.forget()
		}
		if !s.delimiter() {
			return out, true
		}
	}
}

// names reads names joined by commas, as columns= and on_conflict= have them.
func (s *scanner) names() ([]string, bool) {
	var out []string
	for {
		name, ok := s.fieldName()
		if !ok {
			return nil, false
		}
		out = append(out, name)
		if len(out) > 1 {
			s.forget()
		}
		start := s.pos
		if !s.comma() {
			return out, s.pos == start
		}
	}
}

// comma reads a comma with blanks around it.
func (s *scanner) comma() bool {
	s.spaces()
	if !s.char(',') {
		return false
	}
	s.spaces()
	return true
}
