package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DeprecatedRoleClaimKey tells whether jwt-role-claim-key uses the path syntax
// from before PostgREST 16, which begins with "." or "[" rather than "$". See
// https://docs.postgrest.org/en/stable/references/auth.html#jwt-role-extraction.
func (c *Config) DeprecatedRoleClaimKey() bool { return !strings.HasPrefix(c.JWTRoleClaimKey, "$") }

// roleClaimKey makes the parameter for the path to the role in a token. A path by
// RFC 9535 is only checked for its outline; the room that evaluates it knows the
// rest and reports with [Config.Reject].
func roleClaimKey(name, doc string) Parameter {
	return newParameter(name, doc, Parameter{
		textual: true,
		reset:   func(c *Config) { c.JWTRoleClaimKey = "$.role" },
		set: func(c *Config, v value) *problem {
			path := v.text
			if !isPath(path) {
				var ok bool
				if path, ok = normalizeOldPath(v.text); !ok {
					return &problem{
						what:    fmt.Sprintf("failed to parse role-claim-key value (%s)", v.text),
						allowed: "a path by RFC 9535, such as $.realm_access.roles[0]; in a file write $$ for $",
					}
				}
			}
			c.JWTRoleClaimKey = path
			return nil
		},
		get: func(c *Config) string { return quote(c.JWTRoleClaimKey) },
	})
}

// isPath tells whether text has the outline of a JSONPath by RFC 9535: "$", then
// .name, .*, ..name, ..* or brackets, whose own brackets and quotes match.
func isPath(text string) bool {
	rest, ok := strings.CutPrefix(text, "$")
	for ok && rest != "" {
		rest = strings.TrimLeft(rest, " \t\r\n")
		dots := len(rest) - len(strings.TrimLeft(rest, "."))
		rest = rest[dots:]
		switch {
		case dots > 2 || rest == "":
			return false
		case rest[0] == '[' && dots != 1:
			rest, ok = cutBrackets(rest)
		case rest[0] == '*' && dots > 0:
			rest = rest[1:]
		case dots > 0:
			name, after := cutName(rest, "_")
			if name == "" || unicode.IsNumber([]rune(name)[0]) {
				return false
			}
			rest = after
		default:
			return false
		}
	}
	return ok
}

// cutBrackets cuts off a bracket and all up to the one that closes it.
func cutBrackets(text string) (rest string, ok bool) {
	depth, quoted := 0, rune(0)
	escaped := false
	for i, r := range text {
		switch {
		case escaped:
			escaped = false
		case quoted != 0 && r == '\\':
			escaped = true
		case quoted != 0:
			if r == quoted {
				quoted = 0
			}
		case r == '\'' || r == '"':
			quoted = r
		case r == '[':
			depth++
		case r == ']':
			if depth--; depth == 0 {
				return text[i+1:], strings.TrimSpace(text[1:i]) != ""
			}
		}
	}
	return "", false
}

// cutName cuts off letters, digits and the characters of extra.
func cutName(text, extra string) (name, rest string) {
	end := len(text) - len(strings.TrimLeftFunc(text, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune(extra, r)
	}))
	return text[:end], text[end:]
}

// normalizeOldPath checks a path in the older syntax, and quotes its names as
// PostgREST does when it prints one: .name or ."any name", [0], and at the end
// [?(@ == "value")] with ==, !=, ^==, ==^ or *==.
func normalizeOldPath(text string) (string, bool) {
	var b strings.Builder
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, `."`):
			name, after, ok := strings.Cut(rest[2:], `"`)
			if !ok {
				return "", false
			}
			b.WriteString(`."` + name + `"`)
			rest = after
		case rest[0] == '.':
			name, after := cutName(rest[1:], "_$@")
			if name == "" {
				return "", false
			}
			b.WriteString(`."` + name + `"`)
			rest = after
		case strings.HasPrefix(rest, "[?("):
			filter, ok := normalizeOldFilter(rest[3:])
			if !ok {
				return "", false
			}
			b.WriteString(filter)
			rest = ""
		default:
			index, after, ok := strings.Cut(strings.TrimPrefix(rest, "["), "]")
			if !ok || rest[0] != '[' || index == "" || strings.Trim(index, "0123456789") != "" {
				return "", false
			}
			b.WriteString("[" + index + "]")
			rest = after
		}
	}
	return b.String(), text != "" && utf8.ValidString(text)
}

// normalizeOldFilter checks what follows "[?(" up to the end of the path.
func normalizeOldFilter(text string) (string, bool) {
	const spaces = " \t\r\n\v\f"
	text, ok := strings.CutPrefix(text, "@")
	if !ok {
		return "", false
	}
	text = strings.TrimLeft(text, spaces)
	// The longer operators go first.
	for _, op := range []string{"==^", "==", "!=", "^==", "*=="} {
		operand, ok := strings.CutPrefix(text, op)
		if !ok {
			continue
		}
		operand = strings.TrimLeft(operand, spaces)
		operand, opened := strings.CutPrefix(operand, `"`)
		operand, rest, closed := strings.Cut(operand, `"`)
		if !opened || !closed || rest != ")]" {
			return "", false
		}
		return `[?(@ ` + op + ` "` + operand + `")]`, true
	}
	return "", false
}
