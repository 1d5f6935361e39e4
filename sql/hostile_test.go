package sql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// TestHostileQueries sends what no client would send. It must be refused with the given code, "" meaning that it may pass, and
// never take long: through allows twenty seconds, where what is linear takes some tens of milliseconds.
func TestHostileQueries(t *testing.T) {
	t.Parallel()
	const n = 1 << 19
	long := func(s string) string { return strings.Repeat(s, n/len(s)) }
	nested := func(open, inner, closing string, depth int) string {
		return strings.Repeat(open, depth) + inner + strings.Repeat(closing, depth)
	}
	queries := map[string]string{
		// depth
		"select=" + nested("films(", "id", ")", 500):  "PGRST100",
		"select=" + long("films("):                    "PGRST100",
		"select=" + long("...films("):                 "PGRST100",
		"and=(" + nested("and(", "id.eq.1", ")", 500): "PGRST100",
		"or=" + long("(or"):                           "PGRST100",
		"or=" + long("(not.or"):                       "PGRST100",
		"or=" + long("("):                             "PGRST100",
		"or=(id.eq.1" + long(")"):                     "",
		"select=id" + long(")"):                       "",
		"select=films(id":                             "PGRST100",
		"or=(id.eq.1":                                 "PGRST100",
		"or=(id.eq.1,and(id.eq.2)":                    "PGRST100",
		"id=in.(1,2":                                  "PGRST100",
		"order=films(id":                              "PGRST100",
		// length
		"select=" + strings.Repeat("id,", 2000) + "id":      "PGRST100",
		"select=" + long("id,") + "id":                      "PGRST100",
		"select=data" + strings.Repeat("->a", 5000):         "PGRST100",
		"select=data" + long("->a"):                         "PGRST100",
		"select=data" + long("->1"):                         "PGRST100",
		"data" + strings.Repeat("->a", 5000) + "=eq.1":      "PGRST100",
		"order=data" + strings.Repeat("->a", 5000):          "PGRST100",
		"or=(data" + strings.Repeat("->a", 5000) + ".eq.1)": "PGRST100",
		"select=" + strings.Repeat("a", 1<<20):              "",
		"select=" + long("a-"):                              "PGRST100",
		"select=" + long("a-") + "a":                        "",
		"select=" + long("-"):                               "",
		"select=" + long("a:"):                              "PGRST100",
		"select=" + long(":"):                               "",
		"select=id" + long("::a"):                           "PGRST100",
		"select=id" + long("!a"):                            "PGRST100",
		"select=" + long("a "):                              "",
		"select=" + long(" "):                               "PGRST100",
		"select=" + long("\t"):                              "PGRST100",
		"select=" + long(","):                               "",
		"select=" + long(`"`):                               "PGRST100",
		"select=\"" + long(`\"`):                            "PGRST100",
		"select=" + long(`"a",`) + "b":                      "PGRST100",
		"select=" + long("..."):                             "",
		"select=id" + long(".sum()"):                        "PGRST100",
		"select=" + long("%00"):                             "",
		"select=" + long("é"):                               "",
		long("a") + "=eq.1":                                 "",
		long("a.") + "=eq.1":                                "PGRST100",
		long("a.") + "b=eq.1":                               "PGRST108",
		long("a.") + "order=id":                             "PGRST108",
		long("a.") + "limit=1":                              "PGRST108",
		long("a.") + "or=(id.eq.1)":                         "PGRST108",
		long("not.") + "or=(id.eq.1)":                       "",
		"id=" + long("not."):                                "PGRST100",
		"id=eq." + long("x"):                                "",
		"id=in.(" + long("1,") + "1)":                       "",
		"id=in.(" + long(`"a,`):                             "PGRST100",
		"id=in.(" + long(`"\",`):                            "PGRST100",
		"id=in.(" + long(`"`):                               "PGRST100",
		"or=(" + long("id.eq.1,"):                           "PGRST100",
		"or=(" + long(`id.eq."`):                            "PGRST100",
		"or=(" + long("id.cs.{,"):                           "PGRST100",
		"or=(" + long("id.in.(,"):                           "PGRST100",
		"order=" + long("id,") + "id":                       "",
		"order=" + long("id."):                              "PGRST100",
		"columns=" + long("a,") + "a":                       "",
		"on_conflict=" + long("a,"):                         "PGRST100",
		// repeats
		long("id=eq.1&"):   "PGRST100",
		long("select=id&"): "",
		long("order=id&"):  "",
		long("limit=1&"):   "",
		long("a.limit=1&"): "PGRST108",
		long("&"):          "",
		long(";=&"):        "PGRST100",
		// names and values
		"=eq.1":              "PGRST100",
		".=eq.1":             "PGRST100",
		"%22%22=eq.1":        "",
		"select=%22%22":      "",
		"select=id::":        "PGRST100",
		"select=id::a'b":     "PGRST100",
		"select=id::a(1)":    "PGRST100",
		"select=id::%22a%22": "PGRST100",
		"id=eq.%FF":          "PGRST100",
		"id=eq.\xff":         "PGRST100",
		"%C3=eq.1":           "PGRST100",
		"select=%ED%A0%80":   "PGRST100",
		"id=eq.%00":          "",
		"id=wrong.1":         "PGRST100",
		"limit=99999999999999999999999999&offset=99999999999999999999999999":                        "",
		"limit=-99999999999999999999999999":                                                         "PGRST103",
		"limit=9223372036854775807&offset=9223372036854775807":                                      "",
		"films.limit=9223372036854775807&films.offset=-9223372036854775808&select=id,directors(id)": "PGRST108",
		"limit=1e400": "",
		"id=%":        "PGRST100",
		"id=%4":       "PGRST100",
	}
	c, set := parseCatalog(t, cinema), parseSettings(t, "role anon")
	for query, code := range queries {
		_, err := through(t, c, set, get("/films", query))
		switch {
		case err == nil && code != "":
			t.Errorf("%.60q passes, want %s", query, code)
		case err != nil && err.Code != code:
			t.Errorf("%.60q: got %.200v, want %q", query, err, code)
		case err != nil && err.Code == "PGRST100" && err.Details == "" && err.Hint == "":
			t.Errorf("%.60q: %.200v tells neither details nor hint", query, err)
		}
	}
}

