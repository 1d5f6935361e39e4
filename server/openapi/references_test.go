package openapi_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/openapi"
)

// named is a catalog of two tables, one referring to the other, and a function with these names.
func named(one, other, column string) *schema.Catalog {
	table := func(name string) *schema.Relation {
		return &schema.Relation{
			Name: schema.Name{Schema: "api", Name: name}, Insertable: true, Updatable: true, Deletable: true, PrimaryKey: []string{column},
			Columns: []*schema.Column{
				{Name: column, Type: "text", NominalType: "text", Comment: column},
				{Name: column + "2", Type: "text", NominalType: "text"},
			},
		}
	}
	a, b := table(one), table(other)
	return schema.New(&schema.Definition{
		Schemas: []string{"api"}, Relations: []*schema.Relation{a, b},
		ForeignKeys: []schema.ForeignKey{{
			Constraint: "fk", Source: a.Name, Target: b.Name, Columns: []schema.ColumnPair{{Source: column + "2", Target: column}},
		}},
		Routines: []*schema.Routine{{
			Name: a.Name, Parameters: []schema.Parameter{{Name: column, Type: "text"}}, Returns: b.Name, ReturnsSet: true, Composite: true,
			Columns: b.Columns, Volatility: schema.Stable,
		}},
	})
}

// TestReferences checks that documents are JSON and that whatever they refer to is there, for any names.
func TestReferences(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune(`ab.~/-%{}"\ é 	1`+"\n")), 1, 8, -1)
		one := name.Draw(r, "one")
		other := name.Filter(func(s string) bool { return s != one }).Draw(r, "other")
		in := input(named(one, other, name.Draw(r, "column")), nil)
		for _, write := range []writeFunc{openapi.WriteSwagger, openapi.WriteOpenAPI} {
			doc := parsed(t, written(t, write, in))
			if missing := unresolved(doc, doc); missing != nil {
				r.Fatalf("nothing at %q", missing)
			}
		}
		doc := parsed(t, written(t, openapi.WriteOpenAPI, in))
		ids := operationIDs(doc)
		if len(ids) != 13 { // two tables, a function and the root
			r.Fatalf("operations %v", ids)
		}
		link := at(doc, "components", "responses")
		for _, response := range keys(link) {
			for _, l := range keys(at(link, response, "links")) {
				if id, _ := at(link, response, "links", l, "operationId").(string); !ids[id] {
					r.Fatalf("link %s leads to no operation: %q", l, id)
				}
			}
		}
	})
}

// TestTexts checks that any comment comes through as it is, but for bytes that are not UTF-8.
func TestTexts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		comment := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).
			Filter(func(s string) bool { return s != "" }).Draw(r, "comment")
		c := schema.New(&schema.Definition{Schemas: []string{"api"}, Relations: []*schema.Relation{
			{Name: schema.Name{Schema: "api", Name: "t"}, Comment: comment},
		}})
		doc := parsed(t, written(t, openapi.WriteSwagger, input(c, nil)))
		if got, want := at(doc, "definitions", "t", "description"), string([]rune(comment)); got != want {
			r.Fatalf("got %q, want %q", got, want)
		}
	})
}

// unresolved returns the references in v that lead nowhere in doc.
func unresolved(doc, v any) []string {
	var out []string
	switch v := v.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok && !resolves(doc, ref) {
			out = append(out, ref)
		}
		for _, member := range v {
			out = append(out, unresolved(doc, member)...)
		}
	case []any:
		for _, element := range v {
			out = append(out, unresolved(doc, element)...)
		}
	}
	return out
}

func resolves(doc any, ref string) bool {
	path, ok := strings.CutPrefix(ref, "#/")
	if !ok {
		return false
	}
	for token := range strings.SplitSeq(path, "/") {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		m, _ := doc.(object)
		if doc, ok = m[token]; !ok {
			return false
		}
	}
	return true
}

func operationIDs(doc object) map[string]bool {
	out := map[string]bool{}
	paths := at(doc, "paths")
	for _, path := range keys(paths) {
		for _, method := range keys(at(paths, path)) {
			if id, _ := at(paths, path, method, "operationId").(string); id != "" {
				out[id] = true
			}
		}
	}
	return out
}
