package sql_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

const mark = "MARK"

// templateParameters are parameters of a query; % stands for a value.
var templateParameters = []string{
	"id=eq.%", "id=neq.%", "year=gt.%", "year=gte.%", "title=lt.%", "title=lte.%", "data->>a=eq.%", "data->%=eq.%", "%=eq.%",
	"title=eq(any).%", "title=like.%", "title=not.eq.%", "id=in.(%,2)", "title=is.%", "title=isdistinct.%", "plot=fts.%", "plot=fts(%).%",
	"or=(id.eq.%,year.gt.%)", "directors.name=eq.%", "tint=eq.%", "id=%", "id=eq%", "limit=%", "offset=%", "order=%", "a=%", "b=%", "term=%", "page=%",
	"select=id,directors(name)&directors.name=eq.%", "select=*", "select=id,data->%", "select=%", "columns=%", "on_conflict=%", "id", "%",
	"films.limit=%", "title=eq.%;id=eq.%", "full_title=eq.%", "ti%74le=eq.%", "directors=%", "i.d=eq.%", "term=eq.%",
}

var templateValues = []string{
	"1", "2", "33", "-4", "x", "Title", "null", "not.eq.3", "eq.3", "eq", "in", "is", "not", "n", "fts.x", "a.b", "2024-01-01T00:00:00", "", "%2A", "a+b",
	"(1,2)", `"x"`, "{1}", "{", "%FF", "%00", "*", "MARK", "MARKa", "MARKb", "%4DARKa", "id", "film's", "%26", "%3D", "a=b", "é", "eq.MARKa", "0.5", "null.x",
}

func drawRequest(t *rapid.T, parameters []string, path, prefer string) *sql.Source {
	query := make([]string, len(parameters))
	for i, p := range parameters {
		for strings.Contains(p, "%") && !strings.Contains(p, "%74") {
			p = strings.Replace(p, "%", "\x00"+strings.ReplaceAll(rapid.SampledFrom(templateValues).Draw(t, "value"), "%", "\x01"), 1)
		}
		query[i] = strings.NewReplacer("\x00", "", "\x01", "%").Replace(p)
	}
	src := &sql.Source{Method: "GET", Path: path, RawQuery: strings.Join(query, "&"), Header: map[string][]string{}}
	if prefer != "" {
		src.Header["Prefer"] = []string{prefer}
	}
	return src
}

// became is what a request becomes, or the error.
func became(c *schema.Catalog, set *settings, src *sql.Source) (*sql.Request, *sql.Plan, *sql.Statement, *sql.Error) {
	r, err := sql.Parse(src, &set.options)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := sql.NewPlan(r, c, &set.plan, "")
	if err != nil || p.Media.Kind == sql.MediaOpenAPI {
		return nil, nil, nil, err
	}
	return r, p, sql.Build(p), nil
}

// TestTemplate draws two requests that differ in values only. If both have one template, then what the first became, with the
// values of the second, is what the second becomes by itself.
func TestTemplate(t *testing.T) {
	t.Parallel()
	c, set := parseCatalog(t, cinema), parseSettings(t, "")
	same := 0
	rapid.Check(t, func(t *rapid.T) {
		parameters := rapid.SliceOfN(rapid.SampledFrom(templateParameters), 0, 4).Draw(t, "parameters")
		path := rapid.SampledFrom([]string{"/films", "/paints", "/rpc/search", "/rpc/add", "/good_films"}).Draw(t, "path")
		prefer := rapid.SampledFrom([]string{"", "count=exact", "count=planned"}).Draw(t, "prefer")
		first, second := drawRequest(t, parameters, path, prefer), drawRequest(t, parameters, path, prefer)

		var a, b sql.Template
		if !a.Read(first, mark) || !b.Read(second, mark) || string(a.Key) != string(b.Key) {
			return
		}
		_, _, actual, err := became(c, set, first)
		if err != nil {
			return
		}
		keptRequest, keptPlan, kept, err := became(c, set, a.Source())
		if err != nil {
			return
		}
		holes, ok := a.Holes(actual, kept, mark)
		if !ok {
			return
		}
		same++
		request, plan, want, err := became(c, set, second)
		if err != nil {
			t.Fatalf("%s was refused, but has the template of %s: %v", second.RawQuery, first.RawQuery, err)
		}
		if got := b.With(kept, holes); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s by the template of %s became\n%s %v\nand by itself\n%s %v", second.RawQuery, first.RawQuery, got.SQL, got.Args, want.SQL, want.Args)
		}
		if keptRequest.Range != request.Range || !reflect.DeepEqual(keptRequest.Preferences, request.Preferences) ||
			keptPlan.Handler != plan.Handler || !reflect.DeepEqual(keptPlan.Media, plan.Media) || keptPlan.RunsCode != plan.RunsCode ||
			keptPlan.ReadOnly() != plan.ReadOnly() || !reflect.DeepEqual(keptPlan.Warnings, plan.Warnings) {
			t.Fatalf("%s has another plan than %s", second.RawQuery, first.RawQuery)
		}
		if got := sql.CanonicalQuery(second.RawQuery); request.Action == sql.Read && got != request.Canonical {
			t.Fatalf("canonical query %q, want %q", got, request.Canonical)
		}
		for i, arg := range kept.Args {
			if holes[i] >= 0 && !strings.HasPrefix(string(arg.Value), mark) {
				t.Fatalf("the value %q was kept", arg.Value)
			}
		}
	})
	if same == 0 {
		t.Error("no two requests had one template")
	}
}

// TestTemplateOfBody checks that what writes has no template.
func TestTemplateOfBody(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"POST", "PATCH", "PUT", "DELETE", "OPTIONS"} {
		var template sql.Template
		if template.Read(&sql.Source{Method: method, Path: "/films", RawQuery: "id=eq.1"}, mark) {
			t.Error(method)
		}
	}
}

// TestTemplateKeys checks that all that Parse reads tells templates apart.
func TestTemplateKeys(t *testing.T) {
	t.Parallel()
	header := func(name string, values ...string) map[string][]string { return map[string][]string{name: values} }
	keys := map[string]int{}
	for i, src := range []sql.Source{
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1"},
		{Method: "HEAD", Path: "/films", RawQuery: "id=eq.1"},
		{Method: "GET", Path: "/actors", RawQuery: "id=eq.1"},
		{Method: "GET", Path: "/films", RawQuery: "id=gt.1"},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1&"},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1&limit=1"},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Accept", "text/csv")},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Accept", "text/csv", "")},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Accept-Profile", "text/csv")},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Content-Type", "text/csv")},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Prefer", "text/csv")},
		{Method: "GET", Path: "/films", RawQuery: "id=eq.1", Header: header("Range", "text/csv")},
	} {
		var template sql.Template
		if !template.Read(&src, mark) {
			t.Fatalf("request %d has no template", i)
		}
		if other, ok := keys[string(template.Key)]; ok {
			t.Errorf("requests %d and %d have one template", other, i)
		}
		keys[string(template.Key)] = i
	}
}
