package introspect_test

import (
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
)

// codeSetup makes objects whose names say what is expected of them: those that end in _code run code with all commands, in _ins,
// _upd and _del with these, and all others do not.
const codeSetup = `
create schema api; create schema hidden;
create function hidden.dirty() returns int language plpgsql as 'begin return 1; end';
create function hidden.dirty(int) returns bool language plpgsql immutable as 'begin return true; end';
create function hidden.touch() returns trigger language plpgsql as 'begin return new; end';
`

// codeCases are the objects, each made by itself so that one can be told from the other.
var codeCases = []string{
	"create table api.plain(id int primary key, name text default 'x' check (name <> 'set_config'), at timestamptz default now())",
	"create table api.counted(id bigint generated always as identity, n serial, r float default random(), u uuid default gen_random_uuid())",
	"create function api.add(a int, b int) returns int language sql immutable as 'select a + b'",
	`create function api.uid() returns text language sql stable as $$ select nullif(current_setting('request.jwt.claims', true), '')::json->>'sub' $$`,
	"create function api.rows(text) returns setof api.plain language sql stable as 'select * from api.plain where name > $1' ",
	"create function api.f_code() returns setof api.plain language sql as $$ select * from api.plain where name = $q$a$q$ $$",
	"create function api.text_of(t text = 'insert') returns text language sql as $$ select 'delete from x; -- update' || t /* set_config */ -- dirty\n$$",
	"create function api.atomic() returns int language sql begin atomic select count(*)::int from api.plain; end",
	"create function api.wrapped() returns int language sql as 'with x as (values (1)) select api.add(1, 2) from x'",
	"create function api.language_code() returns int language plpgsql as 'begin return 1; end'",
	"create function api.calls_code() returns int language sql as 'select hidden.dirty()'",
	`create function api.quoted_code() returns int language sql as 'select "hidden" . "dirty" ()'`,
	`create function api.unicode_code() returns int language sql as 'select hidden.U&"d\0069rty"()'`,
	"create function api.upper_code() returns int language sql as 'select HIDDEN.DIRTY/* */()'",
	"create function api.atomic_code() returns int language sql begin atomic select hidden.dirty(); end",
	"create function api.atomic_set_code() returns text language sql begin atomic select set_config('a.b', 'c', false); end",
	"create function api.atomic_write_code() returns void language sql begin atomic insert into api.plain values (1); end",
	"create function api.set_code() returns text language sql as $$ select set_config('a.b', 'c', false) $$",
	`create function api.set2_code() returns text language sql as $$ select "set_config"('a.b', 'c', false) $$`,
	"create function api.internal_code(text, text, bool) returns text language internal as 'set_config_by_name'",
	"create function api.internal_text(text) returns text language internal as 'upper'",
	"create function api.lock_code() returns void language sql as 'select pg_advisory_lock(1)'",
	"create function api.lock_in_transaction() returns void language sql as 'select pg_advisory_xact_lock(1)'",
	"create function api.last_code() returns bigint language sql as 'select lastval()'",
	"create function api.next() returns bigint language sql as $$ select nextval('api.counted_n_seq') $$",
	"create function api.xml_code(q text) returns xml language sql as $$ select query_to_xml(q, true, true, '') $$",
	"create function api.xml2_code() returns xml language sql as $$ select table_to_xml('api.plain', true, true, '') $$",
	"create function api.stat_code(q text) returns bigint language sql as 'select count(*) from ts_stat(q)'",
	"create function api.write_code() returns void language sql as 'insert into api.plain values (1)'",
	"create function api.write2_code() returns int language sql as 'with x as (delete from api.plain returning id) select id from x'",
	"create function api.listen_code() returns void language sql as 'listen x'",
	"create function api.temporary_code() returns void language sql as 'create temp table x (id int)'",
	"create function api.second_code() returns int language sql as 'select 1; set search_path = x; select 1'",
	`create function api.escape_code() returns text language sql as $$ select E'\' ' || hidden.dirty() || ' -- '::text $$`,
	"create function api.default_code(i int default hidden.dirty()) returns int language sql as 'select i'",
	"create function api.overload_code() returns int language sql as 'select 1'; create function api.overload_code(x int) returns int language plpgsql as 'begin return 1; end'",

	// policies
	"create table api.own(owner name); alter table api.own enable row level security; create policy p on api.own using (owner = current_user)",
	"create table api.claim(sub text); alter table api.claim enable row level security; create policy p on api.claim using (sub = api.uid())",
	"create table api.read_code(id int); create policy p on api.read_code for select using (hidden.dirty(id))",
	"create table api.policy_ins(id int); create policy p on api.policy_ins for insert with check (hidden.dirty(id))",
	"create table api.policy_upd(id int); create policy p on api.policy_upd for update using (hidden.dirty() = 1)",
	"create table api.policy_del(id int); create policy p on api.policy_del for delete using (hidden.dirty() = 1)",
	"create table api.lookup_code(id int); create policy p on api.lookup_code using (exists (select from api.read_code r where r.id = lookup_code.id))",
	"create table api.set_policy_code(id int); create policy p on api.set_policy_code using (set_config('a.b', '1', false) = '1')",

	// what is written
	"create table api.trigger_ins(id int); create trigger t before insert on api.trigger_ins for each row execute function hidden.touch()",
	"create table api.trigger_ins_upd(id int); create trigger t before insert or update on api.trigger_ins_upd for each row execute function hidden.touch()",
	"create table api.trigger_del(id int); create constraint trigger t after delete on api.trigger_del deferrable for each row execute function hidden.touch()",
	"create table api.when_upd(id int, v tsvector); create trigger t before update on api.when_upd for each row when (hidden.dirty(new.id)) execute function suppress_redundant_updates_trigger()",
	"create table api.builtin(id int, v tsvector, t text); create trigger t before update on api.builtin for each row execute function tsvector_update_trigger(v, 'pg_catalog.english', t)",
	"create table api.default_ins(id int default hidden.dirty())",
	"create table api.check_code(id int check (hidden.dirty(id)))",
	"create table api.index_code(id int); create index on api.index_code (hidden.dirty(id))",
	"create table api.partial_code(id int); create index on api.partial_code (id) where hidden.dirty(id)",
	"create table api.generated_ins_upd(id int, g bool generated always as (hidden.dirty(id)) stored)",
	"create table api.rule_upd(id int); create rule r as on update to api.rule_upd do also select 1",
	"create table api.parted_ins(id int) partition by list (id); create table hidden.part partition of api.parted_ins default; create trigger t before insert on hidden.part for each row execute function hidden.touch()",
	"create table api.parent_upd(id int); create table hidden.child() inherits (api.parent_upd); create trigger t before update on hidden.child for each row execute function hidden.touch()",
	"create table api.cascade_del(id int primary key); create table hidden.item(id int references api.cascade_del on delete cascade); create trigger t after delete on hidden.item for each row execute function hidden.touch()",
	"create table api.nulls_del(id int primary key); create table hidden.item2(id int references api.nulls_del on delete set null); create trigger t after update on hidden.item2 for each row execute function hidden.touch()",
	"create table api.restricted(id int primary key); create table hidden.item3(id int references api.restricted); create trigger t after delete on hidden.item3 for each row execute function hidden.touch()",

	// views
	"create view api.v as select id, name, count(*) over () from api.plain where id < 5",
	"create view api.v_of_hidden_ins_upd as select id, g as x from api.generated_ins_upd",
	"create table hidden.generated(id int, g bool generated always as (hidden.dirty(id)) stored); create view api.v_of_generated_ins_upd as select id, g as x from hidden.generated",
	"create table hidden.defaults(id int default hidden.dirty()); create view api.v_of_default_ins as select id from hidden.defaults",
	"create view api.v_code as select hidden.dirty() as x",
	"create view hidden.middle as select * from api.v_code; create view api.v_of_view_code as select x from hidden.middle",
	"create view api.v_of_table_code as select id from api.read_code",
	"create function api.f_of_view_code() returns bigint language sql as 'select count(*) from api.v_of_view_code'",
	"create view api.v_of_f_code as select api.f_of_view_code()",
	"create view api.v_last_code as select lastval()",
	"create materialized view api.m as select hidden.dirty() as x",
	"create view api.settings_ins_upd_del as select * from pg_settings",
	"create view api.instead_ins as select id, 1 as one from api.plain; create trigger t instead of insert on api.instead_ins for each row execute function hidden.touch()",

	// types
	"create domain api.positive as int check (value > 0); create table api.with_domain(id api.positive)",
	"create domain api.odd_code as int check (hidden.dirty(value)); create table api.domain_code(id api.odd_code); create table api.domains_code(ids api.odd_code[])",
	"create type api.pair_code as (a int, b api.odd_code); create table api.pairs_code(p api.pair_code)",
	"create function api.takes_code(p api.pair_code) returns int language sql as 'select 1'",
	"create function api.casts_code(p text) returns int language sql as 'select p::api.odd_code'",
	"create function api.gives_code(p int) returns api.odd_code language sql as 'select p'",
	`create domain api.colour as int; create function api.shown(api.colour) returns json language sql immutable as 'select to_json($1::int)';
	create cast (api.colour as json) with function api.shown(api.colour) as implicit; create table api.coloured(c api.colour)`,
	`create domain api.shade_code as int; create function api.shade_json_code(api.shade_code) returns json language plpgsql immutable as 'begin return to_json($1::int); end';
	create cast (api.shade_code as json) with function api.shade_json_code(api.shade_code) as implicit; create table api.shaded_code(c api.shade_code)`,
	`create type api.mood as enum ('sad', 'ok'); create table api.moods(m api.mood)`,
}

