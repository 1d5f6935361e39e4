package introspect_test

import (
	"slices"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
)

// TestGrantees proves that the catalog tells of each role what it could see.
func TestGrantees(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(setup(), pgtest.Role("introspect_nosy", "nologin noinherit"),
		"grant introspect_stranger to introspect_nosy",
		`create schema api; create schema office;
		grant usage on schema api to public; grant usage on schema office to introspect_member;
		create table api.granted(id int); grant select on api.granted to introspect_stranger;
		create table api.open(id int); grant insert on api.open to public;
		create table api.closed(id int);
		create table api.by_column(id int, name text); grant update (name) on api.by_column to introspect_indirect;
		create table api.parted(id int) partition by list (id);
		create table api.part partition of api.parted for values in (1); grant select (id) on api.part to introspect_indirect;
		create table office.desk(id int); grant all on office.desk to public;
		create function api.everyone() returns int language sql as 'select 1';
		create function api.few() returns int language sql as 'select 1'; revoke all on function api.few from public;
		grant execute on function api.few to introspect_indirect`)...)
	c, err := introspect.Load(t.Context(), db.Conn(t, "postgres"), introspect.Config{Schemas: []string{"api", "office"}})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"introspect_stranger": {"everyone", "granted", "open"},
		"introspect_nosy":     {"everyone", "open"},
		"introspect_indirect": {"by_column", "everyone", "few", "open"},
		"introspect_member":   {"by_column", "desk", "everyone", "few", "open"}, // inherits from introspect_indirect
		"introspect_unknown":  {"everyone", "open"},
		"postgres":            {"by_column", "closed", "desk", "everyone", "few", "granted", "open", "parted"},
	}
	for role, names := range want {
		var got []string
		for _, s := range c.Schemas {
			for _, r := range c.Relations(s) {
				if c.CanSee(role, s, r.Grantees) {
					got = append(got, r.Name.Name)
				}
			}
		}
		for _, n := range c.RoutineNames() {
			if c.CanSee(role, n.Schema, c.Routines(n)[0].Grantees) {
				got = append(got, n.Name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, names) {
			t.Errorf("%s sees %q, want %q", role, got, names)
		}
	}
	open := c.Relation(schema.Name{Schema: "api", Name: "open"})
	if !slices.Equal(open.Grantees, []string{"postgres", schema.Public}) {
		t.Errorf("grantees %q", open.Grantees)
	}
}
