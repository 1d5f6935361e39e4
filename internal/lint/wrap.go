package lint

import "strings"

// wrap puts calls of some functions into (select …), each with as much around it as is no matter of a row: its arguments, casts and
// operators up to the next column. Calls that stand in a (select …) without FROM stay. slow says whether a function is meant, by its
// name as pg_get_expr writes it.
func wrap(sql string, slow func(name string) bool) string {
	ts := tokens(sql)
	var spans [][2]int // indexes of the first and last token
	for i := range ts {
		first, name, open := callAt(ts, i)
		if open < 0 || !slow(name) {
			continue
		}
		end := closing(ts, open)
		if end < 0 || wrapped(ts, first) || !rowFree(ts[open:end+1]) {
			continue
		}
		first, end = widen(ts, first, end)
		if n := len(spans); n > 0 && first <= spans[n-1][1] {
			if first < spans[n-1][0] {
				spans[n-1] = [2]int{first, end}
			}
			continue
		}
		spans = append(spans, [2]int{first, end})
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		start, end := ts[s[0]].start, ts[s[1]].end
		b.WriteString(sql[at:start])
		b.WriteString("( SELECT " + sql[start:end] + ")")
		at = end
	}
	b.WriteString(sql[at:])
	return b.String()
}

// callAt says whether the token at i is the last part of a function's name before its arguments; first is the name's first token. open
// is the parenthesis, -1 if it is no call.
func callAt(ts []token, i int) (first int, name string, open int) {
	if i+1 >= len(ts) || !ts[i+1].is("(") || ts[i].kind != tokenName && ts[i].kind != tokenQuoted {
		return 0, "", -1
	}
	first, name = i, ts[i].name
	for first >= 2 && ts[first-1].is(".") {
		name = ts[first-2].name + "." + name
		first -= 2
	}
	if first > 0 && ts[first-1].is("::") {
		return 0, "", -1 // a type with its length
	}
	return first, name, i + 1
}

// enclosing returns the parenthesis that is open at i, -1 if there is none.
func enclosing(ts []token, i int) int {
	depth := 0
	for i--; i >= 0; i-- {
		switch {
		case ts[i].is(")"):
			depth++
		case ts[i].is("("):
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// wrapped says whether what stands at i is in a subquery that reads no table and no row around it.
func wrapped(ts []token, i int) bool {
	for open := enclosing(ts, i); open >= 0; open = enclosing(ts, open) {
		if open+1 < len(ts) && ts[open+1].word("SELECT") {
			end := closing(ts, open)
			return !hasFrom(ts, open) && end > 0 && rowFree(ts[open:end+1])
		}
	}
	return false
}

func hasFrom(ts []token, open int) bool {
	end, depth := closing(ts, open), 0
	for i := open; i < end; i++ {
		switch {
		case ts[i].is("("):
			depth++
		case ts[i].is(")"):
			depth--
		case depth == 1 && ts[i].word("FROM"):
			return true
		}
	}
	return false
}

// widen takes in what is around first to end: a cast behind it, and parentheses around it that have no column in them.
func widen(ts []token, first, end int) (int, int) {
	for {
		if end+2 < len(ts) && ts[end+1].is("::") && simpleType(ts, end+2) {
			end += 2
			continue
		}
		open := enclosing(ts, first)
		if open < 0 {
			return first, end
		}
		last := closing(ts, open)
		argument := open > 0 && (ts[open-1].kind == tokenName || ts[open-1].kind == tokenQuoted) && !operatorWord(ts[open-1])
		if last < 0 || argument || ts[open+1].word("SELECT") || !rowFree(ts[open:last+1]) {
			return first, end
		}
		first, end = open, last
	}
}

// simpleType says whether the type at i is one word, without a length and not the first word of a longer one.
func simpleType(ts []token, i int) bool {
	if ts[i].kind != tokenName || ts[i].word("timestamp") || ts[i].word("time") || ts[i].word("character") || ts[i].word("double") || ts[i].word("bit") || ts[i].word("interval") {
		return false
	}
	return i+1 >= len(ts) || !ts[i+1].is("(") && !ts[i+1].is("[") && !ts[i+1].is(".")
}

func operatorWord(t token) bool {
	for _, w := range []string{"AND", "OR", "NOT", "IN", "ANY", "ALL", "THEN", "ELSE", "WHEN", "SELECT", "WHERE", "ON", "IS", "LIKE", "BETWEEN"} {
		if t.word(w) {
			return true
		}
	}
	return false
}

// rowFree says whether no column stands among tokens, taking for a column each name that is no call, no type and no keyword. It
// may see a column where there is none, in types of several words; then less is wrapped, which is right too.
func rowFree(ts []token) bool {
	for i, t := range ts {
		switch t.kind {
		case tokenLiteral, tokenSymbol:
			continue
		case tokenName:
			if constantWord(t) {
				continue
			}
		}
		if i > 0 && (ts[i-1].is("::") || ts[i-1].word("AS")) || i+1 < len(ts) && ts[i+1].is("(") {
			continue
		}
		if i+1 < len(ts) && ts[i+1].is(".") {
			continue // its last part decides
		}
		return false
	}
	return true
}

func constantWord(t token) bool {
	for _, w := range []string{
		"AND", "OR", "NOT", "NULL", "TRUE", "FALSE", "IS", "CURRENT_USER", "CURRENT_ROLE", "SESSION_USER", "CURRENT_DATE", "CURRENT_TIMESTAMP",
		"SELECT", "AS", "CASE", "WHEN", "THEN", "ELSE", "END", "DISTINCT", "FROM", "ARRAY", "ROW", "COLLATE",
	} {
		if t.word(w) {
			return true
		}
	}
	return false
}