// TestHostilePathsAndHeaders is TestHostileQueries for the rest of a request's head.
func TestHostilePathsAndHeaders(t *testing.T) {
	t.Parallel()
	const n = 1 << 19
	long := func(s string) string { return strings.Repeat(s, n/len(s)) }
	c, set := parseCatalog(t, cinema), parseSettings(t, "")
	for path, code := range map[string]string{
		"/%FF": "PGRST100", "/%00": "PGRST205", "/" + long("a"): "PGRST205", "/rpc/" + long("a"): "PGRST202", long("/"): "PGRST125",
		"/%2F": "PGRST205", "/films%2Fx": "PGRST205", "//": "PGRST125", "/rpc/": "PGRST202", "/%": "PGRST205", "films": "", "/rpc/%FF": "PGRST100",
	} {
		if _, err := through(t, c, set, get(path, "")); err == nil && code != "" || err != nil && err.Code != code {
			t.Errorf("%.60q: got %.100v, want %s", path, err, code)
		}
	}
	for _, header := range []string{"Accept", "Prefer", "Range", "Accept-Profile", "Content-Type"} {
		for _, value := range []string{
			"", " ", ",", ";", "=", `"`, "\x00", "\xff", "é", long(","), long(";"), long("="), long("a/b;c=d;"), long("a/b;q=1,"), long("*/*,"),
			long(`a/b;c="`), long("count=exact,"), long("max-affected=1,"), long("9"), long("0-"), "0-" + long("9"), "9-1", "-5",
			"application/vnd.pgrst.plan; for=\"" + long("application/vnd.pgrst.plan;") + "\"",
		} {
			src := get("/films", "")
			src.Header[header] = []string{value, value}
			_, err := through(t, c, set, src)
			if err != nil && strings.HasPrefix(err.Code, "5") {
				t.Fatalf("%s: %.60q: %v", header, value, err)
			}
		}
	}
}

