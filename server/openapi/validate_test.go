package openapi_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/openapi"
)

// chatDatabase runs the chat example's migrations.
func chatDatabase(t *testing.T) *pgtest.Database {
	t.Helper()
	files, err := fs.Glob(chat.Migrations(), "*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	var scripts []string
	for _, f := range files {
		text, err := fs.ReadFile(chat.Migrations(), f)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "---- create above / drop below ----")
		scripts = append(scripts, up)
	}
	return database(t, append(scripts, chat.Seed())...)
}

func validate31(t *testing.T, text []byte) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Errorf("validate: %v", err)
	}
	return doc
}

func validate20(t *testing.T, text []byte) {
	t.Helper()
	var doc openapi2.T
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatalf("read: %v", err)
	}
	converted, err := openapi2conv.ToV3(&doc)
	if err != nil {
		t.Fatalf("convert: %v", err)
	}
	if err := converted.Validate(t.Context()); err != nil {
		t.Errorf("validate: %v", err)
	}
}

// TestValid validates both documents of a schema with every type, and of the chat example as one of its users sees it.
func TestValid(t *testing.T) {
	t.Parallel()
	types := database(t, script(t, "types.sql"))
	small := database(t, script(t, "small.sql"))
	talk := chatDatabase(t)
	odd := database(t, script(t, "types.sql"), script(t, "odd.sql"))
	validate31(t, written(t, openapi.WriteOpenAPI, input(load(t, odd, "api"), nil)))
	for name, in := range map[string]*openapi.Input{
		"types":        input(load(t, types, "api"), nil),
		"second":       input(load(t, types, "public", "api"), nil),
		"small_writer": input(load(t, small, "api"), access(t, small, "openapi_writer")),
		"small_nobody": input(load(t, small, "api"), access(t, small, "openapi_nobody")),
		"chat":         input(load(t, talk, "api"), access(t, talk, "alice")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			validate31(t, written(t, openapi.WriteOpenAPI, in))
			validate20(t, written(t, openapi.WriteSwagger, in))
		})
	}
}

// TestRowsFitSchemas checks that the rows of tables with every type are what their schemas say.
func TestRowsFitSchemas(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "types.sql"), script(t, "odd.sql"))
	in := input(load(t, db, "api"), nil)
	text := written(t, openapi.WriteOpenAPI, in)
	doc := validate31(t, text)
	conn := db.Conn(t, "postgres")
	// The server casts by itself where a domain has a representation; to_json does not.
	if _, err := conn.Exec(t.Context(), "alter table api.everything alter a_shade type int"); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, r := range in.Catalog.Relations("api") {
		name := strings.NewReplacer("Odd.table-name", "Odd-2Etable-2Dname", `Odd table, (really) {x} "quoted"/~`,
			"Odd-20table-2C-20-28really-29-20-7Bx-7D-20-22quoted-22-2F-7E").Replace(r.Name.Name)
		ref := doc.Components.Schemas[name]
		if ref == nil {
			t.Errorf("no schema %s", name)
			continue
		}
		rows, err := conn.Query(t.Context(), "select to_json(x)::text from "+r.Name.Quoted()+" x")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			var row any
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(text), &row); err != nil {
				t.Fatal(err)
			}
			seen++
			if err := ref.Value.VisitJSON(row, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	if seen < 5 {
		t.Errorf("only %d rows were seen", seen)
	}
}
