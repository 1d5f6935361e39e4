package sql

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanner reads the text of one query parameter by recursive descent.
//
// Its methods follow a convention: one that returns false has failed, and has consumed something if pos has moved. Then the
// failure is final, unless retry takes it back. What fails without consuming leaves the way free for an alternative.
//
// A text is first read without recording anything. If that fails it is read again to find where the failure is that counts,
// and once more to find the words that PostgREST has for it; see failure and read.
type scanner struct {
	text string
	pos  int

	record  recording
	place   int     // recordAt records only there
	failure failure // of what was tried at the end of what has been read

	depth    int // of nested parentheses
	maxDepth int
	tooDeep  bool
}

// recording tells what is recorded of failures.
type recording uint8

const (
	recordNothing recording = iota
	recordPlaces
	recordAt
)

// checkpoint is a state of the scanner to which retry and back return.
type checkpoint struct {
	pos     int
	failure failure
}

func (s *scanner) checkpoint() checkpoint { return checkpoint{s.pos, s.failure} }

// retry takes back a failed attempt, as if it had failed without consuming anything.
func (s *scanner) retry(c checkpoint) {
	if s.record != recordNothing && s.pos != c.pos {
		s.failure = c.failure.merge(s.failure)
	}
	s.pos = c.pos
}

// back takes back a successful attempt, as if nothing had been tried.
func (s *scanner) back(c checkpoint) { s.pos, s.failure = c.pos, c.failure }

// move consumes n bytes. What failed before them is no longer of interest.
func (s *scanner) move(n int) {
	s.pos += n
	s.forget()
}

// forget drops what was tried at the end of an item of a list, before the next separator is tried; of the first item it is kept.
func (s *scanner) forget() {
	if s.record != recordNothing {
		s.failure = failure{}
	}
}

// records records a failure and reports whether its words are wanted, too.
func (s *scanner) records(at int) bool {
	switch s.record {
	case recordNothing:
		return false
	case recordPlaces:
		s.failure = s.failure.merge(failure{at: at, found: true})
		return false
	default:
		return at == s.place
	}
}

// expect records that the current character is none of what was tried. label may be empty.
func (s *scanner) expect(label string) {
	if s.records(s.pos) {
		s.failure = s.failure.merge(unexpected(s.pos, s.rune(s.pos), label))
	}
}

func (s *scanner) done() bool { return s.pos >= len(s.text) }

// rune returns the character at a position, empty at the end.
func (s *scanner) rune(at int) string {
	if at >= len(s.text) {
		return ""
	}
	_, n := utf8.DecodeRuneInString(s.text[at:])
	return s.text[at : at+n]
}

// named calls read. If it consumes nothing, what it expected is told by one name.
func (s *scanner) named(name string, read func() bool) bool {
	if s.record != recordAt {
		return read()
	}
	start := s.checkpoint()
	s.failure = failure{}
	ok := read()
	if s.pos == start.pos {
		s.failure = start.failure.merge(s.failure.named(name))
	}
	return ok
}

// char reads one given ASCII character.
func (s *scanner) char(c byte) bool {
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.move(1)
		return true
	}
	if s.records(s.pos) {
		s.failure = s.failure.merge(unexpected(s.pos, s.rune(s.pos), showString(string(rune(c)))))
	}
	return false
}

// word reads a given ASCII string. If only its beginning is there, that counts as consumed.
func (s *scanner) word(w string) bool {
	if strings.HasPrefix(s.text[s.pos:], w) {
		s.move(len(w))
		return true
	}
	n := 0
	for s.pos+n < len(s.text) && s.text[s.pos+n] == w[n] {
		n++
	}
	if n > 0 {
		s.forget()
	}
	if s.records(s.pos) {
		s.failure = s.failure.merge(unexpected(s.pos, s.rune(s.pos+n), showString(w)))
	}
	s.pos += n
	return false
}

// optionalWord is word, but consumes nothing if it fails.
func (s *scanner) optionalWord(w string) bool {
	if s.record == recordNothing {
		if strings.HasPrefix(s.text[s.pos:], w) {
			s.pos += len(w)
			return true
		}
		return false
	}
	start := s.checkpoint()
	if s.word(w) {
		return true
	}
	s.retry(start)
	return false
}

// peek reports whether the text goes on with w, without reading it.
func (s *scanner) peek(w string) bool {
	start := s.checkpoint()
	if s.word(w) {
		s.back(start)
		return true
	}
	s.retry(start)
	return false
}

// not reports whether something else than c follows, without reading it.
func (s *scanner) not(c byte) bool {
	start := s.checkpoint()
	if !s.char(c) {
		return true
	}
	s.ruleOut(s.pos, string(rune(c)))
	s.retry(start)
	return false
}

// ruleOut records that a character must not stand where it does.
func (s *scanner) ruleOut(at int, char string) {
	if s.records(at) {
		s.failure = s.failure.merge(failure{at, true, []message{{ruledOut, showRune(char)}}})
	}
}

// end reports whether the text is read to its end.
func (s *scanner) end() bool {
	return s.named("end of input", func() bool {
		if s.done() {
			s.expect("")
			return true
		}
		s.ruleOut(s.pos, s.rune(s.pos))
		return false
	})
}

// spaces reads blanks and tabs.
func (s *scanner) spaces() {
	n := 0
	for s.pos+n < len(s.text) && (s.text[s.pos+n] == ' ' || s.text[s.pos+n] == '\t') {
		n++
	}
	if n > 0 {
		s.move(n)
	}
	s.expect("")
}

// until reads up to one of the given ASCII characters, or the end, and returns what it read.
func (s *scanner) until(chars string) string {
	rest := s.text[s.pos:]
	n := strings.IndexAny(rest, chars)
	if n < 0 {
		n = len(rest)
	}
	if n > 0 {
		s.move(n)
	}
	s.expect("")
	return rest[:n]
}

// enter counts a nested parenthesis and reports whether the depth limit allows it.
func (s *scanner) enter() bool {
	s.depth++
	if s.depth > s.maxDepth {
		s.tooDeep = true
		return false
	}
	return true
}

func (s *scanner) leave() { s.depth-- }

// tooDeepError tells that the text nests deeper than the limit allows.
func (s *scanner) tooDeepError(what string) *Error {
	return &Error{
		Code:    CodeQuerySyntax,
		Message: "Nesting is too deep in the " + what,
		Details: "At most " + strconv.Itoa(s.maxDepth) + " levels are allowed",
		Hint:    "Split the request into several",
	}
}

// letterOrDigit reports whether r may stand in an unquoted name, beside "_", "$" and blanks.
func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || r >= '0' && r <= '9' }
