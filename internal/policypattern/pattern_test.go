package policypattern_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policypattern"
)

var update = flag.Bool("update", false, "write the migrations into testdata/*.sql")

// options are those that the tests write each pattern with.
func options() map[string]policypattern.Options {
	web := []string{"pattern_web"}
	return map[string]policypattern.Options{
		"owner":  {Table: "app.note", Roles: web, Columns: []string{"owner"}},
		"tenant": {Table: "app.note", Roles: web, Columns: []string{"tenant"}, ClaimType: "integer"},
		"members": {
			Table: "app.note", Roles: web, Columns: []string{"team"}, Via: "app.member", ViaColumn: "team", ViaUser: "user",
			OwnOfVia: true, WithHelpers: true,
		},
		"public-read":    {Table: "app.note", Roles: web, Readers: []string{"pattern_anon"}, Columns: []string{"owner"}},
		"role-hierarchy": {Table: "app.note", Roles: []string{"pattern_staff"}, Columns: []string{"role"}},
		"soft-delete":    {Table: "app.note", Roles: web, Columns: []string{"deleted_at"}, Key: []string{"id"}},
		"time-limited": {
			Table: "app.note", Roles: web, Columns: []string{"id"}, Via: "app.share", ViaColumn: "note", ViaUser: "user",
			ViaUntil: "until", OwnOfVia: true,
		},
		"column-when":  {Table: "app.note", Columns: []string{"body", "team"}, When: "old.status = 'draft'"},
		"column-fixed": {Table: "app.note", Columns: []string{"owner"}},
	}
}

const tables = `create schema app;
create table app.note (
	id int primary key, owner text default nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub', tenant int, team int,
	role text, body text, status text default 'draft', deleted_at timestamptz
);
create table app.member (team int, "user" text);
create table app.share (note int, "user" text, until timestamptz);
insert into app.note (id, owner, tenant, team, role) values
	(1, 'alice', 1, 10, 'pattern_staff'), (2, 'alice', 2, 20, 'pattern_manager'), (3, 'bob', 1, 20, 'pattern_other');
insert into app.member values (10, 'alice'), (20, 'bob');
insert into app.share values (1, 'bob', now() + interval '1 hour'), (2, 'bob', now() - interval '1 second'), (3, 'alice', null);`

// apply writes a pattern's migration, compares it with testdata, and applies it to a database of the tables.
func apply(t *testing.T, name string) (*pgtest.Database, string) {
	t.Helper()
	p, err := policypattern.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	migration, err := p.Render(options()[name])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name+".sql")
	if *update {
		if err := os.WriteFile(file, []byte(migration), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if migration != string(want) {
		t.Errorf("%s: got\n%s", file, migration)
	}
	db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), pgtest.Role("pattern_anon", "nologin"),
		pgtest.Role("pattern_staff", "nologin"), pgtest.Role("pattern_manager", "nologin"), pgtest.Role("pattern_other", "nologin"),
		"grant pattern_staff to pattern_manager", up(policypattern.Helpers), tables)
	db.Exec(t, up(migration))
	return db, migration
}

