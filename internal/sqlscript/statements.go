// Package sqlscript finds places in SQL: where statements begin, for error messages, and where comments and quotes end.
package sqlscript

import (
	"strings"
	"unicode/utf8"
)

// Offset is the byte of text at a position that PostgreSQL gives, which counts characters from 1. Beyond the end it is the end.
func Offset(text string, position int) int {
	for i := range text {
		if position--; position <= 0 {
			return i
		}
	}
	return len(text)
}

// LineAndColumn turns a byte of text into a line and a character of it, both from 1.
func LineAndColumn(text string, offset int) (line, column int) {
	before := text[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[lineStart:]) + 1
}

// Statements finds where each statement of an SQL script begins: byte offsets, in order. It is for error messages, so a
// script that is malformed gives a useful guess, never an error. See the PostgreSQL manual, "Lexical Structure".
func Statements(script string) []int {
	s := statementScanner{script: script}
	for s.at < len(script) {
		s.next()
	}
	return s.starts
}

type statementScanner struct {
	script string
	at     int
	starts []int
	inside bool // a statement has begun
	parens int
	// blocks counts the BEGIN ATOMIC and the CASE that are open: a function's body in standard SQL has semicolons of its own.
	blocks int
	begin  bool // the word before was BEGIN
}

// next goes past one token.
func (s *statementScanner) next() {
	rest := s.script[s.at:]
	switch c := rest[0]; {
	case strings.ContainsRune(" \t\r\n\f\v", rune(c)):
		s.at++
		return
	case strings.HasPrefix(rest, "--"):
		s.skipPast("\n", 2)
		return
	case strings.HasPrefix(rest, "/*"):
		s.at += Comment(rest)
		return
	case c == ';' && s.parens <= 0 && s.blocks <= 0:
		s.at++
		s.inside, s.parens, s.blocks, s.begin = false, 0, 0, false
		return
	}
	if !s.inside {
		s.inside = true
		s.starts = append(s.starts, s.at)
	}
	switch c := rest[0]; {
	case c == '\'' || c == '"':
		s.skipPast(string(c), 1) // a doubled quote ends one string and begins another, to the same effect
	case c == '$':
		s.skipDollar()
	case isWordByte(c):
		s.word()
	default:
		switch c {
		case '(':
			s.parens++
		case ')':
			s.parens--
		}
		s.at++
	}
}

// word goes past a name, a key word or a number, and past the string of an E'...'.
func (s *statementScanner) word() {
	start := s.at
	for s.at < len(s.script) && (isWordByte(s.script[s.at]) || s.script[s.at] == '$') {
		s.at++
	}
	word := strings.ToLower(s.script[start:s.at])
	switch {
	case word == "e" && s.at < len(s.script) && s.script[s.at] == '\'':
		s.skipEscapeString()
	case word == "atomic" && s.begin:
		s.blocks = 1
	case word == "case" && s.blocks > 0:
		s.blocks++
	case word == "end" && s.blocks > 0:
		s.blocks--
	}
	s.begin = word == "begin"
}

// skipPast goes past the next end, which is looked for after some bytes, or to the end of the script.
func (s *statementScanner) skipPast(end string, after int) {
	if i := strings.Index(s.script[s.at+after:], end); i >= 0 {
		s.at += after + i + len(end)
		return
	}
	s.at = len(s.script)
}

func (s *statementScanner) skipEscapeString() {
	for s.at++; s.at < len(s.script); s.at++ {
		switch s.script[s.at] {
		case '\\':
			s.at++
		case '\'':
			s.at++
			return
		}
	}
	s.at = len(s.script)
}

// skipDollar goes past $tag$...$tag$, or past a dollar that quotes nothing.
func (s *statementScanner) skipDollar() {
	tag := DollarTag(s.script[s.at:])
	if tag == "" {
		s.at++
		return
	}
	s.skipPast(tag, len(tag))
}

// isWordByte tells whether c may be in a name. All bytes of letters beyond ASCII may.
func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= 0x80
}
