package openapi_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/openapi"
)

// TestAccess checks what roles see of a schema: no name that is not theirs appears anywhere in either document.
func TestAccess(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"))
	c := load(t, db, "api")
	for _, tt := range []struct {
		role     string
		paths    []string
		unspoken []string
	}{
		{
			"openapi_reader",
			[]string{"/", "/author", "/book", "/poems", "/rpc/search", "/titles"},
			[]string{"secret", "hidden", "burn"},
		},
		{
			"openapi_writer",
			[]string{"/", "/author", "/book", "/rpc/burn", "/rpc/search"},
			[]string{"secret", "hidden", "poems", "titles"},
		},
		{
			"openapi_nobody",
			[]string{"/"},
			[]string{"author", "book", "poems", "titles", "secret", "burn", "hidden"},
		},
		{
			"postgres",
			[]string{"/", "/author", "/book", "/poems", "/rpc/burn", "/rpc/hidden", "/rpc/search", "/secret", "/titles"},
			nil,
		},
	} {
		in := input(c, access(t, db, tt.role))
		for _, write := range []writeFunc{openapi.WriteSwagger, openapi.WriteOpenAPI} {
			text := written(t, write, in)
			if got := keys(at(parsed(t, text), "paths")); !slices.Equal(got, tt.paths) {
				t.Errorf("%s: paths %q, want %q", tt.role, got, tt.paths)
			}
			for _, name := range tt.unspoken {
				if regexp.MustCompile(`\b` + name + `\b`).Match(text) {
					t.Errorf("%s: the document mentions %s", tt.role, name)
				}
			}
		}
	}
}

// TestColumnPrivileges checks that OpenAPI 3.1 shows columns only for what may be done with them.
func TestColumnPrivileges(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"))
	c := load(t, db, "api")
	reader := parsed(t, written(t, openapi.WriteOpenAPI, input(c, access(t, db, "openapi_reader"))))
	writer := parsed(t, written(t, openapi.WriteOpenAPI, input(c, access(t, db, "openapi_writer"))))
	for _, tt := range []struct {
		doc  object
		path []string
		want []string
	}{
		{reader, []string{"paths", "/book"}, []string{"get"}},
		{reader, []string{"components", "schemas", "book", "properties"}, []string{"author_id", "genre", "isbn", "title"}},
		{writer, []string{"paths", "/book"}, []string{"delete", "get", "patch", "post", "put"}},
		{writer, []string{"components", "schemas", "book.update", "properties"}, []string{"price", "title"}},
		{writer, []string{"paths", "/author"}, []string{"get", "post"}},
		{writer, []string{"components", "schemas", "author", "properties"}, []string{"id"}},
		{writer, []string{"components", "schemas", "author.insert", "properties"}, []string{"name"}},
	} {
		if got := keys(at(tt.doc, tt.path...)); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.path, got, tt.want)
		}
	}
}

// TestAccessStale checks that what came or went since the catalog was read does no harm.
func TestAccessStale(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"))
	c := load(t, db, "api")
	db.Exec(t, `drop function api.search(text, int); drop materialized view api.titles;
		create table api.later (id int); grant select on api.later to openapi_reader;
		create function api.burn(text) returns int language sql as 'select 1';
		create function api.search(text, bigint) returns int language sql as 'select 1'`)
	a := access(t, db, "openapi_writer")
	doc := parsed(t, written(t, openapi.WriteSwagger, input(c, a)))
	if at(doc, "paths", "/later") != nil || at(doc, "paths", "/rpc/burn") == nil {
		t.Errorf("paths %q", keys(at(doc, "paths")))
	}
	post, _ := at(doc, "paths", "/rpc/search", "post", "parameters").([]any)
	if len(post) == 0 || !slices.Equal(keys(at(post[0], "schema", "properties")), []string{"genre", "query"}) {
		t.Errorf("search takes %v", post)
	}
}

// TestAccessShowsTypes checks that the search path decides how types are named.
func TestAccessShowsTypes(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"))
	c := load(t, db, "api")
	for want, a := range map[string]*openapi.Access{"api.genre": nil, "genre": access(t, db, "openapi_reader")} {
		doc := parsed(t, written(t, openapi.WriteSwagger, input(c, a)))
		if a == nil {
			post, _ := at(doc, "paths", "/rpc/search", "post", "parameters").([]any)
			if len(post) == 0 || at(post[0], "schema", "properties", "max") == nil {
				t.Errorf("of several overloads the last one by comment is shown, not %v", post)
			}
			continue
		}
		get, _ := at(doc, "paths", "/rpc/search", "get", "parameters").([]any)
		if len(get) != 2 || at(get[1], "format") != want {
			t.Errorf("parameters %v, want the second of type %s", get, want)
		}
	}
}

// TestAccessClosed checks that without access, or without the right to use the schema, nothing is shown.
func TestAccessClosed(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "small.sql"), "grant all on all tables in schema api to openapi_nobody; grant execute on all functions in schema api to public")
	c := load(t, db, "api")
	for name, a := range map[string]*openapi.Access{"nil": nil, "zero": {}, "no usage": access(t, db, "openapi_nobody")} {
		for _, write := range []writeFunc{openapi.WriteSwagger, openapi.WriteOpenAPI} {
			doc := parsed(t, written(t, write, &openapi.Input{Catalog: c, Schema: "api", Access: a}))
			if got := keys(at(doc, "paths")); !slices.Equal(got, []string{"/"}) {
				t.Errorf("%s: paths %q", name, got)
			}
		}
	}
}

func TestAccessOddSchema(t *testing.T) {
	t.Parallel()
	const name = `SPECIAL "@/\#~_-'`
	db := database(t, `create schema "SPECIAL ""@/\#~_-'"; create table "SPECIAL ""@/\#~_-'"."Odd" (id int)`)
	conn := db.Conn(t, "postgres")
	var kind, table, commands string
	var details []byte
	if err := conn.QueryRow(t.Context(), openapi.AccessibleSQL, name).Scan(&kind, &table, &commands, &details); err != nil {
		t.Fatal(err)
	}
	if kind != "r" || table != "Odd" || commands != "rawd" || details != nil {
		t.Errorf("got %s %s %s %s", kind, table, commands, details)
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string][]string{
		"a row has 3 columns": {"r", "x", "r"},
		`"z" is no kind`:      {"z", "x", "", "{}"},
		`relation "x"`:        {"r", "x", "r", "{"},
		`function "x"`:        {"f", "x", "", "[]"},
	} {
		values := make([][]byte, len(row))
		for i := range row {
			values[i] = []byte(row[i])
		}
		if err := new(openapi.Access).Add(values); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: got %v, want %s", row, err, name)
		}
	}
}
