package policy_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// The names of what scripts generate. Roles are made in a transaction that is rolled back.
var (
	roleNames  = []string{"pol_a", "pol_b", "pol_c", "pol_d"}
	tableNames = []string{"t0", "t1", "t2"}
	viewNames  = []string{"v0", "v1", "v2"}
)

// script draws roles, memberships, tables, views, policies and grants, each statement on a line of its own.
func script(t *rapid.T, version int) string {
	g := &generator{t: t, version: version}
	g.roles()
	g.line("create schema pol authorization %s", g.role())
	g.line("grant usage on schema pol to %s", g.grantees())
	for _, table := range tableNames {
		g.line("create table pol.%s (id int, a int, b int)", table)
		g.line("insert into pol.%s values (1, 1, 1), (2, 2, 2), (3, 3, 3)", table)
		g.line("alter table pol.%s owner to %s", table, g.role())
	}
	for i, view := range viewNames {
		g.view(view, append(tableNames, viewNames[:i]...))
	}
	for _, table := range tableNames {
		g.policies(table)
	}
	for _, relation := range append(tableNames, viewNames...) {
		g.grants(relation)
	}
	return g.b.String()
}

type generator struct {
	t       *rapid.T
	version int
	b       strings.Builder
}

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.b, format+";\n", args...) }

// chance is true in percent of the cases; it shrinks to false.
func (g *generator) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(g.t, "chance") >= 100-percent
}

func (g *generator) of(list []string) string { return rapid.SampledFrom(list).Draw(g.t, "one of") }

func (g *generator) role() string { return g.of(roleNames) }

func (g *generator) grantees() string {
	if g.chance(25) {
		return "public"
	}
	return strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(roleNames), 1, 3, rapid.ID).Draw(g.t, "roles"), ", ")
}

func (g *generator) roles() {
	for _, r := range roleNames {
		attributes := "inherit"
		if g.chance(30) {
			attributes = "noinherit"
		}
		if g.chance(8) {
			attributes += " bypassrls"
		}
		if g.chance(5) {
			attributes += " superuser"
		}
		g.line("create role %s %s", r, attributes)
	}
	for i, r := range roleNames {
		for _, of := range roleNames[i+1:] {
			if !g.chance(30) {
				continue
			}
			options := ""
			if g.version >= 160000 && g.chance(60) {
				options = fmt.Sprintf(" with inherit %v, set %v", g.chance(50), g.chance(50))
			}
			g.line("grant %s to %s%s", of, r, options)
		}
	}
	for _, predefined := range []string{"pg_read_all_data", "pg_write_all_data"} {
		if g.chance(8) {
			g.line("grant %s to %s", predefined, g.role())
		}
	}
}

func (g *generator) view(name string, from []string) {
	source := g.of(from)
	query := g.of([]string{
		"select * from pol.%[1]s",
		"select a as id, id as a, b + 0 as b from pol.%[1]s",
		"select id, a, b from pol.%[1]s where a > 1",
		"select id, a, b from pol.%[1]s where exists (select from pol.%[2]s x where x.id = 1)",
		"select x.id, x.a, y.b from pol.%[1]s x join pol.%[2]s y using (id)",
		"select count(*)::int as id, 0 as a, 0 as b from pol.%[1]s",
		"select (x.w).id, (x.w).a, (x.w).b from (select t as w from pol.%[1]s t) x",
	})
	if strings.Contains(query, "%[2]") {
		query = fmt.Sprintf(query, source, g.of(from))
	} else {
		query = fmt.Sprintf(query, source)
	}
	options := ""
	if g.version >= 150000 && g.chance(40) {
		options = " with (security_invoker)"
	}
	g.line("create view pol.%s%s as %s", name, options, query)
	g.line("alter view pol.%s owner to %s", name, g.role())
}

func (g *generator) policies(table string) {
	if g.chance(75) {
		g.line("alter table pol.%s enable row level security", table)
	}
	if g.chance(30) {
		g.line("alter table pol.%s force row level security", table)
	}
	for i := range rapid.IntRange(0, 4).Draw(g.t, "policies") {
		command := g.of([]string{"all", "select", "insert", "update", "delete"})
		kind := "permissive"
		if g.chance(25) {
			kind = "restrictive"
		}
		var clauses string
		if command != "insert" {
			clauses += " using (" + g.expression(table) + ")"
		}
		if command == "insert" || (command == "all" || command == "update") && g.chance(50) {
			clauses += " with check (" + g.expression(table) + ")"
		}
		g.line("create policy p%d on pol.%s as %s for %s to %s%s", i, table, kind, command, g.grantees(), clauses)
	}
}

func (g *generator) expression(table string) string {
	e := g.of([]string{
		"true", "a > 1", "a = 7", "false", "b is null or b < 3", "null::bool", "a > 1 and b > 1", "(select 1) = 1", "1 = 1", "1 = 2", "a <> a", "b = null or a > 1", "not 1 = 2",
		"exists (select from pol.%[1]s x where x.a = %[2]s.a)", "(select count(*) from pol.%[1]s) >= 0", "id in (select y.id from pol.%[1]s y)",
	})
	if strings.Contains(e, "%") {
		e = fmt.Sprintf(e, g.of(append(tableNames, viewNames...)), table)
	}
	return e
}

func (g *generator) grants(relation string) {
	for range rapid.IntRange(0, 4).Draw(g.t, "grants") {
		privilege := g.of([]string{"select", "insert", "update", "delete", "select, insert, update, delete"})
		if g.chance(40) && !strings.Contains(privilege, "delete") {
			privilege += g.of([]string{" (a)", " (id, a)", " (b)"})
		}
		g.line("grant %s on pol.%s to %s", privilege, relation, g.grantees())
	}
	if g.chance(10) {
		// Of its owner, too.
		g.line("revoke %s on pol.%s from %s", g.of([]string{"select", "update", "all"}), relation, g.role())
	}
}
