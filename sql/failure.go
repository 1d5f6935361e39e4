package sql

import (
	"slices"
	"strconv"
	"strings"
)

// failure tells what was tried in vain at a place. Its rules are those of Haskell's Parsec library, with which PostgREST reads
// queries, so that the same error has the same words: of two failures the farther one counts, at the same place both; and what
// was tried before something was consumed is forgotten.
type failure struct {
	at       int // byte offset
	found    bool
	messages []message
}

type message struct {
	kind messageKind
	text string
}

type messageKind uint8

const (
	unexpectedChar messageKind = iota // the text is empty at the end of the input
	ruledOut                          // a character that must not be there; it takes precedence over unexpectedChar
	expected
)

// unexpected is the failure of finding char, empty for the end, instead of what label says if it is not empty.
func unexpected(at int, char, label string) failure {
	f := failure{at, true, make([]message, 1, 2)}
	if char != "" {
		f.messages[0].text = showString(char)
	}
	if label != "" {
		f.messages = append(f.messages, message{expected, label})
	}
	return f
}

func (f failure) merge(g failure) failure {
	switch {
	case !g.found:
		return f
	case !f.found, g.at > f.at:
		return g
	case f.at > g.at:
		return f
	}
	out := slices.Clone(f.messages)
	for _, m := range g.messages {
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return failure{f.at, true, out}
}

// named replaces what was expected by one name.
func (f failure) named(name string) failure {
	if !f.found {
		return f
	}
	out := []message{{expected, name}}
	for _, m := range f.messages {
		if m.kind != expected {
			out = append(out, m)
		}
	}
	return failure{f.at, true, out}
}

// error words the failure. what is the parameter's kind, for example "select parameter"; shown is the text that the client
// sent, which may differ from the text read.
func (f failure) error(what, shown, text string) *Error {
	line, column := position(text, f.at)
	return &Error{
		Code: CodeQuerySyntax,
		Message: `"failed to parse ` + what + " (" + shown + `)" (line ` + strconv.Itoa(line) + ", column " +
			strconv.Itoa(column) + ")",
		Details: f.details(),
	}
}

func (f failure) details() string {
	out := "unknown parse error"
	if i := slices.IndexFunc(f.messages, func(m message) bool { return m.kind == unexpectedChar }); i >= 0 {
		out = "unexpected end of input"
		if f.messages[i].text != "" {
			out = "unexpected " + f.messages[i].text
		}
	}
	if list := f.list(ruledOut); len(list) > 0 {
		out = "unexpected " + strings.Join(list, " or ")
	}
	list := f.list(expected)
	if len(list) == 0 {
		return out
	}
	last := len(list) - 1
	if last == 0 {
		return out + " expecting " + list[0]
	}
	return out + " expecting " + strings.Join(list[:last], ", ") + " or " + list[last]
}

func (f failure) list(kind messageKind) []string {
	var out []string
	for _, m := range f.messages {
		if m.kind == kind {
			out = append(out, m.text)
		}
	}
	return out
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

// showString writes a text in double quotes, what is not printable ASCII as Haskell escapes it.
func showString(s string) string { return `"` + escape(s, '"') + `"` }

// showRune is showString with single quotes.
func showRune(s string) string { return "'" + escape(s, '\'') + "'" }

func escape(s string, quote rune) string {
	control := [...]string{
		"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "a", "b", "t", "n", "v", "f", "r", "SO", "SI", "DLE", "DC1", "DC2", "DC3",
		"DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ':
			b.WriteString(`\` + control[r])
		case r < 127:
			b.WriteRune(r)
		case r == 127:
			b.WriteString(`\DEL`)
		default:
			b.WriteString(`\` + strconv.Itoa(int(r)))
		}
	}
	return b.String()
}

// read lets a parser read a text, and once more if it fails, to word the error.
func read[T any](text, what, shown string, maxDepth int, parse func(*scanner) (T, bool)) (T, *Error) {
	s := scanner{text: text, maxDepth: levels(maxDepth)}
	out, ok := parse(&s)
	if ok {
		return out, nil
	}
	if s.tooDeep {
		return out, s.tooDeepError(what)
	}
	s = scanner{text: text, maxDepth: s.maxDepth, record: recordPlaces}
	_, _ = parse(&s)
	s = scanner{text: text, maxDepth: s.maxDepth, record: recordAt, place: s.failure.at}
	out, _ = parse(&s)
	return out, s.failure.error(what, shown, text)
}
