package sqlscript

import "strings"

// Comment is the length of the comment /* … */ that text begins with, in bytes; of all of it if the comment does not end. Comments
// nest (PostgreSQL manual, 4.1.5 Comments).
func Comment(text string) int {
	for at, depth := 0, 0; at < len(text); {
		switch rest := text[at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			at += 2
		case strings.HasPrefix(rest, "*/"):
			at += 2
			if depth--; depth == 0 {
				return at
			}
		default:
			at++
		}
	}
	return len(text)
}

// DollarTag is the tag that text begins with, such as $$ or $body$, "" if a dollar there quotes nothing (PostgreSQL manual, 4.1.2.4
// Dollar-Quoted String Constants).
func DollarTag(text string) string {
	end := 1
	for end < len(text) && isWordByte(text[end]) {
		end++
	}
	if end >= len(text) || text[end] != '$' || '0' <= text[1] && text[1] <= '9' {
		return ""
	}
	return text[:end+1]
}
