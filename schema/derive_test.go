package schema

import "testing"

// TestViewOverTwins has two foreign keys of the same name, on different tables, to different columns of a third. A view over that
// must be joined to each by its own column.
func TestViewOverTwins(t *testing.T) {
	t.Parallel()
	name := func(s string) Name { return Name{"api", s} }
	target, view, a, b := name("target"), name("view"), name("a"), name("b")
	relations := []*Relation{{Name: target}, {Name: view, Kind: View}, {Name: a}, {Name: b}}
	key := func(source Name, column string) ViewKey {
		return ViewKey{
			Table: target, View: view, Source: source, Constraint: "twin", Role: ReferencedRole,
			Columns: []ViewKeyColumn{{column, []string{"view_" + column}}},
		}
	}
	c := New(&Definition{
		Schemas:   []string{"api"},
		Relations: relations,
		ForeignKeys: []ForeignKey{
			{Constraint: "twin", Source: a, Target: target, Columns: []ColumnPair{{"x", "id"}}},
			{Constraint: "twin", Source: b, Target: target, Columns: []ColumnPair{{"x", "code"}}},
		},
		ViewKeys: []ViewKey{key(a, "id"), key(b, "code")},
	})
	for source, want := range map[Name]string{a: "view_id", b: "view_code"} {
		var got []string
		for _, r := range c.Relationships(source) {
			if r.Target == view {
				got = append(got, r.Columns[0].Target)
			}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s joins the view by %q, want %s", source, got, want)
		}
	}
}
