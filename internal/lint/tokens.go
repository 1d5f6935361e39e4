package lint

import "strings"

// token is a word of the SQL that pg_get_expr writes. Only its kind and its place matter.
type token struct {
	kind       tokenKind
	start, end int // bytes
	// name is a name without its quotes, or the text of any other token.
	name string
}

type tokenKind int

const (
	tokenName tokenKind = iota
	tokenQuoted
	tokenLiteral
	tokenSymbol
)

// tokens takes SQL apart. It knows what pg_get_expr writes: names with and without quotes, texts ('…' and E'…'), numbers and
// symbols. There are no comments and no dollar quotes.
func tokens(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		start := i
		c := sql[i]
		switch {
		case c == ' ' || c == '\n' || c == '\t':
			i++
			continue
		case c == '\'' || (c == 'E' || c == 'B' || c == 'X') && i+1 < len(sql) && sql[i+1] == '\'':
			escapes := c == 'E'
			i = endOfText(sql, strings.IndexByte(sql[i:], '\'')+i, '\'', escapes)
			out = append(out, token{tokenLiteral, start, i, sql[start:i]})
		case c == '"':
			i = endOfText(sql, i, '"', false)
			out = append(out, token{tokenQuoted, start, i, strings.ReplaceAll(strings.Trim(sql[start:i], `"`), `""`, `"`)})
		case isNameByte(c) && (c < '0' || c > '9'):
			for i < len(sql) && isNameByte(sql[i]) {
				i++
			}
			out = append(out, token{tokenName, start, i, sql[start:i]})
		case '0' <= c && c <= '9':
			for i < len(sql) && (isNameByte(sql[i]) || sql[i] == '.') {
				i++
			}
			out = append(out, token{tokenLiteral, start, i, sql[start:i]})
		case strings.HasPrefix(sql[i:], "::"):
			i += 2
			out = append(out, token{tokenSymbol, start, i, "::"})
		default:
			i++
			out = append(out, token{tokenSymbol, start, i, sql[start:i]})
		}
	}
	return out
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}

// endOfText returns the place behind the quote that ends what begins with one at start.
func endOfText(sql string, start int, quote byte, escapes bool) int {
	for i := start + 1; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

// closing returns the index of the parenthesis that closes the one at open, -1 if there is none.
func closing(ts []token, open int) int {
	depth := 0
	for i := open; i < len(ts); i++ {
		switch ts[i].name {
		case "(":
			if ts[i].kind == tokenSymbol {
				depth++
			}
		case ")":
			if ts[i].kind == tokenSymbol {
				if depth--; depth == 0 {
					return i
				}
			}
		}
	}
	return -1
}

func (t token) is(symbol string) bool { return t.kind == tokenSymbol && t.name == symbol }

// word says whether it is a keyword.
func (t token) word(keyword string) bool {
	return t.kind == tokenName && strings.EqualFold(t.name, keyword)
}

// replaceKeyword writes another keyword for one.
func replaceKeyword(sql, keyword, other string) string {
	return rewrite(sql, func(t token) string {
		if t.word(keyword) {
			return other
		}
		return sql[t.start:t.end]
	})
}

func rewrite(sql string, each func(token) string) string {
	var b strings.Builder
	at := 0
	for _, t := range tokens(sql) {
		b.WriteString(sql[at:t.start])
		b.WriteString(each(t))
		at = t.end
	}
	b.WriteString(sql[at:])
	return b.String()
}

// missingOK gives each current_setting with one argument its second.
func missingOK(sql string) string {
	ts := tokens(sql)
	before := map[int]bool{} // the starts of closing parentheses to put it before
	for i := range ts {
		if !ts[i].word("current_setting") || i+1 >= len(ts) || !ts[i+1].is("(") {
			continue
		}
		end := closing(ts, i+1)
		comma := false
		for depth, j := 0, i+1; j < end; j++ {
			switch {
			case ts[j].is("("):
				depth++
			case ts[j].is(")"):
				depth--
			case ts[j].is(",") && depth == 1:
				comma = true
			}
		}
		if end > 0 && !comma {
			before[ts[end].start] = true
		}
	}
	return rewrite(sql, func(t token) string {
		if before[t.start] {
			return ", true" + t.name
		}
		return sql[t.start:t.end]
	})
}
