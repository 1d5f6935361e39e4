package policypattern_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/internal/policypattern"
)

// What the database knows need not be said, and what it does not know is an error that helps.
func TestCheck(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), `create schema "My App";
		create table "My App"."Note" ("Id" bigserial primary key, "user" uuid, big bigint, deleted_at timestamptz,
			deleted boolean, filled timestamptz not null, born date default now(), month date generated always as ('2000-01-01') stored,
			tags text[], code character(4), price numeric(6,2), level int, "role" text);
		create table "My App"."Member" ("User" text, "Team" bigint, until text, since timestamp(3), primary key ("User", "Team"));
		create index on "My App"."Note" using brin (level);
		create index on "My App"."Note" ("user");
		create view "My App".v as select 1 as x`)
	d, err := policy.Load(t.Context(), db.Conn(t, "postgres"), policy.Config{Schemas: []string{"My App"}})
	if err != nil {
		t.Fatal(err)
	}
	web := []string{"pattern_web"}
	for _, c := range []struct {
		pattern string
		o       policypattern.Options
		want    string
	}{
		{"owner", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"users"}}, `table My App.Note has no column "users"; it has Id, user, big, deleted_at, deleted, filled`},
		{"owner", policypattern.Options{Table: "My App.note", Roles: web, Columns: []string{"user"}}, `there is no table My App.note in database`},
		{"owner", policypattern.Options{Table: "My App.v", Roles: web, Columns: []string{"x"}}, `My App.v is a view, and policies are for tables`},
		{"owner", policypattern.Options{Table: "My App.Note", Roles: []string{"nobody_of_that_name"}, Columns: []string{"user"}}, `there is no role "nobody_of_that_name"`},
		{"owner", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"user"}, WithHelpers: true}, `there is no function auth.claim`},
		{"soft-delete", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"deleted"}}, `column My App.Note.deleted cannot hold the time of a deletion: it is of the type boolean, and must be timestamp with time zone, timestamp without time zone or date`},
		{"soft-delete", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"filled"}}, `column My App.Note.filled is NOT NULL`},
		{"soft-delete", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"born"}}, `column My App.Note.born has the default now()`},
		{"soft-delete", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"month"}}, `column My App.Note.month is generated`},
		{"owner", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"deleted"}}, `column My App.Note.deleted cannot say whose a row is: it is of the type boolean`},
		{"tenant", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"tags"}}, `it is of the type text[]`},
		{"public-read", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"filled"}}, `it is of the type timestamp with time zone`},
		{"role-hierarchy", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"user"}}, `cannot hold the name of a role: it is of the type uuid, and must be text, character varying or name`},
		{"members", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"big"}, Via: "My App.Member", ViaColumn: "Team", ViaUser: "since"}, `column My App.Member.since cannot say whose a row is: it is of the type timestamp(3) without time zone`},
		{"time-limited", policypattern.Options{Table: "My App.Note", Roles: web, Columns: []string{"big"}, Via: "My App.Member", ViaColumn: "Team", ViaUser: "User", ViaUntil: "until"}, `column My App.Member.until cannot hold the end of a grant: it is of the type text`},
	} {
		p, err := policypattern.Find(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(&c.o, d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	conn := db.Conn(t, "postgres")
	for _, c := range []struct {
		pattern   string
		o         policypattern.Options
		has, lack []string
	}{
		{"owner", policypattern.Options{Columns: []string{"user"}}, []string{"::uuid)", `"My App"."Note_Id_seq"`}, []string{"create index"}},
		{"owner", policypattern.Options{Columns: []string{"level"}}, []string{"::integer)", `create index if not exists "Note_level_policy_idx"`}, nil},
		// A cast to character(4) or numeric(6,2) would cut or round the claim, until it is another's.
		{"owner", policypattern.Options{Columns: []string{"code"}}, nil, []string{"::char"}},
		{"tenant", policypattern.Options{Columns: []string{"price"}}, []string{"'price')::numeric)"}, nil},
		{"role-hierarchy", policypattern.Options{Columns: []string{"role"}}, []string{"rolname::text"}, nil},
		{"soft-delete", policypattern.Options{Columns: []string{"deleted_at"}}, []string{`"Id" = old."Id"`}, nil},
		{
			"members",
			policypattern.Options{Columns: []string{"big"}, Via: "My App.Member", ViaColumn: "Team", ViaUser: "User", OwnOfVia: true},
			nil,
			[]string{`on "My App"."Member" ("User"`},
		},
		{
			"time-limited",
			policypattern.Options{Columns: []string{"big"}, Via: "My App.Member", ViaColumn: "Team", ViaUser: "User", ViaUntil: "since"},
			nil,
			[]string{`on "My App"."Member" ("User"`},
		},
	} {
		c.o.Table, c.o.Roles = "My App.Note", web
		p, _ := policypattern.Find(c.pattern)
		if err := p.Check(&c.o, d); err != nil {
			t.Fatal(err)
		}
		query, err := p.Query(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Prepare(t.Context(), "", query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		migration, err := p.Render(c.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range c.has {
			if !strings.Contains(migration, text) {
				t.Errorf("%s is not in\n%s", text, migration)
			}
		}
		for _, text := range c.lack {
			if strings.Contains(migration, text) {
				t.Errorf("%s is in\n%s", text, migration)
			}
		}
		db.Exec(t, up(migration))
		db.Exec(t, down(migration))
	}
}

// With the helpers a claim that is no UUID is NULL, where a cast would fail.
func TestHelpersForUUID(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), up(policypattern.Helpers), tables,
		"create table app.thing (id text, owner uuid); insert into app.thing values ('1', '0b8b7ff5-1c0a-4b7e-9c67-2a1f3c1d9a10')")
	d, err := policy.Load(t.Context(), db.Conn(t, "postgres"), policy.Config{Schemas: []string{"app"}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := policypattern.Find("owner")
	o := policypattern.Options{Table: "app.thing", Roles: []string{"pattern_web"}, Columns: []string{"owner"}, WithHelpers: true}
	if err := p.Check(&o, d); err != nil {
		t.Fatal(err)
	}
	migration, err := p.Render(o)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, up(migration))
	conn := db.Conn(t, "postgres")
	for claims, want := range map[string]string{"0b8b7ff5-1c0a-4b7e-9c67-2a1f3c1d9a10": "1", "alice": "", "": ""} {
		if got := try(t, conn, "pattern_web", claims, "select id from app.thing"); got != want {
			t.Errorf("%s sees %q, want %q", claims, got, want)
		}
	}
}

// What PostgreSQL would refuse when the migration runs, it refuses before.
func TestQuery(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, tables, "alter table app.note add column j json, add column owner_id uuid")
	conn := db.Conn(t, "postgres")
	web := []string{"pattern_web"}
	for _, c := range []struct {
		pattern string
		o       policypattern.Options
		want    string
	}{
		{"owner", policypattern.Options{Roles: web, Columns: []string{"owner_id"}, CurrentUser: true}, "operator does not exist: uuid = name"},
		{"owner", policypattern.Options{Roles: web, Columns: []string{"owner_id"}, ClaimType: "nothing"}, `type "nothing" does not exist`},
		{"members", policypattern.Options{Roles: web, Columns: []string{"owner_id"}, Via: "app.member", ViaColumn: "team", ViaUser: "user"}, "operator does not exist: uuid = integer"},
		{"column-fixed", policypattern.Options{Columns: []string{"owner", "j"}}, "operator does not exist: json = json"},
		{"column-when", policypattern.Options{Columns: []string{"owner"}, When: "old.nothing"}, "column old.nothing does not exist"},
		{"column-when", policypattern.Options{Columns: []string{"owner"}, When: "old.tenant"}, "must be type boolean"},
	} {
		c.o.Table = "app.note"
		p, _ := policypattern.Find(c.pattern)
		query, err := p.Query(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Prepare(t.Context(), "", query); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", query, err, c.want)
		}
	}
}

// Migrations that were written before any of them was applied do not get into each other's way.
func TestTwoPatternsOfOneColumn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), pgtest.Role("pattern_anon", "nologin"), up(policypattern.Helpers), tables,
		"create table app.task (team int)")
	var migrations []string
	task := options()["members"]
	task.Table, task.OwnOfVia = "app.task", false // the first has written the policy of the members
	for _, c := range []struct {
		pattern string
		o       policypattern.Options
	}{{"owner", options()["owner"]}, {"public-read", options()["public-read"]}, {"members", options()["members"]}, {"members", task}} {
		p, _ := policypattern.Find(c.pattern)
		migration, err := p.Render(c.o)
		if err != nil {
			t.Fatal(err)
		}
		migrations = append(migrations, migration)
	}
	for _, m := range migrations {
		db.Exec(t, up(m))
	}
	for _, m := range slices.Backward(migrations) {
		db.Exec(t, down(m))
	}
}

