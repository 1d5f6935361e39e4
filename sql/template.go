package sql

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
)

// Template is what requests have in common that differ only in operands of plain comparisons and in arguments of functions:
// id=eq.5 and id=eq.6 have one template. Requests of one template become the same SQL text, with their own values as arguments,
// so that what one became can be kept for the others.
//
// The zero value is ready for Read, and may be used again and again.
type Template struct {
	// Key tells templates apart: it holds all of the request that Parse reads, with marks in place of Values. It is valid until the
	// next call of Read.
	Key []byte
	// Values are what was left out of Key, in the order of the query.
	Values []string

	source Source
	query  int // where the query begins in Key
}

// templateHeaders are the headers that Parse reads for a request without a body.
var templateHeaders = [...]string{"Accept", "Accept-Profile", "Content-Type", "Prefer", "Range"}

// maxTemplateKey bounds the size of a key, and so of what is kept for it.
const maxTemplateKey = 2048

// Read finds the template of a request. It reports false for those that have none that would be worth keeping: all with a body,
// and long ones. mark stands for the values in the key; a request must not be able to guess it.
func (t *Template) Read(src *Source, mark string) bool {
	if src.Method != "GET" && src.Method != "HEAD" || len(src.RawQuery) > maxTemplateKey || strings.IndexByte(src.RawQuery, ';') >= 0 {
		return false
	}
	t.source, t.Values = *src, t.Values[:0]
	key := appendCounted(t.Key[:0], src.Method)
	key = appendCounted(key, src.Path)
	for _, name := range templateHeaders {
		values := src.Header[name]
		key = binary.AppendUvarint(key, uint64(len(values)))
		for _, v := range values {
			key = appendCounted(key, v)
		}
	}
	t.query = len(key)
	ofRoutine := strings.HasPrefix(src.Path, "/rpc/")
	for rest, more := src.RawQuery, src.RawQuery != ""; more; {
		var part string
		part, rest, more = strings.Cut(rest, "&")
		start := valueStart(part, ofRoutine)
		if start >= 0 && isPlainValue(part[start:]) && len(t.Values) < maxHoles {
			key = append(append(append(key, part[:start]...), mark...), byte('a'+len(t.Values)))
			t.Values = append(t.Values, part[start:])
		} else {
			key = append(key, part...)
		}
		if more {
			key = append(key, '&')
		}
	}
	t.Key = key
	return len(key) <= maxTemplateKey
}

func appendCounted(key []byte, s string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(s))), s...)
}

// comparisons are the operators whose operand is always one argument.
var comparisons = [...]string{"eq.", "neq.", "gt.", "gte.", "lt.", "lte."}

// valueStart returns where the value begins in a parameter of a query, or -1 if the whole parameter belongs to the template.
func valueStart(part string, ofRoutine bool) int {
	equals := strings.IndexByte(part, '=')
	if equals < 0 || strings.IndexByte(part[:equals], '%') >= 0 {
		return -1
	}
	switch lastWord(part[:equals]) {
	case "select", "columns", "on_conflict", "order", "limit", "offset", "and", "or":
		return -1
	}
	value := part[equals+1:]
	for _, operator := range comparisons {
		if strings.HasPrefix(value, operator) {
			return equals + 1 + len(operator)
		}
	}
	// Filters, too, may follow the arguments of a function; their operators begin with a small letter.
	if ofRoutine && value != "" && (value[0] < 'a' || value[0] > 'z') {
		return equals + 1
	}
	return -1
}

// isPlainValue reports whether a value has only characters that mean nothing to the query language and stand for themselves
// in a query.
func isPlainValue(value string) bool {
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return value != ""
}

// Source returns the request with marks in place of its values: what is made of it holds nothing but what the key holds.
func (t *Template) Source() *Source {
	out := Source{Method: t.source.Method, Path: t.source.Path, RawQuery: string(t.Key[t.query:])}
	out.Header = make(map[string][]string, len(templateHeaders))
	for _, name := range templateHeaders {
		if values := t.source.Header[name]; values != nil {
			out.Header[name] = values
		}
	}
	return &out
}

// maxHoles is how many values a template may leave out: one for each letter that numbers them.
const maxHoles = 26

// Holes compares the statement of a request with that of its Source, and returns for each argument which of the Values it is,
// -1 for none. It reports false if the statements differ in anything else, or a value is no argument.
func (t *Template) Holes(actual, marked *Statement, mark string) ([]int, bool) {
	if actual.SQL != marked.SQL || len(actual.Args) != len(marked.Args) || actual.PlanRows != nil || marked.PlanRows != nil {
		return nil, false
	}
	holes := make([]int, len(actual.Args))
	found := make([]bool, len(t.Values))
	for i := range actual.Args {
		a, m := &actual.Args[i], &marked.Args[i]
		hole, isHole := bytes.CutPrefix(m.Value, []byte(mark))
		switch {
		case a.Binary != m.Binary:
			return nil, false
		case !isHole:
			if !bytes.Equal(a.Value, m.Value) {
				return nil, false
			}
			holes[i] = -1
		default:
			j := -1
			if len(hole) == 1 {
				j = int(hole[0] - 'a')
			}
			if j < 0 || j >= len(t.Values) || string(a.Value) != t.Values[j] {
				return nil, false
			}
			holes[i], found[j] = j, true
		}
	}
	return holes, !slices.Contains(found, false)
}

// With returns the statement with Values in place of the arguments that Holes found.
func (t *Template) With(st *Statement, holes []int) *Statement {
	out := *st
	if len(t.Values) == 0 {
		return &out
	}
	out.Args = make([]Arg, len(st.Args))
	size := 0
	for _, v := range t.Values {
		size += len(v)
	}
	text := make([]byte, 0, size*2)
	for i, hole := range holes {
		out.Args[i] = st.Args[i]
		if hole >= 0 {
			start := len(text)
			text = append(text, t.Values[hole]...)
			out.Args[i].Value = text[start:len(text):len(text)]
		}
	}
	return &out
}

// CanonicalQuery is Request.Canonical of a request with that query.
func CanonicalQuery(raw string) string { return canonicalQuery(parsePairs(raw)) }
