package sql

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner reads the text of one query parameter. It keeps the farthest position at which reading failed together with what
// would have been accepted there, so that an error can name both, in the words that PostgREST uses.
//
// Recording a failure writes to fixed arrays: a request without errors allocates nothing for them.
type scanner struct {
	text string
	pos  int

	failPos    int
	unexpected string // the offending character; empty if nothing was recorded or at the end of the text
	atEnd      bool   // the offence was the end of the text
	rejected   string // a character that was explicitly ruled out; it takes precedence over unexpected
	expected   [24]string
	nExpected  int

	depth    int // of nested parentheses
	maxDepth int
	tooDeep  bool
}

// mark is the state of the failure record, for label.
type mark struct {
	failPos   int
	nExpected int
}

func (s *scanner) done() bool { return s.pos >= len(s.text) }

// record notes that what was tried at position at failed. offender is where the unexpected character stands.
func (s *scanner) record(at, offender int, expected string) {
	if at < s.failPos {
		return
	}
	if at > s.failPos {
		s.failPos, s.nExpected, s.unexpected, s.atEnd, s.rejected = at, 0, "", false, ""
	}
	if s.unexpected == "" && !s.atEnd {
		if offender >= len(s.text) {
			s.atEnd = true
		} else {
			_, n := utf8.DecodeRuneInString(s.text[offender:])
			s.unexpected = s.text[offender : offender+n]
		}
	}
	s.expect(expected)
}

func (s *scanner) expect(label string) {
	if label == "" || s.nExpected == len(s.expected) {
		return
	}
	for _, e := range s.expected[:s.nExpected] {
		if e == label {
			return
		}
	}
	s.expected[s.nExpected] = label
	s.nExpected++
}

// reject notes that the character at the current position must not stand there.
func (s *scanner) reject(expected string) {
	at := s.pos
	s.record(at, at, "")
	if s.failPos != at {
		return
	}
	if s.rejected == "" && at < len(s.text) {
		_, n := utf8.DecodeRuneInString(s.text[at:])
		s.rejected = s.text[at : at+n]
	}
	s.expect(expected)
}

func (s *scanner) mark() mark { return mark{s.failPos, s.nExpected} }

// label replaces what was expected since m by one name, if nothing was read since start.
func (s *scanner) label(m mark, start int, name string) {
	if s.pos != start || s.failPos < start {
		return
	}
	if s.failPos > m.failPos {
		s.nExpected = 0
	} else if s.nExpected == m.nExpected {
		return
	} else {
		s.nExpected = m.nExpected
	}
	s.expect(name)
}

// char reads one given ASCII character.
func (s *scanner) char(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	s.record(s.pos, s.pos, quotedChar[c])
	return false
}

// word reads a given string, or nothing.
func (s *scanner) word(w string) bool {
	if strings.HasPrefix(s.text[s.pos:], w) {
		s.pos += len(w)
		return true
	}
	i := 0
	for i < len(w) && s.pos+i < len(s.text) && s.text[s.pos+i] == w[i] {
		i++
	}
	s.record(s.pos, s.pos+i, quotedWord(w))
	return false
}

// peek reports whether the text goes on with w, without reading it.
func (s *scanner) peek(w string) bool {
	start := s.pos
	ok := s.word(w)
	s.pos = start
	return ok
}

// spaces reads blanks and tabs.
func (s *scanner) spaces() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
	s.record(s.pos, s.pos, "")
}

// end reports whether the text is read to its end.
func (s *scanner) end() bool {
	if s.done() {
		return true
	}
	s.reject("end of input")
	return false
}

// enter counts a nested parenthesis and reports whether the depth limit allows it.
func (s *scanner) enter() bool {
	s.depth++
	if s.maxDepth > 0 && s.depth > s.maxDepth {
		s.tooDeep = true
		return false
	}
	return true
}

func (s *scanner) leave() { s.depth-- }

// err returns the recorded failure as an error. what is the parameter's kind, for example "select parameter"; shown is the
// text that the client sent, which may differ from the text read.
func (s *scanner) err(what, shown string) *Error {
	if s.tooDeep {
		return &Error{
			Code:    CodeQuerySyntax,
			Message: "Nesting is too deep in the " + what,
			Details: "At most " + strconv.Itoa(s.maxDepth) + " levels are allowed",
			Hint:    "Split the request into several",
		}
	}
	line, column := position(s.text, s.failPos)
	return &Error{
		Code: CodeQuerySyntax,
		Message: `"failed to parse ` + what + " (" + shown + `)" (line ` + strconv.Itoa(line) + ", column " +
			strconv.Itoa(column) + ")",
		Details: s.details(),
	}
}

func (s *scanner) details() string {
	var b strings.Builder
	switch {
	case s.rejected != "":
		b.WriteString("unexpected " + showRune(s.rejected))
	case s.atEnd || s.unexpected == "":
		b.WriteString("unexpected end of input")
	default:
		b.WriteString("unexpected " + showString(s.unexpected))
	}
	if s.nExpected > 0 {
		b.WriteString(" expecting ")
		for i, e := range s.expected[:s.nExpected] {
			switch {
			case i == 0:
			case i == s.nExpected-1:
				b.WriteString(" or ")
			default:
				b.WriteString(", ")
			}
			b.WriteString(e)
		}
	}
	return b.String()
}

// position returns line and column, from 1, of a byte offset. A tab moves to the next multiple of eight.
func position(text string, at int) (line, column int) {
	line, column = 1, 1
	for _, r := range text[:min(at, len(text))] {
		switch r {
		case '\n':
			line++
			column = 1
		case '\t':
			column += 8 - (column-1)%8
		default:
			column++
		}
	}
	return line, column
}

// quotedChar holds every ASCII character in quotes, so that recording a failure allocates nothing.
var quotedChar = func() (out [128]string) {
	for i := range out {
		out[i] = showString(string(rune(i)))
	}
	return out
}()

func quotedWord(w string) string {
	if q, ok := quotedWords[w]; ok {
		return q
	}
	return showString(w)
}

// quotedWords are the words of the grammar in quotes.
var quotedWords = map[string]string{
	"->": `"->"`, "->>": `"->>"`, "::": `"::"`, "...": `"..."`, "(": `"("`, ")": `")"`, ",": `","`, ".": `"."`, "*": `"*"`,
	"not": `"not"`, "count()": `"count()"`, "()": `"()"`, "{": `"{"`, "}": `"}"`, "left": `"left"`, "inner": `"inner"`,
	"asc": `"asc"`, "desc": `"desc"`, "nullsfirst": `"nullsfirst"`, "nullslast": `"nullslast"`,
}

// showString writes a text in double quotes, what is not printable ASCII as an escape with its decimal code.
func showString(s string) string { return `"` + escape(s, '"') + `"` }

// showRune is showString with single quotes.
func showRune(s string) string { return "'" + escape(s, '\'') + "'" }

func escape(s string, quote rune) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ' && r < 127:
			b.WriteRune(r)
		case r >= 7 && r <= 13:
			b.WriteByte('\\')
			b.WriteByte("abtnvfr"[r-7])
		default:
			b.WriteString(`\` + strconv.Itoa(int(r)))
		}
	}
	return b.String()
}

// letterOrDigit reports whether r may stand in an unquoted name, beside "_", "$" and blanks.
func letterOrDigit(r rune) bool {
	return unicode.IsLetter(r) || unicode.Is(unicode.Nd, r) || unicode.IsDigit(r)
}