// What a role may do already is neither granted nor revoked: a privilege on some columns does not become one on all, and the way down leaves
// what was there before.
func TestGrantsThatAreThere(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), pgtest.Role("pattern_anon", "nologin"), `create schema app;
		create table app.note (id serial primary key, owner text, secret text);
		create table app.member (owner text, who text);
		grant usage on schema app to pattern_web, pattern_anon;
		grant select (id, owner), update (owner), insert on app.note to pattern_web;
		grant usage on sequence app.note_id_seq to pattern_web;
		grant select on app.member to pattern_web;
		grant delete on app.note to public`)
	privileges := func() (out string) {
		err := db.Conn(t, "postgres").QueryRow(t.Context(), `select string_agg(x, ' ' order by x) from (
			select relname || ':' || item::text from pg_class, unnest(relacl) item where relnamespace = 'app'::regnamespace and grantee_of(item) <> 'postgres'
			union all select attname || ':' || item::text from pg_attribute, unnest(attacl) item where attrelid = 'app.note'::regclass) t (x)`).Scan(&out)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	db.Exec(t, "create function grantee_of(aclitem) returns text language sql as $$ select (aclexplode(array[$1])).grantee::regrole::text limit 1 $$")
	before := privileges()
	both := []string{"pattern_web", "pattern_anon"}
	for _, c := range []struct {
		pattern   string
		o         policypattern.Options
		has, lack []string
	}{
		{"owner", policypattern.Options{Roles: both, Columns: []string{"owner"}}, []string{
			"-- pattern_web has SELECT, UPDATE on some columns, and keeps to them.\n", "\ngrant select, insert, update on app.note to pattern_anon;\n",
			"\ngrant usage on sequence app.note_id_seq to pattern_anon;\n", "\nrevoke select, insert, update on app.note from pattern_anon;\n",
		}, []string{"app.note to pattern_web;", "from pattern_web", "grant delete"}},
		{"public-read", policypattern.Options{Roles: both[:1], Readers: both[1:], Columns: []string{"owner"}}, []string{
			"\ngrant select on app.note to pattern_anon;\n",
		}, []string{"app.note to pattern_web;", "from pattern_web"}},
		{"members", policypattern.Options{Roles: both, Columns: []string{"owner"}, Via: "app.member", ViaColumn: "owner", ViaUser: "who", OwnOfVia: true}, []string{
			"\ngrant select on app.member to pattern_anon;\n",
		}, []string{"on app.member to pattern_web;"}},
	} {
		d, err := policy.Load(t.Context(), db.Conn(t, "postgres"), policy.Config{Schemas: []string{"app"}})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := policypattern.Find(c.pattern)
		c.o.Table = "app.note"
		if err := p.Check(&c.o, d); err != nil {
			t.Fatal(err)
		}
		migration, err := p.Render(c.o)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range c.has {
			if !strings.Contains(migration, text) {
				t.Errorf("%q is not in\n%s", text, migration)
			}
		}
		for _, text := range c.lack {
			if strings.Contains(migration, text) {
				t.Errorf("%q is in\n%s", text, migration)
			}
		}
		db.Exec(t, up(migration))
		db.Exec(t, down(migration))
		if after := privileges(); after != before {
			t.Errorf("%s: before\n%s\nafter\n%s", c.pattern, before, after)
		}
	}
}

// A name that is taken is an error before the migration is written.
func TestNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), pgtest.Role("pattern_anon", "nologin"), pgtest.Role("pattern_staff", "nologin"),
		up(policypattern.Helpers), tables)
	for _, p := range policypattern.Patterns() {
		o := options()[p.Name]
		check := func() error {
			d, err := policy.Load(t.Context(), db.Conn(t, "postgres"), policy.Config{Schemas: []string{"app"}})
			if err != nil {
				t.Fatal(err)
			}
			once := o
			return p.Check(&once, d)
		}
		if err := check(); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		migration, err := p.Render(o)
		if err != nil {
			t.Fatal(err)
		}
		db.Exec(t, up(migration))
		if err := check(); err == nil || !strings.Contains(err.Error(), " already") {
			t.Errorf("%s a second time: got %v", p.Name, err)
		}
		db.Exec(t, down(migration))
	}
}