// TestRunsCode makes what codeCases say and compares what the catalog tells of it with the names.
func TestRunsCode(t *testing.T) {
	t.Parallel()
	scripts := append(setup(), codeSetup)
	db := pgtest.New(t, scripts...)
	for _, sql := range codeCases {
		db.Exec(t, sql)
	}
	c, err := introspect.Load(t.Context(), db.Conn(t, loginRole), introspect.Config{Schemas: []string{"api"}})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, r := range c.Relations("api") {
		compared++
		if got, want := r.RunsCode, expectedOf(r.Name.Name); got != want {
			t.Errorf("%s runs code with commands %04b, want %04b", r.Name.Name, got, want)
		}
	}
	for _, name := range c.RoutineNames() {
		compared++
		for _, r := range c.Routines(name) {
			if r.RunsCode != strings.HasSuffix(name.Name, "_code") {
				t.Errorf("%s runs code: %t", name.Name, r.RunsCode)
			}
		}
	}
	if compared < 80 {
		t.Errorf("only %d were compared", compared)
	}
	for _, name := range []string{"odd_code", "_odd_code", "pair_code", "shade_code"} {
		if !c.TypeRunsCode(name) {
			t.Errorf("type %s runs no code", name)
		}
	}
	for _, name := range []string{"positive", "text", "mood", "colour"} {
		if c.TypeRunsCode(name) {
			t.Errorf("type %s runs code", name)
		}
	}
}

