package policy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
)

const truthTable = `
create schema pol;
create table pol.t (id int primary key, n int, s text, t varchar(9) not null, f float8, j numeric not null, yes bool, sure bool not null, u uuid, day date not null);
insert into pol.t
select row_number() over (), n, s, coalesce(s, 'none'), f, coalesce(n, 2), yes, coalesce(yes, n is null), case when yes then '00000000-0000-0000-0000-000000000001'::uuid end, '2026-01-01'
from (values (null), (1), (2)) a (n), (values (null), (''), ('a'), ('A ')) b (s), (values (null), ('NaN'::float8), (-0.0)) c (f), (values (null), (true), (false)) d (yes);
`

// constantCases are conditions with what they come to: t true, f never true, ? that depends.
var constantCases = map[string]string{
	"true": "t", "false": "f", "null": "f", "1 = 1": "t", "1 = 2": "f", "1 <> 2": "t", "1 <> 1": "f", "1 >= 1": "t", "not false": "t", "not true": "f",
	"not null::bool": "f", "'a' = 'b'": "f", "'a' = 'a'": "t", "'a' <> 'b'": "t", "(select true)": "t", "(select false)": "f", "(select true where 1 = 2)": "f",
	"exists (select 1)": "t", "exists (select 1 where false)": "f", "not exists (select 1 where n <> n)": "t", "exists (select 1 limit 0)": "?",
	"id = id": "t", "id <> id": "f", "n = n": "?", "n <> n": "f", "n < n": "f", "s = s": "?", "t = t": "t", "t <> t": "f", "f = f": "?", "j = j": "t", "t.t = t.s": "?",
	"id is not null": "t", "id is null": "f", "n is not null": "?", "n is null": "?", "n = 1 or true": "t", "n = 1 and false": "f", "n = 1 and 1 = 2": "f",
	"n = 1 or 1 = 2": "?", "n = null": "f", "n <> null or false": "f", "not (n = null)": "f", "n is distinct from n": "f", "n is not distinct from n": "t",
	"n is not distinct from null": "?", "sure": "?", "sure is not null": "t", "yes is not null": "?", "sure is unknown": "f", "(n = null) is unknown": "t",
	"(n = 1) is not null": "?", "(id is null) is false": "t", "yes is true or yes is not true": "?", "coalesce(yes, true)": "?", "coalesce(true, yes)": "t",
	"coalesce(null, n <> n, false)": "f", "n = 1 and null": "f", "not (n = 1 and null)": "?", "current_user is null": "f", "(select id = id)": "t",
	"(select t.id = x.id from pol.t x limit 1)": "?", "1::bigint = 1::bigint": "?", "1.0 = 1.00": "?", "'a'::bpchar = 'a '::bpchar": "?", "'-0'::float8 = '0'::float8": "?",
	`'a' = 'b' collate "C"`: "?", "u = u": "?", "row(id, t) = row(id, t)": "t", "t is not null": "t", "t.* is not null": "?", "current_setting('x.y', true) = current_setting('x.y', true)": "?",
}

// TestConstant tells which conditions come to the same for every row.
func TestConstant(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t, truthTable).Conn(t, "postgres")
	var sqls []string
	for sql := range constantCases {
		sqls = append(sqls, sql)
	}
	known := constants(t, conn, sqls)
	for i, sql := range sqls {
		if known[i] != constantCases[sql] {
			t.Errorf("%s is %s, not %s", sql, known[i], constantCases[sql])
		}
	}
	for _, c := range []struct{ setup, sql, want string }{
		// Heirs may be without the NOT NULL of the table.
		{"create table pol.heir () inherits (pol.t)", "id is not null", "?"},
		{"alter table pol.t alter t drop not null", "t is not null", "?"},
		{`create operator pol.=== (function = int4eq, leftarg = int, rightarg = int); create function pol.no(int, int) returns bool language sql as 'select false';
		  create operator pol.= (function = pol.no, leftarg = int, rightarg = int)`, "id operator(pol.=) id", "?"},
	} {
		if got := constants(t, conn, []string{c.sql}, c.setup)[0]; got != c.want {
			t.Errorf("after %s, %s is %s, not %s", c.setup, c.sql, got, c.want)
		}
	}
}

// TestNotNullNotValid does not believe a NOT NULL that was not validated.
func TestNotNullNotValid(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t, truthTable).Conn(t, "postgres")
	var version int
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version < 180000 {
		t.Skip("PostgreSQL 18 has NOT NULL NOT VALID")
	}
	got := constants(t, conn, []string{"n is not null", "id is not null"}, "alter table pol.t add constraint n_there not null n not valid")
	if got[0] != "?" || got[1] != "t" {
		t.Errorf("got %v", got)
	}
}

