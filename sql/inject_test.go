package sql_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/sql"
)

// constants are the only texts in single quotes that statements hold; defaults of the catalog come to them.
var constants = regexp.MustCompile(`^(\[\]|\{\}|\{|type|FeatureCollection|features|pgrst\.inserted|0|-1||title|untitled)$`)

// checkStatement reads SQL text as PostgreSQL's lexer does (PostgreSQL manual, 4.1 Lexical Structure) and tells what is wrong: a
// quote that is not closed, an unknown constant, a placeholder without an argument or an argument without one, a byte outside
// of quotes that statements do not have.
func checkStatement(text string, args int) string {
	plain, constant, problem := lex(text)
	if problem != "" {
		return problem
	}
	for _, c := range constant {
		if !constants.MatchString(c) {
			return fmt.Sprintf("constant %q", c)
		}
	}
	if i := strings.IndexFunc(plain, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" _.,()*$:=<>~@&|-+#[]", r))
	}); i >= 0 {
		return fmt.Sprintf("%q outside of quotes", plain[i])
	}
	for _, bad := range []string{"--", "/*", ";"} {
		if strings.Contains(plain, bad) {
			return bad
		}
	}
	seen := make(map[int]bool)
	for _, m := range regexp.MustCompile(`\$([0-9]*)`).FindAllStringSubmatch(plain, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < 1 || n > args {
			return "placeholder " + m[0]
		}
		seen[n] = true
	}
	if len(seen) != args {
		return fmt.Sprintf("%d arguments for %d placeholders", args, len(seen))
	}
	return ""
}

// lex takes the quoted identifiers and constants out of SQL text.
func lex(text string) (plain string, constants []string, problem string) {
	var out strings.Builder
	for i := 0; i < len(text); {
		quote := text[i]
		if quote != '"' && quote != '\'' {
			out.WriteByte(quote)
			i++
			continue
		}
		if quote == '\'' && i > 0 && (text[i-1] == 'E' || text[i-1] == 'e') {
			return "", nil, "an escape constant"
		}
		end := i + 1
		for {
			n := strings.IndexByte(text[end:], quote)
			if n < 0 {
				return "", nil, "an open quote"
			}
			if end += n + 1; end == len(text) || text[end] != quote {
				break
			}
			end++
		}
		inner := text[i+1 : end-1]
		switch {
		case strings.IndexByte(inner, 0) >= 0:
			return "", nil, "a NUL byte"
		case quote == '\'':
			constants = append(constants, inner)
		case inner == "":
			out.WriteString("x") // PostgreSQL refuses an empty identifier, which does no harm
		}
		i = end
	}
	return out.String(), constants, ""
}

const marker = "Zq7"

