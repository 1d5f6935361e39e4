package sql_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

var update = flag.Bool("update", false, "write what comes out into testdata/*.txtar")

// TestGolden takes the requests of testdata/*.txtar through Parse, NewPlan and Build. In each archive the file "catalog" holds
// a catalog (parseCatalog) and "settings", if there, the settings (parseSettings) of the cases after it; every other file is a
// case: a request, a line "----", and what must come out.
//
// A request has a line with method and target, then headers, then an empty line and the body, if any. For people to read, a
// target may hold blanks and the like, which are escaped before they are used.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := parseSettings(t, "")
			var catalog *schema.Catalog
			for i := range archive.Files {
				f := &archive.Files[i]
				switch f.Name {
				case "catalog":
					catalog = parseCatalog(t, string(f.Data))
					continue
				case "settings":
					set = parseSettings(t, string(f.Data))
					continue
				}
				request, want, _ := strings.Cut(string(f.Data), "----\n")
				got := outcome(t, catalog, set, request)
				if *update {
					f.Data = []byte(request + "----\n" + got)
				} else if got != want {
					t.Errorf("%s\n%sgot\n%swant\n%s", f.Name, request, got, want)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

type settings struct {
	options sql.Options
	plan    sql.Settings
	role    string
}

// parseSettings reads one setting a line.
func parseSettings(tb testing.TB, text string) *settings {
	tb.Helper()
	s := &settings{options: sql.Options{Schemas: []string{"api"}, Limits: sql.DefaultLimits()}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch words[0] {
		case "schemas":
			s.options.Schemas = words[1:]
		case "root":
			s.options.RootRoutine = words[1]
		case "no-description":
			s.options.DescribeDisabled = true
		case "tx":
			s.options.AllowTransaction = true
		case "aggregates":
			s.plan.Aggregates = true
		case "plans":
			s.plan.Plans = true
		case "legacy-target-names":
			s.plan.LegacyTargetNames = true
		case "safe-update":
			s.plan.SafeUpdate = true
		case "max-rows":
			n, err := strconv.ParseInt(words[1], 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			s.plan.MaxRows = n
		case "role":
			s.role = words[1]
		default:
			tb.Fatalf("unknown setting %q", line)
		}
	}
	return s
}

// parseSource reads a request.
func parseSource(tb testing.TB, text string) *sql.Source {
	tb.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimRight(head, "\n"), "\n")
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok {
		tb.Fatalf("no target: %s", lines[0])
	}
	path, query, _ := strings.Cut(target, "?")
	src := &sql.Source{
		Method: method, Path: strings.ReplaceAll(path, " ", "%20"), RawQuery: query,
		Header: map[string][]string{}, Body: []byte(strings.TrimSuffix(body, "\n")),
	}
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			tb.Fatalf("no header: %s", line)
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		src.Header[name] = append(src.Header[name], strings.TrimSpace(value))
	}
	if method != http.MethodPost && method != http.MethodPut && method != http.MethodPatch {
		src.Body = nil
	}
	return src
}

// outcome writes the statement of a request, or its error, for people to compare.
func outcome(tb testing.TB, c *schema.Catalog, set *settings, request string) string {
	tb.Helper()
	r, err := sql.Parse(parseSource(tb, request), &set.options)
	if err != nil {
		return showError(err)
	}
	p, err := sql.NewPlan(r, c, &set.plan, set.role)
	if err != nil {
		return showError(err)
	}
	var out strings.Builder
	show := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	for _, w := range p.Warnings {
		show("warning: %s is also called %s", w.Relation, w.Alias)
	}
	switch r.Action {
	case sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema, sql.Describe:
		show("%s", map[sql.Action]string{
			sql.InfoRelation: "options of a relation", sql.InfoRoutine: "options of a routine",
			sql.InfoSchema: "options of the root", sql.Describe: "description as " + p.Media.Mime(),
		}[r.Action])
		return out.String()
	}
	s := sql.Build(p)
	show("%s", s.SQL)
	for i, a := range s.Args {
		show("$%d %s", i+1, showArg(a))
	}
	show("%s", shapes[s.Shape]+", "+p.Media.ContentType()+notes(p, s))
	for _, c := range s.Columns {
		show("%s: %s", c.Key, encodings[c.Encoding])
	}
	if q := s.PlanRows; q != nil {
		show("estimate: %s", q.SQL)
	}
	return out.String()
}

func showArg(a sql.Arg) string {
	switch {
	case a.Binary:
		return "binary " + strconv.Quote(string(a.Value))
	case a.Value == nil:
		return "null"
	case bytes.IndexByte(a.Value, 0) >= 0:
		return strconv.Quote(string(a.Value))
	default:
		return string(a.Value)
	}
}

func notes(p *sql.Plan, s *sql.Statement) string {
	out := ""
	if s.HasTotal {
		out += ", with total"
	}
	if p.ReadOnly() {
		out += ", read only"
	}
	if s.ReadsResponse {
		out += ", may set the response"
	}
	if applied := p.Request.Preferences.Applied(); applied != "" {
		out += ", applied " + applied
	}
	if s.Columns == nil && (s.Shape == sql.ShapeRows || s.Shape == sql.ShapeScalar) {
		out += ", columns unknown"
	}
	return out
}

var (
	shapes = []string{
		"rows", "scalar", "documents", "body", "lines", "count", "nothing", "location",
	}
	encodings = []string{"to_json", "verbatim", "boolean", "number", "string"}
)

func showError(e *sql.Error) string {
	out := e.Code + " " + e.Message + "\n"
	if e.Details != "" {
		out += "details: " + e.Details + "\n"
	}
	if e.DetailsJSON != nil {
		out += "details: " + strings.ReplaceAll(string(e.DetailsJSON), "},{", "},\n  {") + "\n"
	}
	if e.Hint != "" {
		out += "hint: " + e.Hint + "\n"
	}
	return out
}
