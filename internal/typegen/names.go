package typegen

import (
	"strconv"
	"strings"
	"unicode"
)

// names gives out exported Go identifiers, each once.
type names map[string]bool

// take returns an identifier for a name of the database: words joined, each with a capital. One that is taken gets a number.
func (n names) take(name string) string {
	base := identifier(name)
	out := base
	for i := 2; n[out]; i++ {
		out = base + strconv.Itoa(i)
	}
	n[out] = true
	return out
}

// takeAll returns base with each of the suffixes, or with a number before them if one of those is taken.
func (n names) takeAll(base string, suffixes ...string) string {
	free := func(candidate string) bool {
		for _, s := range suffixes {
			if n[candidate+s] {
				return false
			}
		}
		return true
	}
	out := base
	for i := 2; !free(out); i++ {
		out = base + strconv.Itoa(i)
	}
	for _, s := range suffixes {
		n[out+s] = true
	}
	return out
}

// identifier returns an exported Go identifier: message_from is MessageFrom, id is ID. Names that begin with no letter that has
// a capital begin with X.
func identifier(name string) string {
	var b strings.Builder
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, w := range words {
		if isInitialism(w) {
			b.WriteString(strings.ToUpper(w))
			continue
		}
		runes := []rune(w)
		b.WriteRune(unicode.ToUpper(runes[0]))
		b.WriteString(string(runes[1:]))
	}
	out := b.String()
	if out == "" {
		return "Empty"
	}
	if first := []rune(out)[0]; !unicode.IsUpper(first) {
		return "X" + out
	}
	return out
}

// isInitialism reports whether Go writes the word in capitals (Go wiki, Code Review Comments, Initialisms).
func isInitialism(word string) bool {
	switch strings.ToLower(word) {
	case "api", "ascii", "cpu", "css", "dns", "eof", "html", "http", "https", "id", "ip", "json", "jwt", "ram", "rpc", "sql", "ssh",
		"tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "utc", "utf8", "uuid", "vm", "xml":
		return true
	}
	return false
}

// taggable reports whether encoding/json takes the name in a struct tag, and the tag can be written between backquotes.
func taggable(name string) bool {
	if name == "" || name == "-" {
		return false
	}
	for _, r := range name {
		switch {
		case strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r):
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return false
		}
	}
	return true
}
