package openapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/openapi"
)

// TestNamedTypes checks that types which were created in the database are described wherever they stand: as columns, elements,
// members of composite types, parameters and results.
func TestNamedTypes(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "types.sql"))
	doc := parsed(t, written(t, openapi.WriteOpenAPI, input(load(t, db, "api"), nil)))
	every := at(doc, "components", "schemas", "everything", "properties")
	body := at(doc, "paths", "/rpc/named", "post", "requestBody", "content", "application/json", "schema", "properties")
	result := func(function string) any {
		return at(doc, "paths", "/rpc/"+function, "post", "responses", "200", "content", "application/json", "schema")
	}
	labels := []any{"only", `in "other" things`, nil}
	for _, c := range []struct {
		name   string
		schema any
		path   string // of the schema's members
		want   any
	}{
		{"a domain over an array of enums", at(every, "a_moods"), "items enum", []any{"sad", "content", `very "happy"`, nil}},
		{"a domain over a composite type", at(every, "points_domain"), "properties x type", []any{"number", "null"}},
		{"an array of such domains", at(every, "points_domains"), "items properties label type", []any{"string", "null"}},
		{"an array of domains", at(every, "emails"), "items type", []any{"string", "null"}},
		{"a domain over an array of domains", at(every, "an_emails"), "items type", []any{"string", "null"}},
		{"an enum only in arrays", at(every, "lonelies"), "items enum", labels},
		{"a length of elements", at(every, "shorts"), "items maxLength", 4.0},
		{"a precision of elements", at(every, "numerics"), "items exclusiveMaximum", 1000.0},
		{"a composite in a composite in a composite", at(every, "a_deep"), "properties segment properties from_point properties x type", []any{"number", "null"}},
		{"an enum in a composite type", at(every, "deeps"), "items properties lonely enum", labels},
		{"a length in a composite type", at(every, "a_deep"), "properties codes items maxLength", 3.0},
		{"several dimensions in a composite type", at(every, "a_deep"), "properties grid items", object{}},
		{"a row of an unexposed table", at(every, "a_card"), "properties note maxLength", 5.0},
		{"rows of an unexposed table", at(every, "cards"), "items properties mood enum", []any{"sad", "content", `very "happy"`, nil}},
		{"several dimensions", at(every, "grid"), "items", object{}},
		{"a domain of several dimensions", at(every, "a_grid"), "items", object{}},
		{"a cast to json", at(every, "a_temperature"), "", object{"format": "api.temperature"}},
		{"casts to json", at(every, "temperatures"), "items", object{"format": "api.temperature"}},
		{"a cast to json does not count for writing", at(doc, "components", "schemas", "everything.insert", "properties", "a_temperature"), "properties celsius type", []any{"integer", "null"}},
		{"a domain as parameter", at(body, "e"), "type", []any{"string", "null"}},
		{"a domain with a length as parameter", at(body, "s"), "maxLength", 8.0},
		{"a numeric domain as parameter", at(body, "p"), "exclusiveMaximum", 1e6},
		{"an enum as parameter", at(body, "l"), "enum", labels},
		{"enums as parameter", at(body, "ls"), "items enum", labels},
		{"domains as parameter", at(body, "ps"), "items type", []any{"number", "null"}},
		{"a composite parameter", at(body, "c"), "properties where properties label type", []any{"string", "null"}},
		{"composite parameters", at(body, "cs"), "items properties lonely enum", labels},
		{"a variadic parameter", at(body, "es2"), "items type", []any{"string", "null"}},
		{"a result", result("named"), "enum", labels},
		{"arrays as results", result("lonelies"), "items items enum", labels},
		{"composites as results", result("deeps"), "items properties segment properties moods items enum", []any{"sad", "content", `very "happy"`, nil}},
		{"rows of an unexposed table as results", result("cards"), "items properties note maxLength", 5.0},
		{"rows of an exposed table as results", result("children"), "items properties parent type", []any{"integer", "null"}},
		{"a row in a composite type", result("family"), "properties first_child properties a_int2 type", []any{"integer", "null"}},
	} {
		got := at(c.schema, strings.Fields(c.path)...)
		if !equalJSON(got, c.want) {
			t.Errorf("%s: got %v at %q of %v, want %v", c.name, got, c.path, c.schema, c.want)
		}
	}
	query, _ := at(doc, "paths", "/rpc/named", "get", "parameters").([]any)
	for name, kind := range map[string]string{"e": "string", "p": "number", "l": "string", "ls": "string", "c": "string", "es2": "array"} {
		i := slices.IndexFunc(query, func(p any) bool { return at(p, "name") == name })
		if i < 0 || at(query[i], "schema", "type") != kind {
			t.Errorf("parameter %s is not of type %s in %v", name, kind, query)
		}
	}
}

