package schema_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/schema"
)

// TestRowType finds relations by the SQL text of their rows' type, whatever their names, quoted or not.
func TestRowType(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		part := rapid.StringOfN(rapid.RuneFrom([]rune(`ab."é(`)), 1, 6, -1)
		name := schema.Name{Schema: part.Draw(r, "schema"), Name: part.Draw(r, "name")}
		c := schema.New(&schema.Definition{Schemas: []string{name.Schema}, Relations: []*schema.Relation{{Name: name}}})
		if got := c.RowType(name.Quoted()); got == nil || got.Name != name {
			r.Fatalf("%s: got %v", name.Quoted(), got)
		}
	})
	c := schema.New(&schema.Definition{Schemas: []string{"api"}, Relations: []*schema.Relation{{Name: api("one")}}})
	for text, found := range map[string]bool{
		"api.one": true, `"api".one`: true, `api."one"`: true, "api.two": false, "one": false, "api.one[]": false, `api."one`: false, "": false, "api.one.x": false,
		"api.": false, ".one": false, "double precision": false,
	} {
		if got := c.RowType(text); (got != nil) != found {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