func expectedOf(name string) schema.Commands {
	if strings.HasSuffix(name, "_code") {
		return schema.AllCommands
	}
	var out schema.Commands
	for suffix, command := range map[string]schema.Commands{"_ins": schema.Insert, "_upd": schema.Update, "_del": schema.Delete} {
		if strings.Contains(name, suffix) {
			out |= command
		}
	}
	return out
}

// TestCodeWithoutAName proves that code which operators and casts may call anywhere counts everywhere, if it can be found, and that
// the functions of trusted extensions do not count.
func TestCodeWithoutAName(t *testing.T) {
	t.Parallel()
	const base = `create schema api; create table api.plain(id int, name text); create type api.mood as enum ('sad');
		create table api.moody(m api.mood); create function api.one() returns int language sql as 'select 1 + 1';
		create function api.f(text, text) returns bool language plpgsql as 'begin return true; end';
		create function api.g(api.mood) returns json language plpgsql as 'begin return to_json(1); end';
		create function api.h(api.mood) returns json language sql as 'select to_json(1)';
		create schema hidden;`
	for name, c := range map[string]struct {
		sql               string
		plain, moody, one bool
	}{
		"nothing":                {"", false, false, false},
		"operator":               {"create operator api.~~ (leftarg = text, rightarg = text, function = api.f)", true, true, true},
		"operator out of sight":  {"create operator hidden.~~ (leftarg = text, rightarg = text, function = api.f)", false, false, true},
		"cast of a type":         {"create cast (api.mood as json) with function api.g(api.mood)", false, true, true},
		"harmless cast":          {"create cast (api.mood as json) with function api.h(api.mood)", false, false, false},
		"overload":               {"create function api.to_json(api.mood) returns json language plpgsql as 'begin return null; end'", true, true, true},
		"overload out of sight":  {"create function hidden.to_json(api.mood) returns json language plpgsql as 'begin return null; end'", false, false, false},
		"aggregate of a type":    {"create function hidden.s(int, api.mood) returns int language plpgsql as 'begin return 1; end'; create aggregate api.max(api.mood) (sfunc = hidden.s, stype = int)", true, true, true},
		"cast of built-in types": {"create function hidden.b(json) returns int language plpgsql as 'begin return 1; end'; create cast (json as int) with function hidden.b(json)", true, true, true},
		"trusted extension":      {"create extension citext schema api; alter table api.plain add c api.citext, add unique (c)", false, false, false},
		"trigrams":               {"create extension pg_trgm schema api; create index on api.plain using gin (name api.gin_trgm_ops)", false, false, false},
		"untrusted extension":    {"create extension dblink schema api; create view api.remote as select api.dblink_connect('x')", false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t, append(setup(), base)...)
			if c.sql != "" {
				db.Exec(t, c.sql)
			}
			got, err := introspect.Load(t.Context(), db.Conn(t, loginRole), introspect.Config{Schemas: []string{"api"}})
			if err != nil {
				t.Fatal(err)
			}
			relation := func(name string) bool {
				return got.Relation(schema.Name{Schema: "api", Name: name}).RunsCode&schema.Select != 0
			}
			one := got.Routines(schema.Name{Schema: "api", Name: "one"})[0].RunsCode
			if relation("plain") != c.plain || relation("moody") != c.moody || one != c.one {
				t.Errorf("plain %t, moody %t, one %t", relation("plain"), relation("moody"), one)
			}
			if remote := got.Relation(schema.Name{Schema: "api", Name: "remote"}); remote != nil && remote.RunsCode != schema.AllCommands {
				t.Error("dblink counts as harmless")
			}
		})
	}
}
