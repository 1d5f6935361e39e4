package sql_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// cinema is the catalog of the tests that make up requests.
const cinema = `
table directors (id int4 pk, name text)
table films (id int4 pk, title text = 'untitled', year int4, data jsonb, plot tsvector, director_id int4 -> directors.id)
table actors (id int4 pk, name text)
table roles (film_id int4 pk -> films.id, actor_id int4 pk -> actors.id, part text)
view good_films of films (id int4, title text, director_id int4)
table paints (id int4 pk, tint color)
table "odd ""name" (id int4 pk, "a ""b" text)
field films.full_title text
relationship films.sequels -> films
represent color as json by api.color_json
represent text as color by api.color_parse
represent json as color by api.color_parse_json
function search(term text, page int4 = 1) returns setof films stable
function add(a int4, b int4) returns int4
function anything() returns setof record
function list(variadic v text[]) returns text
function raw(json) returns json
handler yaml of anyelement for application/yaml
`

// everything switches on all that a request may ask for.
func everything(tb testing.TB) *settings {
	set := parseSettings(tb, "aggregates\nplans\ntx\nlegacy-target-names\nmax-rows 100")
	return set
}

// through takes a request through all steps. It fails if that takes absurdly long, as only work that grows with the square of
// the request's length does even on a busy machine, or if what comes out is malformed.
func through(tb testing.TB, c *schema.Catalog, set *settings, src *sql.Source) (*sql.Statement, *sql.Error) {
	tb.Helper()
	start := time.Now()
	defer func() {
		if took := time.Since(start); took > 20*time.Second {
			tb.Errorf("%.60q?%.60q took %v", src.Path, src.RawQuery, took)
		}
	}()
	checkError := func(err *sql.Error) {
		if err.Code == "" || err.Message == "" || !utf8.ValidString(err.Message+err.Details+err.Hint) {
			tb.Errorf("malformed error %#v", err)
		}
		if err.DetailsJSON != nil && !json.Valid(err.DetailsJSON) {
			tb.Errorf("malformed details %s", err.DetailsJSON)
		}
	}
	r, err := sql.Parse(src, &set.options)
	if err != nil {
		checkError(err)
		return nil, err
	}
	p, err := sql.NewPlan(r, c, &set.plan, "anyone")
	if err != nil {
		checkError(err)
		return nil, err
	}
	switch r.Action {
	case sql.Describe, sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema:
		return nil, nil
	}
	s := sql.Build(p)
	if problem := checkStatement(s.SQL, len(s.Args)); problem != "" {
		tb.Errorf("%s: %s", problem, s.SQL)
	}
	if q := s.PlanRows; q != nil {
		if problem := checkStatement(q.SQL, len(q.Args)); problem != "" {
			tb.Errorf("%s: %s", problem, q.SQL)
		}
	}
	return s, nil
}

func get(path, query string) *sql.Source {
	return &sql.Source{Method: "GET", Path: path, RawQuery: query, Header: map[string][]string{}}
}

// fuzzQuery fuzzes the value of one parameter.
func fuzzQuery(f *testing.F, query func(value string) string, seeds ...string) {
	c, set := parseCatalog(f, cinema), everything(f)
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		through(t, c, set, get("/films", query(sql.EscapeQuery(value))))
		if !strings.ContainsAny(value, "&;%+") {
			through(t, c, set, get("/films", query(value)))
		}
	})
}

func FuzzSelect(f *testing.F) {
	fuzzQuery(f, func(v string) string { return "select=" + v },
		"*", "id,a:title::text,data->a->>0", "directors(name,films(id))", "...directors!inner(*)", "x:actors!roles!left()", "year.sum()::int8,count()",
		`"a\"b"`, "sequels(*)", "a-b->c-d", "id::", "...directors(id.count())", "full_title,*")
}

func FuzzFilter(f *testing.F) {
	fuzzQuery(f, func(v string) string { return "title=" + v },
		"eq.1", `not.in.(1,"a\",b",c)`, "is.NULL", "like(any).{a*}", "fts(english).a b", "isdistinct.", "in.()", "eq(", "neq.")
}

func FuzzFilterName(f *testing.F) {
	fuzzQuery(f, func(v string) string { return "select=id,directors(id)&" + v + "=eq.1" },
		"id", "directors.id", "data->a->>0", `"a.b"`, "directors.order", "x.y.z", "directors.limit")
}

func FuzzLogic(f *testing.F) {
	fuzzQuery(f, func(v string) string { return "or=" + v },
		"(id.eq.1,and(id.gt.2,not.or(title.like.a*)))", `(title.eq."a,(b)",id.in.(1,2))`, "(tags.cs.{a,b})", "()", "(directors.is.null)")
}

func FuzzOrder(f *testing.F) {
	fuzzQuery(f, func(v string) string { return "select=id,directors(id)&order=" + v },
		"id.desc.nullslast,title", "directors(name).asc", "data->a->>0", "id.", "(")
}