// try runs a statement as a role with the claim sub, undoes it, and gives what it returned, or its error's code.
func try(t *testing.T, conn *pgx.Conn, role, claims, statement string) string {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if claims != "" && claims[0] != '{' {
		claims = `{"sub":"` + claims + `"}`
	}
	if _, err := tx.Exec(t.Context(), "select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)", claims, role); err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query(t.Context(), statement)
	if err != nil {
		return code(err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return code(err)
	}
	return strings.Join(values, " ")
}

const (
	see    = "select id::text from app.note order by id"
	change = "update app.note set body = 'x' returning id::text"
	remove = "delete from app.note returning id::text"
)

func insert(columns, values string) string {
	return "insert into app.note (id, " + columns + ") values (9, " + values + ") returning id::text"
}

// Each pattern allows what it is for and refuses the rest, and its way down takes everything away.
func TestPatterns(t *testing.T) {
	t.Parallel()
	cases := map[string][]struct{ role, claims, statement, want string }{
		"owner": {
			{"pattern_web", "alice", see, "1 2"},
			{"pattern_web", "bob", see, "3"},
			{"pattern_web", "", see, ""},
			{"pattern_web", "{}", see, ""},
			{"pattern_anon", "alice", see, "42501"},
			{"pattern_web", "alice", change, "1 2"},
			{"pattern_web", "alice", remove, "1 2"},
			{"pattern_web", "alice", insert("body", "'x'"), "9"},
			{"pattern_web", "alice", insert("owner", "'bob'"), "42501"},
			{"pattern_web", "alice", "update app.note set owner = 'bob' where id = 1 returning id::text", "42501"},
		},
		"tenant": {
			{"pattern_web", `{"tenant":1}`, see, "1 3"},
			{"pattern_web", `{"tenant":"2"}`, see, "2"},
			{"pattern_web", `{}`, see, ""},
			{"pattern_web", `{"tenant":1}`, change, "1 3"},
			{"pattern_web", `{"tenant":1}`, insert("tenant", "1"), "9"},
			{"pattern_web", `{"tenant":1}`, insert("tenant", "2"), "42501"},
			{"pattern_web", `{"tenant":1}`, "update app.note set tenant = 2 where id = 1 returning id::text", "42501"},
		},
		"members": {
			{"pattern_web", "alice", see, "1"},
			{"pattern_web", "bob", see, "2 3"},
			{"pattern_web", "carol", see, ""},
			{"pattern_web", "", see, ""},
			{"pattern_web", "bob", change, "2 3"},
			{"pattern_web", "bob", insert("team", "20"), "9"},
			{"pattern_web", "bob", insert("team", "10"), "42501"},
			{"pattern_web", "bob", `select team::text from app.member`, "20"},
			{"pattern_web", "bob", `insert into app.member values (10, 'bob') returning team::text`, "42501"},
		},
		"public-read": {
			{"pattern_anon", "", see, "1 2 3"},
			{"pattern_web", "bob", see, "1 2 3"},
			{"pattern_web", "bob", change, "3"},
			{"pattern_web", "bob", remove, "3"},
			{"pattern_web", "bob", insert("owner", "'alice'"), "42501"},
			{"pattern_web", "bob", insert("owner", "'bob'"), "9"},
			{"pattern_anon", "", change, "42501"},
			{"pattern_anon", "bob", insert("owner", "'bob'"), "42501"},
		},
		"role-hierarchy": {
			{"pattern_staff", "", see, "1"},
			{"pattern_manager", "", see, "1 2"},
			{"pattern_other", "", see, "42501"},
			{"pattern_staff", "", insert("role", "'pattern_manager'"), "42501"},
			{"pattern_manager", "", insert("role", "'pattern_staff'"), "9"},
			{"pattern_manager", "", remove, "1 2"},
		},
		"time-limited": {
			{"pattern_web", "bob", see, "1"},
			{"pattern_web", "alice", see, ""},
			{"pattern_web", "", see, ""},
			{"pattern_web", "bob", change, "42501"},
			{"pattern_web", "bob", `select note::text from app.share order by note`, "1 2"},
			{"pattern_web", "bob", `update app.share set until = 'infinity' returning note::text`, "42501"},
		},
		"column-when": {
			{"postgres", "", "update app.note set body = 'x' where id = 1 returning id::text", "1"},
			{"postgres", "", "update app.note set status = 'sent' where id = 1 returning id::text", "1"},
			{"postgres", "", "with a as (select) update app.note set status = null, body = 'x' where id = 1 returning id::text", "1"},
		},
		"column-fixed": {
			{"postgres", "", "update app.note set owner = 'bob' where id = 1 returning id::text", "42501"},
			{"postgres", "", "update app.note set owner = null where id = 1 returning id::text", "42501"},
			{"postgres", "", "update app.note set owner = 'alice', body = 'x' where id = 1 returning id::text", "1"},
			{"postgres", "", "insert into app.note (id, owner) values (1, 'x') on conflict (id) do update set owner = excluded.owner returning id::text", "42501"},
		},
		"soft-delete": {},
	}
	for name := range options() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, migration := apply(t, name)
			conn := db.Conn(t, "postgres")
			for _, c := range cases[name] {
				if got := try(t, conn, c.role, c.claims, c.statement); got != c.want {
					t.Errorf("%s with %q: %s: got %q, want %q", c.role, c.claims, c.statement, got, c.want)
				}
			}
			db.Exec(t, down(migration))
			for _, role := range []string{"pattern_web", "pattern_anon", "pattern_staff"} {
				if got := try(t, conn, role, "alice", see); got != "42501" {
					t.Errorf("after the way down %s reads %q", role, got)
				}
			}
			var left string
			err := conn.QueryRow(t.Context(), `select concat_ws(' ', (select count(*) from pg_policy), (select count(*) from pg_trigger where not tgisinternal),
				(select count(*) from pg_proc where pronamespace = 'app'::regnamespace),
				(select count(*) from pg_indexes where schemaname = 'app'))`).Scan(&left)
			if err != nil || left != "0 0 0 1" {
				t.Errorf("policies, triggers, functions and indexes after the way down: %s, %v", left, err)
			}
			db.Exec(t, up(migration))
		})
	}
}

