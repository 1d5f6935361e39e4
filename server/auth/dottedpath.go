package auth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// dottedPath is the role path of PostgREST before version 16: keys (.a or
// ."a b"), indices ([0]) and, as its last step, a comparison ([?(@ == "a")])
// that selects the first matching string of an array.
type dottedPath []dottedStep

// dottedStep is a key if op is opKey, an index if opIndex, else a comparison.
type dottedStep struct {
	op    string
	text  string // the key, or the text to compare with
	index int
}

const (
	opKey   = "."
	opIndex = "["
)

func (p dottedPath) first(claims *value) *value {
	v := claims
	for _, step := range p {
		if v = step.apply(v); v == nil {
			return nil
		}
	}
	return v
}

func (s dottedStep) apply(v *value) *value {
	switch s.op {
	case opKey:
		return v.get(s.text)
	case opIndex:
		if s.index < len(v.elems) {
			return &v.elems[s.index]
		}
		return nil
	}
	for i := range v.elems {
		if elem := &v.elems[i]; elem.kind == kindString && s.matches(elem.text) {
			return elem
		}
	}
	return nil
}

func (s dottedStep) matches(text string) bool {
	switch s.op {
	case "==":
		return text == s.text
	case "!=":
		return text != s.text
	case "^==":
		return strings.HasPrefix(text, s.text)
	case "==^":
		return strings.HasSuffix(text, s.text)
	default: // "*=="
		return strings.Contains(text, s.text)
	}
}

// parseDottedPath reads the whole of text as a dotted path.
func parseDottedPath(text string) (dottedPath, error) {
	var path dottedPath
	rest := text
	for rest != "" {
		if len(path) > 0 && path[len(path)-1].op != opKey && path[len(path)-1].op != opIndex {
			return nil, errors.New("a comparison must be the last step of the path")
		}
		step, after, err := parseDottedStep(rest)
		if err != nil {
			return nil, fmt.Errorf("at byte %d of %q: %w", len(text)-len(rest)+1, text, err)
		}
		path, rest = append(path, step), after
	}
	if path == nil {
		return nil, errors.New("the path is empty")
	}
	return path, nil
}

func parseDottedStep(s string) (step dottedStep, rest string, err error) {
	switch {
	case strings.HasPrefix(s, `."`):
		text, rest, ok := strings.Cut(s[2:], `"`)
		if !ok {
			return step, "", errors.New("a closing quote is missing")
		}
		return dottedStep{op: opKey, text: text}, rest, nil
	case strings.HasPrefix(s, "."):
		end := strings.IndexFunc(s[1:], func(r rune) bool {
			return r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsNumber(r) && !strings.ContainsRune("_$@", r)
		})
		if end < 0 {
			end = len(s) - 1
		}
		if end == 0 {
			return step, "", errors.New("a key is expected after the dot")
		}
		return dottedStep{op: opKey, text: s[1 : 1+end]}, s[1+end:], nil
	case strings.HasPrefix(s, "[?("):
		return parseDottedComparison(s[len("[?("):])
	case strings.HasPrefix(s, "["):
		digits, rest, ok := strings.Cut(s[1:], "]")
		index, err := strconv.ParseUint(digits, 10, 31)
		if !ok || err != nil {
			return step, "", errors.New("an index must be a whole number in brackets")
		}
		return dottedStep{op: opIndex, index: int(index)}, rest, nil
	}
	return step, "", errors.New("a path begins with $ (JSON path) or consists of .key, [index] and [?(@ == \"text\")]")
}

func parseDottedComparison(s string) (step dottedStep, rest string, err error) {
	s, ok := strings.CutPrefix(s, "@")
	if !ok {
		return step, "", errors.New("a comparison begins with @")
	}
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	for _, op := range [...]string{"==^", "==", "!=", "^==", "*=="} {
		if after, ok := strings.CutPrefix(s, op); ok {
			step.op, s = op, after
			break
		}
	}
	if step.op == "" {
		return step, "", errors.New("the operator must be one of == != ^== ==^ *==")
	}
	s, ok = strings.CutPrefix(strings.TrimLeftFunc(s, unicode.IsSpace), `"`)
	if !ok {
		return step, "", errors.New("the text to compare with must be in double quotes")
	}
	if step.text, s, ok = strings.Cut(s, `"`); !ok {
		return step, "", errors.New("a closing quote is missing")
	}
	if s, ok = strings.CutPrefix(s, ")]"); !ok {
		return step, "", errors.New("a comparison ends with )]")
	}
	return step, s, nil
}
