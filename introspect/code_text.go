package introspect

import (
	"bytes"
	"strings"
)

// treeNumbers returns the oids that a tree (see parseTargets) may mention: every word that is a number in the range of oids
// that are not built in, and the functions of FUNCEXPR nodes (:funcid), built in or not. Places in the source text
// (:location) are no oids. Each number comes once.
func treeNumbers(tree []byte) []uint32 {
	var out []uint32
	var last []byte
	for start := 0; start < len(tree); start++ {
		end := start
		for end < len(tree) && !separates(tree[end]) {
			end++
		}
		word := tree[start:end]
		start = end
		if len(word) == 0 {
			continue
		}
		if n, ok := number(word); ok && (n >= firstUserOID && !bytes.Equal(last, locationField) || bytes.Equal(last, functionField)) {
			if !containsLast(out, n) {
				out = append(out, n)
			}
		}
		last = word
	}
	return out
}

func separates(c byte) bool {
	switch c {
	case ' ', '\n', '\t', '(', ')', '{', '}', ',':
		return true
	default:
		return false
	}
}

var (
	locationField = []byte(":location")
	functionField = []byte(":funcid")
)

// containsLast looks for a number among the last few, since repeated ones mostly come together.
func containsLast(out []uint32, n uint32) bool {
	for i := len(out) - 1; i >= 0 && i >= len(out)-16; i-- {
		if out[i] == n {
			return true
		}
	}
	return false
}

func number(word []byte) (uint32, bool) {
	if len(word) > 10 {
		return 0, false
	}
	var n uint64
	for _, c := range word {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return uint32(n), n <= 1<<32-1
}

// onlySelects reports whether a tree's queries are all SELECT (:commandType 1), which is what a function's body must be to
// be harmless.
func onlySelects(tree []byte) bool {
	const field = ":commandType "
	for {
		i := bytes.Index(tree, []byte(field))
		if i < 0 {
			return true
		}
		tree = tree[i+len(field):]
		if !bytes.HasPrefix(tree, []byte("1 ")) {
			return false
		}
	}
}

// mentionsSystemRelation reports whether a tree reads a relation that is built in (:relid).
func mentionsSystemRelation(tree []byte) bool {
	const field = ":relid "
	for {
		i := bytes.Index(tree, []byte(field))
		if i < 0 {
			return false
		}
		tree = tree[i+len(field):]
		end := bytes.IndexByte(tree, ' ')
		if end < 0 {
			end = len(tree)
		}
		if n, ok := number(tree[:end]); ok && n > 0 && n < firstUserOID {
			return true
		}
	}
}

// maxName is the length at which PostgreSQL cuts a name, in bytes.
const maxName = 63

// sqlWords returns all words of the body of an SQL function that can be names, in lower case, quoted ones whole. ok is false if the
// body does something else than SELECT or VALUES, or if what PostgreSQL would read there is not sure.
//
// Everything that the body can refer to is among the words, but for operators and casts, whose code runs unnamed; strings
// cannot refer to anything, since the functions that take SQL or names of types as text are not harmless (code_functions.sql).
// The rules are those of the PostgreSQL manual, 4.1 Lexical Structure.
func sqlWords(body string) (words []string, ok bool) {
	// A backslash before a quote ends the string or not, depending on a setting and on an E before it.
	if strings.Contains(body, `\'`) || strings.Contains(strings.ToLower(body), `u&"`) {
		return nil, false
	}
	begins := true // a statement
	for i := 0; i < len(body); {
		c, rest := body[i], body[i:]
		end := 1
		switch {
		case strings.HasPrefix(rest, "--"):
			if end = strings.IndexAny(rest, "\n\r"); end < 0 {
				return words, true
			}
		case strings.HasPrefix(rest, "/*"):
			if end = commentEnd(rest); end < 0 {
				return nil, false
			}
		case c == '\'':
			if end = strings.IndexByte(rest[1:], '\'') + 2; end < 2 {
				return nil, false
			}
		case c == '"':
			word, n := quotedWord(rest)
			if n < 0 || len(word) > maxName || begins {
				return nil, false
			}
			words, end = append(words, strings.ToLower(word)), n
		case wordStart(c):
			for end < len(rest) && wordByte(rest[end]) {
				end++
			}
			word := strings.ToLower(rest[:end])
			if len(word) > maxName || forbiddenWord(word) || begins && !selects(word) {
				return nil, false
			}
			words, begins = append(words, word), false
		case c == '$' && (len(rest) == 1 || rest[1] < '0' || rest[1] > '9'): // a string in dollar quotes
			return nil, false
		case c == '$' || c >= '0' && c <= '9':
			for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
				end++
			}
		case c == ';':
			begins = true
		}
		i += end
	}
	return words, true
}

// selects reports whether a statement that begins with the word reads only.
func selects(word string) bool {
	return word == "select" || word == "with" || word == "values" || word == "table"
}

// forbiddenWord reports whether a word can make a SELECT do more than read.
func forbiddenWord(word string) bool {
	switch word {
	case "insert", "update", "delete", "merge", "into":
		return true
	default:
		return false
	}
}

func wordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func wordByte(c byte) bool { return wordStart(c) || c >= '0' && c <= '9' || c == '$' }

// quotedWord returns the name in quotes that text begins with, and where it ends.
func quotedWord(text string) (string, int) {
	var name strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			name.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			name.WriteByte('"')
			i++
			continue
		}
		return name.String(), i + 1
	}
	return "", -1
}

// commentEnd returns where the comment that text begins with ends; comments nest.
func commentEnd(text string) int {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
