package schema_test

import (
	"testing"

	"github.com/postern-db/postern/schema"
)

func TestCanSee(t *testing.T) {
	t.Parallel()
	c := schema.New(&schema.Definition{
		Schemas: []string{"api", "office"},
		Roles: []schema.Role{
			{Name: "anon", MemberOf: []string{"anon"}},
			{Name: "clerk", MemberOf: []string{"clerk", "reader"}},
			{Name: "root", Superuser: true},
		},
		SchemaGrantees: map[string][]string{"api": {schema.Public}, "office": {"reader"}},
	})
	for _, test := range []struct {
		role, schema string
		grantees     []string
		want         bool
	}{
		{"anon", "api", []string{schema.Public}, true},
		{"anon", "api", []string{"reader"}, false},
		{"anon", "api", nil, false},
		{"anon", "office", []string{schema.Public}, false},
		{"clerk", "api", []string{"reader"}, true},
		{"clerk", "office", []string{"clerk"}, true},
		{"clerk", "elsewhere", []string{"clerk"}, false},
		{"root", "office", nil, true},
		{"stranger", "api", []string{schema.Public}, true},
		{"stranger", "api", []string{"stranger"}, false},
		{"", "api", []string{""}, false},
	} {
		if got := c.CanSee(test.role, test.schema, test.grantees); got != test.want {
			t.Errorf("%q sees something in %s granted to %q: %t", test.role, test.schema, test.grantees, got)
		}
	}
	if !schema.New(&schema.Definition{}).CanSee("anyone", "api", nil) {
		t.Error("a catalog without privileges hides something")
	}
}
