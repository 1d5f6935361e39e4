package policypattern_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policypattern"
)

const separator = "---- create above / drop below ----"

// up and down are the two halves of a migration.
func up(migration string) string { before, _, _ := strings.Cut(migration, separator); return before }

func down(migration string) string { _, after, _ := strings.Cut(migration, separator); return after }

// ask evaluates an expression as a role without rights of its own, with claims; what is NULL is "NULL".
func ask(t *testing.T, conn *pgx.Conn, claims, expression string) (string, error) {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if claims != "unset" {
		if _, err := tx.Exec(t.Context(), "select set_config('request.jwt.claims', $1, true)", claims); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tx.Exec(t.Context(), "set local role helper_user"); err != nil {
		t.Fatal(err)
	}
	var got string
	err = tx.QueryRow(t.Context(), "select coalesce(("+expression+")::text, 'NULL')").Scan(&got)
	return got, err
}

func helpers(t *testing.T) *pgtest.Database {
	t.Helper()
	return pgtest.New(t, pgtest.Role("helper_user", "nologin"), up(policypattern.Helpers))
}

// What is missing, empty or not what it should be is NULL, neither an error nor access.
func TestHelpers(t *testing.T) {
	t.Parallel()
	conn := helpers(t).Conn(t, "postgres")
	const id = "0b8b7ff5-1c0a-4b7e-9c67-2a1f3c1d9a10"
	for _, c := range []struct{ claims, expression, want string }{
		{`{"sub":"alice"}`, `auth.claim('sub')`, "alice"},
		{`{"sub":7}`, `auth.claim('sub')`, "7"},
		{`{"sub":null}`, `auth.claim('sub')`, "NULL"},
		{`{"sub":"alice"}`, `auth.claim('email')`, "NULL"},
		{`{"sub":"alice"}`, `auth.claim(null)`, "NULL"},
		{`{"sub":"` + id + `"}`, `auth.uid()`, id},
		{`{"sub":"alice"}`, `auth.uid()`, "NULL"},
		{`{"sub":"` + id + `x"}`, `auth.uid()`, "NULL"},
		{`{"sub":"` + id + `\n"}`, `auth.uid()`, "NULL"},
		{`{"sub":{"a":1}}`, `auth.uid()`, "NULL"},
		{`{"role":"web"}`, `auth.role()`, "web"},
		{`{}`, `auth.role()`, "NULL"},
		{`{"scope":"read write"}`, `auth.has_scope('write')`, "true"},
		{`{"scope":"read write"}`, `auth.has_scope('rea')`, "false"},
		{`{"scope":"read write"}`, `auth.has_scope('read write')`, "false"},
		{`{"scope":"read  write"}`, `auth.has_scope('')`, "false"},
		{`{"scope":["read","write"]}`, `auth.has_scope('write')`, "true"},
		{`{"scope":["read"]}`, `auth.has_scope('write')`, "false"},
		{`{"scope":{"write":1}}`, `auth.has_scope('write')`, "NULL"},
		{`{"scope":true}`, `auth.has_scope('write')`, "NULL"},
		{`{}`, `not auth.has_scope('write')`, "NULL"},
		{`{"scope":"read"}`, `auth.has_scope(null)`, "NULL"},
	} {
		if got, err := ask(t, conn, c.claims, c.expression); got != c.want || err != nil {
			t.Errorf("%s with %s: %s, %v; want %s", c.expression, c.claims, got, err, c.want)
		}
	}
	for _, claims := range []string{"unset", "", "null", "[]", `"sub"`, "7", "sub", `{"sub":"alice"`, "[{}]", " ", `{"sub":"alice","a":"\u0000"}`} {
		for _, f := range []string{`auth.claims()`, `auth.claim('sub')`, `auth.uid()`, `auth.role()`, `auth.has_scope('read')`} {
			if got, err := ask(t, conn, claims, f); got != "NULL" || err != nil {
				t.Errorf("%s with claims %s: %s, %v; want NULL", f, claims, got, err)
			}
		}
	}
	// In braces, but no JSON: PostgreSQL 14 and 15 cannot tell without trying.
	got, err := ask(t, conn, `{sub}`, `auth.claim('sub')`)
	version := 0
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version >= 160000 && (got != "NULL" || err != nil) || version < 160000 && err == nil {
		t.Errorf("no JSON in braces: %s, %v", got, err)
	}
}

// PostgreSQL puts the bodies in the place of the calls, and a policy with one reads it once and by an index.
func TestHelpersAreInlined(t *testing.T) {
	t.Parallel()
	db := helpers(t)
	db.Exec(t, `create table note (owner text, body text);
		create index note_owner on note (owner);
		insert into note select 'user' || i, 'x' from generate_series(1, 5000) i;
		analyze note;
		alter table note enable row level security;
		create policy note_owner on note using (owner = (select auth.claim('sub')));
		grant select on note to helper_user;`)
	conn := db.Conn(t, "postgres")
	explain := func(sql string) string {
		t.Helper()
		rows, err := conn.Query(t.Context(), "explain (verbose, costs off) "+sql)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n")
	}
	for _, f := range []string{`auth.claims()`, `auth.claim('sub')`, `auth.uid()`, `auth.role()`, `auth.has_scope('read')`} {
		if plan := explain("select " + f); strings.Contains(plan, "auth.") || !strings.Contains(plan, "request.jwt.claims") {
			t.Errorf("%s is not inlined:\n%s", f, plan)
		}
	}
	if _, err := conn.Exec(t.Context(), "set role helper_user"); err != nil {
		t.Fatal(err)
	}
	plan := explain("select * from note")
	if !strings.Contains(plan, "InitPlan") || !strings.Contains(plan, "note_owner") {
		t.Errorf("the policy does not use the index:\n%s", plan)
	}
}

// PostgreSQL works the claims out for its estimates, too: with those of the session, which are "" where they were set once. No claims may make
// that an error, however the functions are called and on whatever table.
func TestHelpersInEstimates(t *testing.T) {
	t.Parallel()
	db := helpers(t)
	db.Exec(t, `create table note (id uuid default gen_random_uuid(), owner text, body text);
		create index on note (owner);
		create index on note (id);
		insert into note (owner, body) select 'user' || i % 100, 'x' from generate_series(1, 5000) i;
		insert into note (id, owner) values ('0b8b7ff5-1c0a-4b7e-9c67-2a1f3c1d9a10', 'alice');
		analyze note;
		alter table note enable row level security;
		create policy note_owner on note using (owner = auth.claim('sub') or id = auth.uid());
		grant select on note to helper_user;`)
	version := 0
	conn := db.Conn(t, "postgres")
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	claims := map[string]int{
		"unset": 0, "": 0, "null": 0, "[]": 0, "7": 0, "x": 0, " ": 0, `{"sub":"alice"`: 0, `{}`: 0, `{"sub":"\u0000"}`: 0, `{"sub":"user1","a":"\u0000"}`: 0,
		`{"sub":"alice"}`: 1, `{"sub":"user7"}`: 50, " {\"sub\":\n\"user7\"} ": 50, `{"sub":"0b8b7ff5-1c0a-4b7e-9c67-2a1f3c1d9a10"}`: 1,
	}
	if version >= 160000 {
		for _, bad := range []string{`{x}`, `{"sub":"alice"}}`, `{"sub":"user1","a":"\ud800"}`, `{"sub":"user1","a":1e999999}`, `{"sub":"user1","sub":}`} {
			claims[bad] = 0
		}
	}
	for text, want := range claims {
		conn := db.Conn(t, "postgres") // one that has not planned anything yet
		if text != "unset" {
			if _, err := conn.Exec(t.Context(), "select set_config('request.jwt.claims', $1, false)", text); err != nil {
				t.Fatal(err)
			}
		}
		for _, query := range []string{
			"select count(*) from note where owner = auth.claim('sub') or id = auth.uid()",
			"select count(*) from note where owner = (select auth.claim('sub')) or id = (select auth.uid())",
			"select count(*) from note where owner = auth.claims() ->> 'sub' or id::text = auth.claim('sub')",
			"set role helper_user; select count(*) from note",
			"set role helper_user; select count(*) from note a join note b using (id) where a.owner = auth.claim('sub') or b.id = auth.uid()",
			"select count(*) from note where auth.has_scope('read') is null and (owner = auth.claim('sub') or id = auth.uid())",
		} {
			results, err := conn.PgConn().Exec(t.Context(), query).ReadAll()
			if err != nil {
				t.Errorf("%s with claims %s: %v", query, text, err)
			} else if got := string(results[len(results)-1].Rows[0][0]); got != fmt.Sprint(want) {
				t.Errorf("%s with claims %s: %s rows, want %d", query, text, got, want)
			}
			if _, err := conn.Exec(t.Context(), "reset role"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A schema auth that is there already is left as it is.
func TestHelpersBesideAnotherAuth(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("helper_user", "nologin"), "create schema auth; create function auth.uid() returns uuid language sql return null::uuid")
	conn := db.Conn(t, "postgres")
	_, err := conn.PgConn().Exec(t.Context(), up(policypattern.Helpers)).ReadAll()
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42P06" || refused.Message != "there is a schema auth already" || refused.Hint == "" {
		t.Errorf("got %v", err)
	}
	// Under another name they work.
	db.Exec(t, strings.NewReplacer("auth.", "claims.", "schema auth", "schema claims", "'auth'", "'claims'").Replace(up(policypattern.Helpers)))
	if got, err := ask(t, conn, `{"sub":"alice"}`, `claims.claim('sub')`); got != "alice" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// Whatever the search_path is, the functions mean what they meant.
func TestHelpersUnderAnotherSearchPath(t *testing.T) {
	t.Parallel()
	db := helpers(t)
	db.Exec(t, `create schema evil;
		create function evil.current_setting(text, boolean) returns text language sql return '{"sub":"mallory","role":"mallory"}';
		grant usage on schema evil to public`)
	conn := db.Conn(t, "postgres")
	if _, err := conn.Exec(t.Context(), "set search_path = evil, pg_catalog"); err != nil {
		t.Fatal(err)
	}
	if got, err := ask(t, conn, `{"sub":"alice"}`, `auth.claim('sub')`); got != "alice" || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
}

// The way down leaves nothing, and does not take away what is used.
func TestHelpersDown(t *testing.T) {
	t.Parallel()
	db := helpers(t)
	db.Exec(t, down(policypattern.Helpers))
	db.Exec(t, up(policypattern.Helpers))
	db.Exec(t, "create table note (owner text default auth.claim('sub'))")
	conn := db.Conn(t, "postgres")
	if _, err := conn.PgConn().Exec(t.Context(), down(policypattern.Helpers)).ReadAll(); err == nil {
		t.Error("functions that are in use were dropped")
	}
}