// TestHostileBodies does the same for bodies.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	const n = 1 << 19
	long := func(s string) string { return strings.Repeat(s, n/len(s)) }
	c, set := parseCatalog(t, cinema), parseSettings(t, "")
	for _, test := range []struct{ contentType, body, code string }{
		{"application/json", long("["), "PGRST102"},
		{"application/json", long(`{"a":`), "PGRST102"},
		{"application/json", "[" + long("[],") + "[]]", "PGRST102"},
		{"application/json", "[" + long(`{"id":1},`) + `{"id":1}]`, ""},
		{"application/json", "[" + long(`{"id":1,"title":2},{"title":1,"id":2},`) + `{"id":1,"title":2}]`, ""},
		{"application/json", "[" + long(`{},`) + `{}]`, ""},
		{"application/json", long("\n"), "PGRST102"},
		{"application/json", "[" + long("\n") + "x", "PGRST102"},
		{"application/json", `"` + long(`\u0000`) + `"`, ""},
		{"application/json", `"` + long(`\`), "PGRST102"},
		{"application/json", "{" + long(`"a":1,`) + `"a":1}`, "PGRST204"},
		{"application/json", long("1"), ""},
		{"application/json", "\xff", "PGRST102"},
		{"application/json", "{\"id\":\"\xed\xa0\x80\"}", "PGRST102"},
		{"application/json", "\ufeff{}", "PGRST102"},
		{"application/json", "{\"\x00\":1}", "PGRST102"},
		{"application/json", `{"\u0000":1}`, "PGRST204"},
		{"application/json", `{"":1}`, "PGRST204"},
		{"text/csv", long(","), ""},
		{"text/csv", long("\n"), ""},
		{"text/csv", long("\r"), ""},
		{"text/csv", long(`"`), ""},
		{"text/csv", `"` + long(`""`), "PGRST102"},
		{"text/csv", "id\n" + long("1\n"), ""},
		{"text/csv", "id\n" + long("1\n") + "1,2", "PGRST102"},
		{"text/csv", "id\n\xff\n", "PGRST102"},
		{"text/csv", strings.Repeat("k", 10000) + "\n" + long("1\n"), "PGRST102"},
		{"text/csv", strings.Repeat("k", 10000) + "\n1\n", "PGRST204"},
		{"text/csv", strings.Repeat("a,", 2000) + "a\n" + strings.Repeat("1,", 2000) + "1", "PGRST204"},
		{"application/x-www-form-urlencoded", long("id=1&"), ""},
		{"application/x-www-form-urlencoded", long("%00=&"), "PGRST204"},
		{"application/x-www-form-urlencoded", "%FF=1", "PGRST102"},
		{"application/x-www-form-urlencoded", "id=\xff", "PGRST102"},
		{"text/plain", "x", "PGRST102"},
	} {
		src := &sql.Source{Method: "POST", Path: "/films", Header: map[string][]string{"Content-Type": {test.contentType}}, Body: []byte(test.body)}
		_, err := through(t, c, set, src)
		if err == nil && test.code != "" || err != nil && err.Code != test.code {
			t.Errorf("%s %.60q: got %.200v, want %q", test.contentType, test.body, err, test.code)
		}
	}
}

// TestHostileNames asks for suggestions in large catalogs, by names that are as similar and as long as can be.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	for _, size := range []int{499, 20000} {
		d := &schema.Definition{Schemas: []string{"api"}}
		origin := schema.Name{Schema: "api", Name: "origin"}
		d.Relations = append(d.Relations, &schema.Relation{Name: origin})
		for i := range size {
			name := schema.Name{Schema: "api", Name: fmt.Sprintf("%s%05d", strings.Repeat("ab", 29), i)}
			d.Relations = append(d.Relations, &schema.Relation{Name: name})
			d.ForeignKeys = append(d.ForeignKeys, schema.ForeignKey{
				Constraint: name.Name, Source: name, Target: origin, Columns: []schema.ColumnPair{{Source: "a", Target: "b"}},
			})
			params := make([]schema.Parameter, 100)
			for j := range params {
				params[j] = schema.Parameter{Name: fmt.Sprintf("%s%05d", strings.Repeat("ab", 29), j), Type: "text", CastType: "text", Required: true}
			}
			f := &schema.Routine{Name: name}
			if i < 50 {
				f = &schema.Routine{Name: schema.Name{Schema: "api", Name: "overloaded"}, Parameters: params[:100-i]}
			}
			d.Routines = append(d.Routines, f)
		}
		c, set := schema.New(d), parseSettings(t, "")
		for _, name := range []string{strings.Repeat("ab", 31), strings.Repeat("ab", 240), strings.Repeat("ab", 500000)} {
			for _, src := range []*sql.Source{
				get("/"+name, ""), get("/rpc/"+name, ""), get("/origin", "select="+name+"(id)"), get("/rpc/overloaded", name+"=1"),
				get("/rpc/overloaded", strings.Repeat("ab", 30)+"=1&"+name+"=2"),
			} {
				if _, err := through(t, c, set, src); err == nil {
					t.Fatalf("%d names: %.40s?%.40s", size, src.Path, src.RawQuery)
				}
			}
		}
	}
}