// fuzzHeader fuzzes the value of a header.
func fuzzHeader(f *testing.F, name string, seeds ...string) {
	c, set := parseCatalog(f, cinema), everything(f)
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		src := get("/films", "limit=5")
		src.Header[name] = []string{value}
		through(t, c, set, src)
	})
}

func FuzzPrefer(f *testing.F) {
	fuzzHeader(f, "Prefer", "count=exact, handling=strict", "return=representation,max-affected=5", "timezone=Europe/Madrid", ",=,", "max-affected=99999999999999999999")
}

func FuzzAccept(f *testing.F) {
	fuzzHeader(f, "Accept", "*/*", "text/csv;q=0.5, application/json", `application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|verbose`,
		"application/vnd.pgrst.object+json;nulls=stripped", `a/b;c="`, "application/yaml;q=1e400", `application/vnd.pgrst.plan;for="application/vnd.pgrst.plan"`)
}

func FuzzRange(f *testing.F) {
	fuzzHeader(f, "Range", "0-9", "5-", "9-5", "99999999999999999999999-", "-", "0-99999999999999999999")
}

func FuzzMediaType(f *testing.F) {
	f.Add("application/json; charset=utf-8")
	f.Add(`a/b;c="d";e=f`)
	f.Fuzz(func(t *testing.T, text string) {
		m := sql.ParseMediaType(text)
		if again := sql.ParseMediaType(m.Mime()); again.Kind != m.Kind && m.Kind != sql.MediaPlan {
			t.Errorf("%q is read as %q, which is something else", text, m.Mime())
		}
	})
}

// fuzzBody fuzzes a body. What is accepted must be JSON.
func fuzzBody(f *testing.F, contentType string, seeds ...string) {
	c, set := parseCatalog(f, cinema), everything(f)
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/films", "/rpc/add", "/rpc/raw"} {
			src := &sql.Source{Method: "POST", Path: path, Header: map[string][]string{"Content-Type": {contentType}}, Body: body}
			r, err := sql.Parse(src, &set.options)
			if err == nil && r.Payload.Kind == sql.PayloadJSON && !json.Valid(r.Payload.Raw) {
				t.Errorf("%q is accepted as %q", body, r.Payload.Raw)
			}
			if err != nil && contentType == "application/json" && path == "/films" && json.Valid(body) && utf8.Valid(body) &&
				err.Message != "All object keys must match" && !strings.Contains(err.Details, "levels of nesting") {
				t.Errorf("%q is refused: %v, %s", body, err, err.Details)
			}
			through(t, c, set, src)
		}
	})
}

func FuzzJSON(f *testing.F) {
	fuzzBody(f, "application/json", `{"a":1}`, `[{"a":1,"b":"\u0041"},{"b":null,"a":[1e5,{}]}]`, "[]", "null", `{"a"`, "\"\xff\"", "[[[[", `{"a":1}x`, "-0.0e-0")
}

func FuzzCSV(f *testing.F) {
	fuzzBody(f, "text/csv", "a,b\n1,2\n", "a\r\n\"x\"\"y\r\nz\"\r\n", "id\nNULL\n\n", "a,b\n1", `a"b`, "\"a\nb", ",\n,\n", "\"a\" ,b\n")
}

func FuzzForm(f *testing.F) {
	fuzzBody(f, "application/x-www-form-urlencoded", "a=1&b=2", "a", "%FF=%", "a=+&a=;b", "=")
}

func FuzzRequest(f *testing.F) {
	c, set := parseCatalog(f, cinema), everything(f)
	f.Add("GET", "/films", "select=id,directors(*)&id=eq.1", "return=representation", "*/*", "0-1", []byte(nil))
	f.Add("POST", "/films", "columns=id&on_conflict=id", "resolution=merge-duplicates", "application/json", "", []byte(`{"id":1}`))
	f.Add("PATCH", "/films", "id=eq.1&or=(id.eq.2)", "return=representation,missing=default", "text/csv", "", []byte(`{"title":"x"}`))
	f.Add("PUT", "/films", "id=eq.1", "return=headers-only", "", "", []byte(`{"id":1}`))
	f.Add("DELETE", "/good_films", "select=directors(name)", "return=representation", "application/vnd.pgrst.object", "", []byte(nil))
	f.Add("POST", "/rpc/search", "select=title,...directors(name)&order=id", "count=exact", "application/yaml", "", []byte(`{"term":"x"}`))
	f.Add("GET", "/rpc/list", "v=1&v=2", "", "", "", []byte(nil))
	f.Add("OPTIONS", "/%22", "", "", "", "", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, query, prefer, accept, rows string, body []byte) {
		header := map[string][]string{"Prefer": {prefer}, "Accept": {accept}, "Range": {rows}}
		through(t, c, set, &sql.Source{Method: method, Path: path, RawQuery: query, Header: header, Body: body})
	})
}
