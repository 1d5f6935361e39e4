package lint_test

import (
	"fmt"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

// TestPerRowIsTrue counts how often PostgreSQL calls a function in policies, which is what policy-per-row-call claims: once a row as it
// stands, once a query in (select …), and once a look-up where an index finds the rows.
func TestPerRowIsTrue(t *testing.T) {
	t.Parallel()
	const rows = 1000
	db := pgtest.New(t, pgtest.Role("lint_counted", ""), fmt.Sprintf(`
		create sequence called;
		create function counted() returns text stable language plpgsql as $$ begin perform nextval('called'); return '5'; end $$;
		grant usage on sequence called to lint_counted;
		create table plain (id int primary key, owner text);
		create table wrapped (id int primary key, owner text);
		create table indexed (id int primary key, owner text);
		insert into plain select n, n from generate_series(1, %d) n;
		insert into wrapped select * from plain;
		insert into indexed select * from plain;
		create index on indexed (owner);
		create policy own on plain using (owner = counted());
		create policy own on wrapped using (owner = (select counted()));
		create policy own on indexed using (owner = counted());
		alter table plain enable row level security;
		alter table wrapped enable row level security;
		alter table indexed enable row level security;
		grant select on plain, wrapped, indexed to lint_counted;
		analyze plain; analyze wrapped; analyze indexed`, rows))
	conn := db.Conn(t, "postgres")
	exec := func(sql string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		table       string
		least, most int64
	}{
		{"plain", rows, rows + 10}, // planning asks for an estimate, too
		{"wrapped", 1, 2},
		{"indexed", 1, 10},
	} {
		exec("reset role; alter sequence called restart; set role lint_counted")
		exec("select from " + c.table)
		exec("reset role")
		var calls int64
		if err := conn.QueryRow(t.Context(), "select last_value from called").Scan(&calls); err != nil {
			t.Fatal(err)
		}
		if calls < c.least || calls > c.most {
			t.Errorf("%s: %d calls for %d rows, expected %d to %d", c.table, calls, rows, c.least, c.most)
		}
	}
}

// TestManyRoles lints a database with a role for each user, each named in the grants of each table.
func TestManyRoles(t *testing.T) {
	t.Parallel()
	const script = `
		do $$
		declare
			names text;
		begin
			for i in 1..%[1]d loop
				execute format('create role lint_user_%%s; grant lint_user_%%1$s to web_login', i);
			end loop;
			select string_agg('lint_user_' || i, ', ') into names from generate_series(1, %[1]d) i;
			execute 'grant usage on schema api to ' || names;
			for i in 1..%[2]d loop
				execute format('create table api.t%%s (id int primary key, owner text)', i);
				execute format('create index on api.t%%s (owner)', i);
				execute format('alter table api.t%%s enable row level security', i);
				execute format('create policy own on api.t%%s using (owner = current_user)', i);
				execute format('grant select, insert on api.t%%s to %%s', i, names);
			end loop;
			create table api.open (id int primary key);
			execute format('grant select on api.open to %%s', names);
		end
		$$`
	found := find(t, pgtest.New(t).Conn(t, "postgres"), fmt.Sprintf(script, 300, 10))
	if len(found) != 1 || found[0].Check != "rls-disabled" || found[0].Detail != "open to lint_user_1, lint_user_10, lint_user_100, lint_user_101, lint_user_102 and 295 more" {
		t.Errorf("found %s", text(found))
	}
}
