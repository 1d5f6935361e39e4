package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting bounds groups and lists within each other, and files that import
// files. Nobody nests so deep; without a bound a file could exhaust the stack.
const maxNesting = 50

// directive is a statement of a configuration file: an import, a group of
// statements under a common prefix, or the binding of a value to a key.
type directive struct {
	line  int
	key   string
	value value
	// path is the file to import; only then isImport is true.
	path     string
	isImport bool
	// body is the group's contents; only then isGroup is true.
	body    []directive
	isGroup bool
}

// parser reads the format of the configurator library, PostgREST's:
//
//	file      = { statement newline }
//	statement = "import" string | key "=" value | key "{" { statement newline } "}"
//	key       = word { "." word }
//	value     = "on" | "off" | "true" | "false" | string | number | "[" value, … "]"
//
// "#" begins a comment; "#;" before a statement comments out all of it.
type parser struct {
	file string
	text string
	pos  int
	// Up to counted there are lines line breaks: line counts on from there.
	counted, lines int
}

// parseFile reads the statements of one file. name is for errors.
func parseFile(name, text string) (_ []directive, err error) {
	p := &parser{file: name, text: strings.TrimPrefix(text, "\ufeff")} // a byte order mark, as editors on Windows write it
	if !utf8.ValidString(p.text) {
		for p.pos < len(p.text) {
			r, size := utf8.DecodeRuneInString(p.text[p.pos:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			p.pos += size
		}
		return nil, p.errorf("this byte is not UTF-8")
	}
	p.skipSpace()
	out, err := p.directives(0)
	if err != nil {
		return nil, err
	}
	if p.pos < len(p.text) {
		return nil, p.errorf("unexpected %s; allowed: a setting such as key = \"value\", one a line", p.found())
	}
	return out, nil
}

// directives reads statements, one a line, until something that begins none.
func (p *parser) directives(depth int) ([]directive, error) {
	var out []directive
	for {
		d, ok, err := p.directive(depth)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if d != nil {
			out = append(out, *d)
		}
		p.skipLine()
		if !p.newline() {
			break
		}
		p.skipSpace()
	}
	p.skipSpace()
	return out, nil
}

// directive reads one statement. It gives nil for one that is commented out.
func (p *parser) directive(depth int) (d *directive, ok bool, err error) {
	if p.accept("#;") {
		// This skips a second "#;" too, so that the recursion is one deep.
		p.skipLine()
		_, ok, err := p.directive(depth)
		if err == nil && !ok {
			err = p.errorf("unexpected %s after #;, which comments out a setting; a comment begins with # and a space", p.found())
		}
		return nil, true, err
	}
	line := p.line()
	key, ok, err := p.identifier()
	if !ok || err != nil {
		return nil, false, err
	}
	p.skipSpace()
	if key == "import" {
		path, err := p.quoted()
		return &directive{line: line, path: path, isImport: true}, true, err
	}
	switch {
	case p.accept("="):
		p.skipSpace()
		v, err := p.value(depth)
		return &directive{line: line, key: key, value: v}, true, err
	case p.accept("{"):
		if depth >= maxNesting {
			return nil, false, p.errorf("more than %d groups within each other", maxNesting)
		}
		p.skipSpace()
		body, err := p.directives(depth + 1)
		if err != nil {
			return nil, false, err
		}
		if !p.accept("}") {
			return nil, false, p.errorf("unexpected %s; allowed: } or another setting on its own line", p.found())
		}
		return &directive{line: line, key: key, body: body, isGroup: true}, true, nil
	}
	return nil, false, p.errorf("unexpected %s after the key %q; allowed: = and a value", p.found(), key)
}

// identifier reads words joined by dots. A word begins with a letter.
func (p *parser) identifier() (string, bool, error) {
	start := p.pos
	for {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		if !unicode.IsLetter(r) {
			if p.pos == start {
				return "", false, nil
			}
			return "", false, p.errorf("unexpected %s; a part of a key begins with a letter", p.found())
		}
		p.pos += size
		p.pos += len(p.text[p.pos:]) - len(strings.TrimLeftFunc(p.text[p.pos:], isWordRune))
		if !p.accept(".") {
			return p.text[start:p.pos], true, nil
		}
	}
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || r == '_' || r == '-'
}

// skipSpace skips spaces, line breaks and comments, but not "#;".
func (p *parser) skipSpace() {
	for {
		p.pos += len(p.text[p.pos:]) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
		rest := p.text[p.pos:]
		if !strings.HasPrefix(rest, "#") || strings.HasPrefix(rest, "#;") {
			return
		}
		p.skipComment()
	}
}

// skipLine skips spaces, tabs and a comment up to the end of the line.
func (p *parser) skipLine() {
	p.pos += len(p.text[p.pos:]) - len(strings.TrimLeft(p.text[p.pos:], " \t"))
	if strings.HasPrefix(p.text[p.pos:], "#") {
		p.skipComment()
	}
}

func (p *parser) skipComment() {
	end := strings.IndexAny(p.text[p.pos:], "\r\n")
	if end < 0 {
		end = len(p.text) - p.pos
	}
	p.pos += end
}

func (p *parser) newline() bool { return p.accept("\n") || p.accept("\r\n") }

// accept steps over s if it comes next.
func (p *parser) accept(s string) bool {
	if !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	return true
}

// line is the number of the present line, from 1.
func (p *parser) line() int {
	if p.pos < p.counted {
		p.counted, p.lines = 0, 0
	}
	p.lines += strings.Count(p.text[p.counted:p.pos], "\n")
	p.counted = p.pos
	return 1 + p.lines
}

// found describes the next character for an error.
func (p *parser) found() string {
	r, size := utf8.DecodeRuneInString(p.text[p.pos:])
	switch {
	case size == 0:
		return "end of file"
	case r == '\n' || r == '\r':
		return "end of line"
	}
	return fmt.Sprintf("%q", r)
}

func (p *parser) errorf(format string, args ...any) error {
	lineStart := strings.LastIndex(p.text[:p.pos], "\n") + 1
	return &SyntaxError{
		File:    p.file,
		Line:    p.line(),
		Column:  1 + utf8.RuneCountInString(p.text[lineStart:p.pos]),
		Message: fmt.Sprintf(format, args...),
	}
}