// token draws a text with the marker in it, full of what could end a quotation.
func token(t *rapid.T, label string) string {
	part := rapid.SampledFrom([]string{
		"", "a", `"`, `'`, `""`, `\`, ";", "--", "/*", "$1", "$$", ")", "(", ",", ".", " ", "\x00", "é", "😀", "::", "->", "->>", "!", "%",
		"&", "=", "*", "\n", "\t", "E'", "U&\"", "or", "null", "1", "{", "}", "'; drop table films; --",
	})
	return part.Draw(t, label) + part.Draw(t, label) + marker + part.Draw(t, label) + part.Draw(t, label)
}

// rarely is true in one of thirty cases: most requests must be good, or no statement would be built.
func rarely(t *rapid.T) bool { return rapid.IntRange(0, 29).Draw(t, "rarely") == 13 }

// name is a token as a quoted name, or a bare name, or rarely the token as it is.
func name(t *rapid.T) string {
	s := token(t, "name")
	switch {
	case rarely(t):
		return s
	case rapid.Bool().Draw(t, "quoted"):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	default:
		return pick(t, "bare", "", "é ", "$_", "a-") + marker
	}
}

func pick(t *rapid.T, label string, choices ...string) string {
	return rapid.SampledFrom(choices).Draw(t, label)
}

func column(t *rapid.T) string {
	if rapid.Bool().Draw(t, "known") {
		return pick(t, "column", "id", "title", "data", "plot", "full_title", "name", "tint")
	}
	return name(t)
}

func field(t *rapid.T) string {
	out := column(t)
	for range rapid.IntRange(0, 2).Draw(t, "steps") {
		out += pick(t, "arrow", "->", "->>") + pick(t, "key", "0", "-1", name(t))
	}
	return out
}

// related are the names by which the relations of the cinema embed others.
var related = map[string][]string{
	"films": {"directors", "actors", "roles", "sequels", "director_id"}, "directors": {"films"}, "actors": {"roles", "films"},
	"roles": {"films", "actors"}, "director_id": {"films"}, "sequels": {"directors"}, "good_films": {"directors"}, "search": {"directors"},
}

func selectList(t *rapid.T, of string, depth int) string {
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		alias := pick(t, "alias", "", "", name(t)+":")
		if depth < 3 && len(related[of]) > 0 && rapid.IntRange(0, 2).Draw(t, "embed") == 0 {
			relation := pick(t, "relation", related[of]...)
			hint := pick(t, "hint", "", "!inner", "!left")
			if rarely(t) {
				relation = name(t)
			}
			if rarely(t) {
				hint = "!" + name(t)
			}
			if rapid.Bool().Draw(t, "spread") {
				alias = "..."
			}
			items = append(items, alias+relation+hint+"("+selectList(t, relation, depth+1)+")")
			continue
		}
		switch item := pick(t, "field", "*", "count()", field(t), field(t)); item {
		case "*":
			items = append(items, item)
		case "count()":
			items = append(items, alias+item)
		default:
			item += pick(t, "cast", "", "", "::int4", "::"+marker, "::"+marker+" x")
			items = append(items, alias+item+pick(t, "aggregate", "", "", "", ".sum()", ".max()::"+marker))
		}
	}
	return strings.Join(items, ",")
}

func operation(t *rapid.T, value func() string) string {
	not := pick(t, "not", "", "not.")
	switch op := pick(t, "operator", "eq", "gt", "like", "ilike(any)", "match(all)", "fts", "fts("+marker+")", "cs", "in", "is", "isdistinct", "neq"); {
	case rarely(t):
		return not + token(t, "operator") + "." + value()
	case op == "in":
		return not + "in.(" + pick(t, "list", "", marker, name(t)+","+marker) + ")"
	case op == "is":
		return not + "is." + pick(t, "is", "null", "true", "not_null")
	default:
		return not + op + "." + value()
	}
}

func logicTree(t *rapid.T, depth int) string {
	var parts []string
	for range rapid.IntRange(1, 3).Draw(t, "conditions") {
		if depth < 2 && rapid.IntRange(0, 3).Draw(t, "nest") == 0 {
			parts = append(parts, pick(t, "word", "and", "or", "not.and")+logicTree(t, depth+1))
		} else {
			quoted := func() string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(token(t, "value")) + `"` }
			parts = append(parts, field(t)+"."+operation(t, quoted))
		}
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// request draws a request in which every text that a client is free to choose has the marker.
func request(t *rapid.T) *sql.Source {
	path := pick(t, "path", "/films", "/films", "/films", "/good_films", "/paints", "/directors", "/rpc/search", "/rpc/add", "/rpc/anything", "/rpc/list",
		"/rpc/raw", "/odd%20%22name")
	if rarely(t) {
		path = "/" + sql.EscapeQuery(token(t, "relation"))
	}
	method := pick(t, "method", "GET", "GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
	var query []string
	add := func(key, value string) { query = append(query, sql.EscapeQuery(key)+"="+sql.EscapeQuery(value)) }
	if rapid.Bool().Draw(t, "select") {
		add("select", selectList(t, path[strings.LastIndexByte(path, '/')+1:], 0))
	}
	embedded := func() string {
		if rapid.IntRange(0, 7).Draw(t, "embedded") == 0 {
			return pick(t, "at", "directors.", "films.", name(t)+".")
		}
		return ""
	}
	for range rapid.IntRange(0, 2).Draw(t, "filters") {
		add(embedded()+field(t), operation(t, func() string { return token(t, "value") }))
	}
	if rapid.Bool().Draw(t, "order") {
		add(embedded()+"order", field(t)+pick(t, "direction", "", ".desc", ".asc.nullsfirst"))
	}
	if rapid.Bool().Draw(t, "logic") {
		add(embedded()+pick(t, "logic", "or", "and", "not.or"), logicTree(t, 0))
	}
	if method != "PUT" {
		add(embedded()+pick(t, "page", "limit", "offset"), pick(t, "number", "1", "0", "99999999999999999999", token(t, "number")))
	}
	switch {
	case path == "/rpc/search":
		add("term", token(t, "argument"))
	case path == "/rpc/list":
		add("v", token(t, "argument"))
	case path == "/rpc/add":
		add("a", token(t, "argument"))
		add("b", token(t, "argument"))
	case method == "PUT":
		query = []string{"id=eq." + sql.EscapeQuery(token(t, "id"))}
	case rarely(t):
		add(pick(t, "extra", "columns", "on_conflict"), pick(t, "value", "id", "id,title", name(t), token(t, "value")))
	}
	header := map[string][]string{
		"Prefer": {pick(t, "return", "return=representation", "return=headers-only", "return=minimal") + "," +
			pick(t, "count", "count=exact", "count=planned", "count=estimated", token(t, "prefer")) + "," +
			pick(t, "more", "resolution=merge-duplicates", "resolution=ignore-duplicates", "missing=default", "timezone="+token(t, "zone"))},
		"Accept": {pick(t, "accept", "*/*", "text/csv", "application/yaml", "application/geo+json", "application/vnd.pgrst.object+json",
			"application/vnd.pgrst.array+json;nulls=stripped", `application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|`+marker, "*/*,"+token(t, "accept"))},
		"Range": {pick(t, "range", "0-5", "0-", token(t, "range"))},
	}
	var body string
	keys := map[string][]string{
		"/films": {"id", "title"}, "/paints": {"tint"}, "/directors": {"name"}, "/rpc/search": {"term"}, "/rpc/list": {"v"}, "/odd%20%22name": {`a "b`},
	}[path]
	if keys == nil || rarely(t) {
		keys = []string{"id", token(t, "key")}
	}
	key := func() string {
		return string(sql.AppendJSONString(nil, pick(t, "key", keys...)))
	}
	object := func() string {
		return "{" + key() + ":" + string(sql.AppendJSONString(nil, token(t, "json"))) + "}"
	}
	switch pick(t, "content", "json", "json", "array", "csv", "form", "text") {
	case "json":
		body = object()
	case "array":
		body = "[" + object() + "]"
	case "csv":
		header["Content-Type"] = []string{"text/csv"}
		body = pick(t, "head", "id", "title", marker) + "\n" + marker + "\n"
	case "form":
		header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		body = "title=" + sql.EscapeQuery(token(t, "form"))
	case "text":
		header["Content-Type"] = []string{"text/plain"}
		body = token(t, "text")
	}
	return &sql.Source{Method: method, Path: path, RawQuery: strings.Join(query, "&"), Header: header, Body: []byte(body)}
}

// TestNothingReachesSQL makes requests in which every text of the client has a marker. Outside of quoted identifiers no
// statement may have it, and the identifiers must be quoted so that PostgreSQL reads them as one.
func TestNothingReachesSQL(t *testing.T) {
	t.Parallel()
	c, set := parseCatalog(t, cinema), everything(t)
	set.options.Limits = sql.Limits{}
	built, inIdentifier, inArgument := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		src := request(rt)
		s, err := through(t, c, set, src)
		if err != nil || s == nil {
			return
		}
		built++
		for _, text := range []string{s.SQL, planRows(s)} {
			plain, constants, _ := lex(text)
			if low := strings.ToLower(plain + strings.Join(constants, " ")); strings.Contains(low, strings.ToLower(marker)) {
				rt.Fatalf("%s %s?%s\nlets text into\n%s", src.Method, src.Path, src.RawQuery, text)
			}
			if strings.Contains(text, marker) {
				inIdentifier++
			}
		}
		for _, a := range s.Args {
			if strings.Contains(string(a.Value), marker) {
				inArgument++
				break
			}
		}
	})
	if built == 0 || inIdentifier == 0 || inArgument == 0 {
		t.Errorf("the requests are no good: %d were built, %d with the marker in identifiers, %d in arguments", built, inIdentifier, inArgument)
	}
	t.Logf("%d built, %d with the marker in identifiers, %d in arguments", built, inIdentifier, inArgument)
}

func planRows(s *sql.Statement) string {
	if s.PlanRows == nil {
		return ""
	}
	return s.PlanRows.SQL
}

// TestCheckStatement proves that the check itself would notice.
func TestCheckStatement(t *testing.T) {
	t.Parallel()
	for text, args := range map[string]int{
		`SELECT "a"" FROM b`: 0, `SELECT 'x'`: 0, `SELECT $2`: 1, `SELECT $1`: 0, `SELECT 1`: 1, `SELECT 1; x`: 0, `SELECT 1 -- x`: 0,
		`SELECT é`: 0, "SELECT \"a\x00\"": 0, `SELECT E'\''`: 0, `SELECT $$`: 0, `SELECT 1 /* x`: 0,
	} {
		if checkStatement(text, args) == "" {
			t.Errorf("nothing is wrong with %s", text)
		}
	}
	if problem := checkStatement(`SELECT "a""b;'" = $1, '[]'`, 1); problem != "" {
		t.Error(problem)
	}
}