// The condition of column-when is about the row as it was.
func TestColumnWhenSecondChange(t *testing.T) {
	t.Parallel()
	db, _ := apply(t, "column-when")
	db.Exec(t, "update app.note set status = 'sent' where id = 1; update app.note set status = null where id = 2")
	conn := db.Conn(t, "postgres")
	for statement, want := range map[string]string{
		"update app.note set body = 'x' where id = 1 returning id::text":         "42501",
		"update app.note set team = 1 where id = 1 returning id::text":           "42501",
		"update app.note set body = 'x' where id = 2 returning id::text":         "42501", // unknown is not true
		"update app.note set role = 'x', body = body where id = 1 returning '1'": "1",
	} {
		if got := try(t, conn, "postgres", "", statement); got != want {
			t.Errorf("%s: got %q, want %q", statement, got, want)
		}
	}
}

// A soft delete hides and keeps; it does not widen what other policies allow.
func TestSoftDelete(t *testing.T) {
	t.Parallel()
	db, _ := apply(t, "soft-delete")
	db.Exec(t, `create policy own on app.note to pattern_web using (owner = current_setting('request.jwt.claims')::json ->> 'sub');
		grant usage on schema app to pattern_web;
		grant select, insert, update, delete on app.note to pattern_web;`)
	conn := db.Conn(t, "postgres")
	as := func(claims string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), "select set_config('request.jwt.claims', $1, false), set_config('role', 'pattern_web', false)", claims); err != nil {
			t.Fatal(err)
		}
	}
	as(`{"sub":"alice"}`)
	if _, err := conn.Exec(t.Context(), "delete from app.note where id in (1, 3)"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "reset role"); err != nil {
		t.Fatal(err)
	}
	var marked string
	err := conn.QueryRow(t.Context(), "select string_agg(id::text, ' ' order by id) from app.note where deleted_at is not null").Scan(&marked)
	if err != nil || marked != "1" {
		t.Errorf("marked: %q, %v; bob's row is not alice's to delete", marked, err)
	}
	for statement, want := range map[string]string{
		see: "2",
		"update app.note set deleted_at = null where id = 1 returning id::text":  "",
		"update app.note set deleted_at = now() where id = 2 returning id::text": "42501",
		insert("deleted_at", "now()"):                                            "42501",
	} {
		if got := try(t, conn, "pattern_web", "alice", statement); got != want {
			t.Errorf("%s: got %q, want %q", statement, got, want)
		}
	}
	if got := try(t, conn, "postgres", "", "delete from app.note where deleted_at is not null returning id::text"); got != "1" {
		t.Errorf("emptying the bin: %q", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	web := []string{"web"}
	for _, c := range []struct {
		pattern string
		o       policypattern.Options
		want    string
	}{
		{"owner", policypattern.Options{}, "needs --table"},
		{"owner", policypattern.Options{Table: "note", Roles: web, Columns: []string{"o"}}, `"note" is not of the form schema.table`},
		{"owner", policypattern.Options{Table: "app.note", Roles: web}, "the pattern owner needs --column: the column that holds the owner"},
		{"owner", policypattern.Options{Table: "app.note", Columns: []string{"o"}}, "needs --role"},
		{"owner", policypattern.Options{Table: "app.note", Roles: web, Columns: []string{"o", "p"}}, "takes one --column"},
		{"column-fixed", policypattern.Options{Table: "app.note", Roles: web, Columns: []string{"o"}}, "holds for everybody"},
		{"column-when", policypattern.Options{Table: "app.note", Columns: []string{"o"}}, "needs --when"},
		{"column-when", policypattern.Options{Table: "app.note", Columns: []string{"o"}, When: "{{ 1 }}"}, "cannot stand in a migration"},
		{"members", policypattern.Options{Table: "app.note", Roles: web, Columns: []string{"o"}}, "needs --via: the table of members"},
		{"owner", policypattern.Options{Table: "app.note", Roles: web, Columns: []string{"o"}, Key: []string{"id"}}, "--key goes only with the pattern soft-delete"},
		{"owner", policypattern.Options{Table: "app.note", Roles: web, Columns: []string{"o"}, ViaUntil: "until"}, "--via-until goes only with the pattern time-limited"},
		{"column-fixed", policypattern.Options{Table: "app.note", Columns: []string{"o"}, WithHelpers: true}, "--with-helpers does not go with the pattern column-fixed"},
	} {
		p, err := policypattern.Find(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Render(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.pattern, err, c.want)
		}
	}
	if _, err := policypattern.Find("owners"); err == nil || !strings.Contains(err.Error(), "there are owner, tenant") {
		t.Errorf("got %v", err)
	}
}

// No name gets out of its place: as SQL it stays one identifier or one literal.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	evil := `x"; drop table app.note; --`
	p, _ := policypattern.Find("owner")
	migration, err := p.Render(policypattern.Options{Table: "app." + evil, Roles: []string{evil}, Columns: []string{evil}, Claim: `su'b\`})
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, pgtest.Role(evil, "nologin"), tables, `create table app."x""; drop table app.note; --" ("x""; drop table app.note; --" text)`)
	db.Exec(t, up(migration))
	db.Exec(t, "select from app.note")
	db.Exec(t, down(migration))
}