// constants makes policies of conditions, in a transaction that is undone, and returns what they are said to come to.
func constants(t interface{ Fatal(args ...any) }, conn *pgx.Conn, sqls []string, setup ...string) []string {
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	script := strings.Join(setup, ";") + ";"
	for i, sql := range sqls {
		script += fmt.Sprintf("create policy p%d on pol.t for select using (%s);\n", i, sql)
	}
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		t.Fatal(err, script)
	}
	d, err := policy.Read(ctx, tx, policy.Config{Schemas: []string{"pol"}})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]*policy.Policy{}
	for _, p := range d.Relation("pol", "t").Policies {
		byName[p.Name] = p
	}
	var out []string
	for i := range sqls {
		switch value, known := byName[fmt.Sprintf("p%d", i)].Using.Constant(); {
		case !known:
			out = append(out, "?")
		case value:
			out = append(out, "t")
		default:
			out = append(out, "f")
		}
	}
	return out
}

// TestConstantAgainstPostgreSQL makes random conditions and asks PostgreSQL for what is said to be always or never true.
func TestConstantAgainstPostgreSQL(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t, truthTable).Conn(t, "postgres")
	said := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		sqls := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string { return condition(t, 3) }), 20, 20).Draw(rt, "conditions")
		known := constants(rt, conn, sqls)
		var counts []string
		for _, sql := range sqls {
			counts = append(counts, fmt.Sprintf("count(*) filter (where %s)", sql))
		}
		rows, err := conn.Query(t.Context(), "select count(*), "+strings.Join(counts, ", ")+" from pol.t")
		if err != nil {
			rt.Fatal(err)
		}
		got, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
		if err != nil {
			rt.Fatal(err, sqls)
		}
		for i, sql := range sqls {
			said[known[i]]++
			if known[i] == "t" && got[i+1] != got[0] || known[i] == "f" && got[i+1] != int64(0) {
				rt.Fatalf("%s is said to be %s, and is true for %v of %v rows", sql, known[i], got[i+1], got[0])
			}
		}
	})
	t.Log(said)
	for _, is := range []string{"t", "f", "?"} {
		if said[is] == 0 {
			t.Errorf("nothing was said to be %s", is)
		}
	}
}

// condition draws a boolean expression.
func condition(t *rapid.T, depth int) string {
	of := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "one of") }
	operand := func() string {
		return of("n", "id", "1", "2", "null::int", "n", "id", "(select 1)", "n + 0", "length(s)")
	}
	text := func() string {
		return of("s", "t", "'a'", "'A '", "null::text", "t::text", "lower(s)", "current_user::text")
	}
	leaf := func() string {
		operator := of("=", "<>", "<", "<=", ">", ">=", "is distinct from", "is not distinct from")
		switch rapid.IntRange(0, 6).Draw(t, "leaf") {
		case 0:
			return of("true", "false", "null::bool", "yes", "sure", "(select sure)", "'t'::bool")
		case 1:
			return text() + " " + operator + " " + text()
		case 2:
			return of("f", "j", "u", "day", "s", "t", "n", "yes", "sure", "t.*") + of(" is null", " is not null")
		case 3:
			column := of("f", "j", "u", "day", "yes", "sure", "t", "n", "id")
			return column + " " + operator + " " + column
		case 4:
			return of("'a'::bpchar = 'a '::bpchar", "'NaN'::float8 = 'NaN'", "'-0'::float8 = 0", "1.0 = 1.00", "row(n, s) = row(n, s)", "id = any (array[id])", "n in (1, null)")
		}
		return operand() + " " + operator + " " + operand()
	}
	if depth == 0 {
		return leaf()
	}
	sub := func() string { return "(" + condition(t, depth-1) + ")" }
	switch rapid.IntRange(0, 9).Draw(t, "node") {
	case 0, 1:
		return sub() + " and " + sub()
	case 2, 3:
		return sub() + " or " + sub()
	case 4:
		return "not " + sub()
	case 5:
		return sub() + of(" is true", " is not true", " is false", " is not false", " is unknown", " is not unknown")
	case 6:
		return of("(select ", "coalesce(null, ", "coalesce("+sub()+", ") + sub() + ")"
	case 7:
		return of("exists (select 1 where ", "(select "+sub()+" where ", "exists (select from pol.t x where x.id = t.id and ") + sub() + ")"
	}
	return leaf()
}
