package sql

import (
	"strings"
	"unicode/utf8"
)

const fieldNameLabel = "field name (* or [a..z0..9_$])"

// fieldName reads a name: quoted, or identifiers joined by dashes.
func (s *scanner) fieldName() (string, bool) {
	m, start := s.mark(), s.pos
	name, ok := s.quoted()
	if !ok && s.pos == start {
		name, ok = s.dashed(s.identifier)
	}
	s.label(m, start, fieldNameLabel)
	return name, ok
}

// quoted reads a text in double quotes, in which a backslash escapes the character after it.
func (s *scanner) quoted() (string, bool) {
	if !s.char('"') {
		return "", false
	}
	start := s.pos
	for i := start; i < len(s.text); i++ {
		switch s.text[i] {
		case '"':
			s.pos = i + 1
			return s.text[start:i], true
		case '\\':
			return s.quotedEscaped(start, i)
		}
	}
	s.pos = len(s.text)
	s.record(s.pos, s.pos, `"\""`)
	s.expect(`"\\"`)
	return "", false
}

func (s *scanner) quotedEscaped(start, i int) (string, bool) {
	var b strings.Builder
	b.WriteString(s.text[start:i])
	for i < len(s.text) {
		switch s.text[i] {
		case '"':
			s.pos = i + 1
			return b.String(), true
		case '\\':
			if i++; i == len(s.text) {
				s.pos = i
				s.record(i, i, "")
				return "", false
			}
		}
		_, n := utf8.DecodeRuneInString(s.text[i:])
		b.WriteString(s.text[i : i+n])
		i += n
	}
	s.pos = len(s.text)
	s.record(s.pos, s.pos, `"\\"`)
	s.expect(`"\""`)
	return "", false
}

// dashed reads parts joined by dashes that are not the beginning of an arrow.
func (s *scanner) dashed(part func() (string, bool)) (string, bool) {
	first, ok := part()
	if !ok {
		return "", false
	}
	out := first
	for {
		at := s.pos
		if !s.char('-') {
			return out, true
		}
		if s.pos < len(s.text) && s.text[s.pos] == '>' {
			s.reject("")
			s.pos = at
			return out, true
		}
		next, ok := part()
		if !ok {
			return "", false
		}
		out += "-" + next
	}
}

// identifier reads letters, digits, "_", "$" and blanks, and trims it.
func (s *scanner) identifier() (string, bool) {
	start := s.pos
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c < utf8.RuneSelf {
			if !asciiIdentifier[c] {
				break
			}
			s.pos++
			continue
		}
		r, n := utf8.DecodeRuneInString(s.text[s.pos:])
		if !letterOrDigit(r) {
			break
		}
		s.pos += n
	}
	s.record(s.pos, s.pos, "letter")
	s.expectAt(s.pos, "digit")
	if s.pos == start {
		return "", false
	}
	return strings.TrimSpace(s.text[start:s.pos]), true
}

// expectAt adds to what is expected if at is the recorded position.
func (s *scanner) expectAt(at int, label string) {
	if s.failPos == at {
		s.expect(label)
	}
}

var asciiIdentifier = func() (out [utf8.RuneSelf]bool) {
	for c := range out {
		b := byte(c)
		out[c] = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '$' || b == ' '
	}
	return out
}()

const keyLabel = "any non reserved character different from: .,>()"

// key reads a key of a JSON path: quoted, or anything but the reserved characters.
func (s *scanner) key() (string, bool) {
	m, start := s.mark(), s.pos
	name, ok := s.quoted()
	if !ok && s.pos == start {
		name, ok = s.dashed(s.keyPart)
	}
	s.label(m, start, keyLabel)
	return name, ok
}

func (s *scanner) keyPart() (string, bool) {
	start := s.pos
	for s.pos < len(s.text) && strings.IndexByte("(-:.,>)", s.text[s.pos]) < 0 {
		s.pos++
	}
	s.record(s.pos, s.pos, "")
	if s.pos == start {
		return "", false
	}
	return strings.TrimSpace(s.text[start:s.pos]), true
}

// path reads the steps of a JSON path; ok is false on a step that cannot be read.
func (s *scanner) path() (steps []PathStep, ok bool) {
	for {
		step := PathStep{}
		switch {
		case s.word("->>"):
			step.Text = true
		case s.word("->"):
		default:
			return steps, true
		}
		start := s.pos
		if index, found := s.index(); found {
			step.IsIndex, step.Key = true, index
		} else {
			s.pos = start
			if step.Key, found = s.key(); !found {
				return nil, false
			}
		}
		steps = append(steps, step)
	}
}

// index reads an array index, which must end the step.
func (s *scanner) index() (string, bool) {
	sign := "+"
	if s.char('-') {
		sign = "-"
	}
	start := s.pos
	for s.pos < len(s.text) && s.text[s.pos] >= '0' && s.text[s.pos] <= '9' {
		s.pos++
	}
	s.record(s.pos, s.pos, "digit")
	if s.pos == start {
		return "", false
	}
	digits := s.text[start:s.pos]
	if s.peek("->") || s.peek("::") || s.peek(".") || s.peek(",") || s.end() {
		return sign + digits, true
	}
	return "", false
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
	m, start := s.mark(), s.pos
	ok := s.char('.')
	s.label(m, start, "delimiter (.)")
	return ok
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
		start := s.pos
		s.spaces()
		if !s.char(',') {
			return out, s.pos == start // blanks with no comma after them are an error
		}
		s.spaces()
	}
}