// TestDescribed checks that no schema of a column, parameter or result is left without what it is: a type, for objects their
// members, for arrays their elements.
func TestDescribed(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "types.sql"))
	doc := parsed(t, written(t, openapi.WriteOpenAPI, input(load(t, db, "api"), nil)))
	// What can be any JSON, or is known only when it is asked for.
	open := []string{"a_json", "a_jsonb", "jsons items", "a_shade", "a_temperature", "temperatures items", "grid items", "a_grid items", "named g items"}
	var check func(path []string, schema any)
	check = func(path []string, schema any) {
		kinds, _ := at(schema, "type").([]any)
		kind, _ := at(schema, "type").(string)
		has := func(want string) bool { return kind == want || slices.Contains(kinds, any(want)) }
		name := strings.Join(path, " ")
		switch {
		case at(schema, "$ref") != nil:
		case slices.ContainsFunc(open, func(o string) bool { return strings.HasSuffix(name, o) }):
		case has("object"):
			members := at(schema, "properties")
			if len(keys(members)) == 0 && !strings.Contains(name, "no_columns") && len(path) < 5 { // deeper ones are not written out
				t.Errorf("%s is an object without properties: %v", name, schema)
			}
			for _, key := range keys(members) {
				check(append(path, key), at(members, key))
			}
		case has("array"):
			check(append(path, "items"), at(schema, "items"))
		case kind == "" && kinds == nil:
			t.Errorf("%s has no type: %v", name, schema)
		}
	}
	schemas := at(doc, "components", "schemas")
	for _, name := range keys(schemas) {
		if !strings.HasPrefix(name, "filter.") && name != "rest.error" {
			check([]string{name}, at(schemas, name))
		}
	}
	for _, function := range []string{"named", "lonelies", "deeps", "cards", "children", "points", "outs", "tabular", "moods", "family"} {
		operation := at(doc, "paths", "/rpc/"+function, "post")
		check([]string{function}, at(operation, "responses", "200", "content", "application/json", "schema"))
		members := at(operation, "requestBody", "content", "application/json", "schema", "properties")
		for _, key := range keys(members) {
			check([]string{function, key}, at(members, key))
		}
	}
}

func equalJSON(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.Equal(a, b)
	case object:
		b, ok := b.(object)
		return ok && slices.Equal(keys(a), keys(b)) && !slices.ContainsFunc(keys(a), func(k string) bool { return !equalJSON(a[k], b[k]) })
	}
	return a == b
}

// TestReadOnly checks that a view's columns which show an expression, or what the database computes, are shown but not asked for.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	db := database(t, script(t, "types.sql"))
	doc := parsed(t, written(t, openapi.WriteOpenAPI, input(load(t, db, "api"), nil)))
	schemas := at(doc, "components", "schemas")
	for _, name := range []string{"calculated.insert", "calculated.update"} {
		if got := keys(at(schemas, name, "properties")); !slices.Equal(got, []string{"a_default_identity", "a_text"}) {
			t.Errorf("%s takes %q", name, got)
		}
	}
	for name, want := range map[string]any{"calc": true, "an_identity": true, "a_text": nil, "a_default_identity": nil} {
		if got := at(schemas, "calculated", "properties", name, "readOnly"); got != want {
			t.Errorf("%s is read only: %v", name, got)
		}
	}
}
