package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/openapi"
)

var update = flag.Bool("update", false, "write the documents into testdata")

func TestMain(m *testing.M) { pgtest.Main(m) }

// database makes one with the roles of the tests and runs the scripts in it.
func database(tb testing.TB, scripts ...string) *pgtest.Database {
	tb.Helper()
	roles := []string{
		pgtest.Role("openapi_reader", "nologin"), pgtest.Role("openapi_writer", "nologin"), pgtest.Role("openapi_nobody", "nologin"),
	}
	return pgtest.New(tb, append(roles, scripts...)...)
}

func script(tb testing.TB, name string) string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func load(tb testing.TB, db *pgtest.Database, schemas ...string) *schema.Catalog {
	tb.Helper()
	c, err := introspect.Load(tb.Context(), db.Conn(tb, "postgres"), introspect.Config{Schemas: schemas, ExtraSearchPath: []string{"public"}})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// access asks what a role may use of the schema api, with that schema as its search path.
func access(tb testing.TB, db *pgtest.Database, role string) *openapi.Access {
	tb.Helper()
	conn := db.Conn(tb, "postgres")
	if _, err := conn.Exec(tb.Context(), "set search_path = api; set role "+role); err != nil {
		tb.Fatal(err)
	}
	a := new(openapi.Access)
	result := conn.PgConn().ExecParams(tb.Context(), openapi.AccessibleSQL, [][]byte{[]byte("api")}, nil, nil, nil)
	for result.NextRow() {
		if err := a.Add(result.Values()); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := result.Close(); err != nil {
		tb.Fatal(err)
	}
	return a
}

// input shows what a allows, or all if it is nil.
func input(c *schema.Catalog, a *openapi.Access) *openapi.Input {
	return &openapi.Input{Catalog: c, Schema: "api", Access: a, IgnorePrivileges: a == nil, Host: "!4", Port: 3000, Anonymous: true, Version: "1.0"}
}

// object is a JSON object of a document.
type object = map[string]any

type writeFunc func(io.Writer, *openapi.Input) error

func written(tb testing.TB, write writeFunc, in *openapi.Input) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := write(&out, in); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func parsed(tb testing.TB, text []byte) object {
	tb.Helper()
	var doc object
	if err := json.Unmarshal(text, &doc); err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return doc
}

// at follows keys into a document; what is not there is nil.
func at(doc any, keys ...string) any {
	for _, k := range keys {
		m, _ := doc.(object)
		doc = m[k]
	}
	return doc
}

func keys(v any) []string {
	m, _ := v.(object)
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestGolden compares the documents of a small schema, as different roles see it, with testdata/*.json.
func TestGolden(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"))
	c := load(t, db, "api")
	all := input(c, nil)
	all.SecurityActive = true
	all.ProxyURI = "https://example.com/library"
	documents := map[string]struct {
		write writeFunc
		in    *openapi.Input
	}{
		"small_all.swagger.json":    {openapi.WriteSwagger, all},
		"small_reader.swagger.json": {openapi.WriteSwagger, input(c, access(t, db, "openapi_reader"))},
		"small_all.openapi.json":    {openapi.WriteOpenAPI, all},
		"small_reader.openapi.json": {openapi.WriteOpenAPI, input(c, access(t, db, "openapi_reader"))},
		"small_writer.openapi.json": {openapi.WriteOpenAPI, input(c, access(t, db, "openapi_writer"))},
		"small_nobody.openapi.json": {openapi.WriteOpenAPI, input(c, access(t, db, "openapi_nobody"))},
	}
	for name, d := range documents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := written(t, d.write, d.in)
			file := filepath.Join("testdata", name)
			var got bytes.Buffer
			if err := json.Indent(&got, text, "", "  "); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			got.WriteByte('\n')
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, got.Bytes()) {
				t.Errorf("differs from %s:%s", file, difference(string(want), got.String()))
			}
		})
	}
}

// difference shows the first lines that differ.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\nfrom line " + strings.Join(a[max(0, i-3):min(len(a), i+3)], "\n") + "\ngot " + strings.Join(b[max(0, i-3):min(len(b), i+3)], "\n")
		}
	}
	return " one is longer"
}
