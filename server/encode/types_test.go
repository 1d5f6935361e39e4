package encode_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/schema"
)

// pgType is a type, its encoding, and values of it in their text form.
type pgType struct {
	name     string // the SQL text of the type
	encoding schema.Encoding
	values   *rapid.Generator[string]
	sql      string // the expression to test if it is not a cast to the type; %s stands for the value
}

// expression is the SQL of a value of the type, made from a parameter.
func (p pgType) expression(parameter int) string {
	placeholder := fmt.Sprintf("$%d", parameter)
	if p.sql != "" {
		return strings.ReplaceAll(p.sql, "%s", placeholder)
	}
	return placeholder + "::" + p.name
}

// userTypes makes types of each kind that a user can define. The domains get their encoding from their base type.
const userTypes = `
create schema api;
create type api.mood as enum ('sad', 'a "b"', E'c\\d\n', 'ünïcødé', 'null', '');
create type api.level as enum ('low', 'high');
create function api.level_json(api.level) returns json language sql immutable
  as $$ select json_build_object('level', $1::text, 'rank', case $1 when 'low' then 1 else 2 end) $$;
create cast (api.level as json) with function api.level_json(api.level);

-- a base type, as extensions bring them
create type api.word;
create function api.word_in(cstring) returns api.word language internal immutable strict as 'textin';
create function api.word_out(api.word) returns cstring language internal immutable strict as 'textout';
create type api.word (input = api.word_in, output = api.word_out, like = text);

create type api.words as range (subtype = text, collation = "C");
create type api.inner as (yes bool, at timestamptz, doc json);
create type api.outer as (id int, "odd ""name\" text, ratio float8, "in" api.inner, tags text[]);

create domain api.d_bool as bool;
create domain api.d_int as int8 check (value is not null or value is null);
create domain api.d_numeric as numeric;
create domain api.d_text as text;
create domain api.d_name as name;
create domain api.d_json as json;
create domain api.d_jsonb as jsonb;
create domain api.d_date as date;
create domain api.d_timestamptz as timestamptz;
create domain api.d_bytea as bytea;
create domain api.d_mood as api.mood;
create domain api.d_range as tstzrange;
create domain api.d_array as numeric[];
create domain api.d_composite as api.outer;
create domain api.d_d_numeric as api.d_numeric;

create table api."odd ""table\" (id int);
`

// types are all types under test. For ranges, which to_json writes as strings, either encoding will do.
func types(xml bool, version int) []pgType {
	all := append(scalarTypes(version), userDefinedTypes()...)
	if xml {
		all = append(all,
			pgType{name: "xml", encoding: schema.String, values: xmlDocument()},
			pgType{name: "xml[]", encoding: schema.ToJSON, values: array(xmlDocument())})
	}
	return all
}

func scalarTypes(version int) []pgType {
	const (
		toJSON   = schema.ToJSON
		verbatim = schema.Verbatim
		boolean  = schema.Boolean
		number   = schema.Number
		str      = schema.String
	)
	return []pgType{
		{name: "bool", encoding: boolean, values: boolText()},
		{name: "int2", encoding: verbatim, values: integer(-1<<15, 1<<15-1)},
		{name: "int4", encoding: verbatim, values: integer(-1<<31, 1<<31-1)},
		{name: "int8", encoding: verbatim, values: integer(-1<<63, 1<<63-1)},
		{name: "float4", encoding: number, values: float(32)},
		{name: "float8", encoding: number, values: float(64)},
		{name: "numeric", encoding: number, values: numeric()},
		{name: "numeric(30,10)", encoding: number, values: rapid.Map(integer(-1<<63, 1<<63-1), func(s string) string { return s + "e-9" })},
		{name: "json", encoding: verbatim, values: jsonText()},
		{name: "jsonb", encoding: verbatim, values: jsonText()},

		{name: "text", encoding: str, values: text()},
		{name: "varchar", encoding: str, values: text()},
		{name: "varchar(3)", encoding: str, values: text()},
		{name: "bpchar", encoding: str, values: text()},
		{name: "char(7)", encoding: str, values: text()},
		{name: "name", encoding: str, values: text()},
		{name: `"char"`, encoding: str, values: rapid.StringMatching(`[\x01-\x7f]?`)},
		{name: "refcursor", encoding: str, values: text()},
		{name: "bytea", encoding: str, values: bytea()},
		{name: "uuid", encoding: str, values: rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)},
		{name: "money", encoding: str, values: rapid.StringMatching(`-?[0-9]{1,15}\.[0-9]{2}`)},
		{name: "bit(5)", encoding: str, values: rapid.StringMatching(`[01]{0,12}`)},
		{name: "varbit", encoding: str, values: rapid.StringMatching(`[01]{0,40}`)},
		{name: "inet", encoding: str, values: inet(false)},
		{name: "cidr", encoding: str, values: inet(true)},
		{name: "macaddr", encoding: str, values: rapid.StringMatching(`([0-9a-f]{2}:){5}[0-9a-f]{2}`)},
		{name: "macaddr8", encoding: str, values: rapid.StringMatching(`([0-9a-f]{2}:){7}[0-9a-f]{2}`)},
		{name: "tsvector", encoding: str, values: tsvector()},
		{name: "tsquery", encoding: str, values: tsquery()},
		{name: "jsonpath", encoding: str, values: rapid.SampledFrom([]string{`$`, `$.a[*] ? (@.b == "x\"\\y")`, `strict $."ü \n"`})},

		{name: "date", encoding: toJSON, values: date(5_874_897)},
		{name: "timestamp", encoding: toJSON, values: timestamp()},
		{name: "timestamptz", encoding: toJSON, values: timestamptz()},
		{name: "timestamp(0)", encoding: toJSON, values: timestamp()},
		{name: "time", encoding: str, values: timeOfDay()},
		{name: "timetz", encoding: str, values: rapid.Map(timeOfDay(), func(s string) string { return s + "-03:17" })},
		{name: "interval", encoding: str, values: interval(version)},

		{name: "point", encoding: str, values: points("(%s,%s)")},
		{name: "line", encoding: str, values: points("{1,%s,%s}")},
		{name: "lseg", encoding: str, values: points("[(%s,%s),(0,-0)]")},
		{name: "box", encoding: str, values: points("(%s,%s),(1,1)")},
		{name: "path", encoding: str, values: points("[(%s,%s),(1,1),(2,2)]")},
		{name: "polygon", encoding: str, values: points("((%s,%s),(1,1),(2,2))")},
		{name: "circle", encoding: str, values: points("<(%s,%s),7>")},

		{name: "oid", encoding: str, values: integer(0, 1<<32-1)},
		{name: "xid", encoding: str, values: integer(0, 1<<32-1)},
		{name: "xid8", encoding: str, values: integer(0, 1<<63-1)},
		{name: "cid", encoding: str, values: integer(0, 1<<32-1)},
		{name: "tid", encoding: str, values: rapid.StringMatching(`\([0-9]{1,9},[0-9]{1,4}\)`)},
		{name: "pg_lsn", encoding: str, values: rapid.StringMatching(`[0-9A-F]{1,8}/[0-9A-F]{1,8}`)},
		{name: "txid_snapshot", encoding: str, values: rapid.Just("10:20:10,14")},
		{name: "pg_snapshot", encoding: str, values: rapid.Just("10:20:10,14")},
		{name: "regclass", encoding: str, values: rapid.SampledFrom([]string{"pg_catalog.pg_class", `api."odd ""table\"`, "-", "4294967295"})},
		{name: "regproc", encoding: str, values: rapid.SampledFrom([]string{"pg_catalog.now", "api.word_in"})},
		{name: "regoper", encoding: str, values: rapid.Just("pg_catalog.||/")},
		{name: "regprocedure", encoding: str, values: rapid.SampledFrom([]string{"pg_catalog.now()", "api.word_in(cstring)"})},
		{name: "regoperator", encoding: str, values: rapid.Just("pg_catalog.+(int4,int4)")},
		{name: "regconfig", encoding: str, values: rapid.Just("pg_catalog.simple")},
		{name: "regdictionary", encoding: str, values: rapid.Just("pg_catalog.simple")},
		{name: "regcollation", encoding: str, values: rapid.Just(`pg_catalog."C"`)},
		{name: "aclitem", encoding: str, values: rapid.Just("postgres=r*w/postgres")},
		{name: "regtype", encoding: str, values: rapid.SampledFrom([]string{"int4", `pg_catalog."char"`, "api.mood[]"})},
		{name: "regrole", encoding: str, values: rapid.Just("postgres")},
		{name: "regnamespace", encoding: str, values: rapid.Just("api")},

		{name: "int4range", encoding: str, values: intRange()},
		{name: "int8range", encoding: toJSON, values: intRange()},
		{name: "numrange", encoding: str, values: rapid.SampledFrom([]string{"empty", "(,)", "[1.5,2.50)", "(-infinity,NaN]"})},
		{name: "tsrange", encoding: str, values: from(timestamp())},
		{name: "tstzrange", encoding: str, values: from(timestamptz())},
		{name: "daterange", encoding: toJSON, values: from(date(5_000_000))},
		{name: "int4multirange", encoding: str, values: rapid.Map(intRange(), func(s string) string { return "{" + s + ",[7,9)}" })},
		{name: "int8multirange", encoding: str, values: rapid.SampledFrom([]string{"{}", "{[1,3)}"})},
		{name: "nummultirange", encoding: str, values: rapid.SampledFrom([]string{"{}", "{[1.5,2.50),(3,NaN]}"})},
		{name: "datemultirange", encoding: toJSON, values: rapid.Map(from(date(5_000_000)), func(s string) string { return "{" + s + "}" })},
		{name: "tsmultirange", encoding: str, values: rapid.Map(from(timestamp()), func(s string) string { return "{" + s + "}" })},
		{name: "tstzmultirange", encoding: toJSON, values: rapid.Map(from(timestamptz()), func(s string) string { return "{" + s + "}" })},
	}
}

func userDefinedTypes() []pgType {
	const (
		toJSON   = schema.ToJSON
		verbatim = schema.Verbatim
		number   = schema.Number
		str      = schema.String
	)
	mood := rapid.SampledFrom([]string{"sad", `a "b"`, "c\\d\n", "ünïcødé", "null", ""})
	level := rapid.SampledFrom([]string{"low", "high"})
	return []pgType{
		{name: "api.mood", encoding: str, values: mood},
		{name: "api.level", encoding: toJSON, values: level},
		{name: "api.word", encoding: toJSON, values: text()},
		{name: "api.words", encoding: toJSON, values: rapid.Map(text(), func(s string) string { return "[" + element(s) + ",)" })},
		{name: "api.outer", encoding: toJSON, values: outer()},
		{name: "record", encoding: toJSON, values: text(), sql: "row(%s::text, 1, null::int, '[1, 2]'::json)"},

		{name: "api.d_bool", encoding: schema.Boolean, values: boolText()},
		{name: "api.d_int", encoding: verbatim, values: integer(-1<<63, 1<<63-1)},
		{name: "api.d_numeric", encoding: number, values: numeric()},
		{name: "api.d_d_numeric", encoding: number, values: numeric()},
		{name: "api.d_text", encoding: str, values: text()},
		{name: "api.d_name", encoding: str, values: text()},
		{name: "api.d_json", encoding: verbatim, values: jsonText()},
		{name: "api.d_jsonb", encoding: verbatim, values: jsonText()},
		{name: "api.d_date", encoding: toJSON, values: date(5_874_897)},
		{name: "api.d_timestamptz", encoding: toJSON, values: timestamptz()},
		{name: "api.d_bytea", encoding: str, values: bytea()},
		{name: "api.d_mood", encoding: str, values: mood},
		{name: "api.d_range", encoding: str, values: from(timestamptz())},
		{name: "api.d_array", encoding: schema.NumberArray, values: array(numeric())},
		{name: "api.d_composite", encoding: toJSON, values: outer()},

		{name: "bool[]", encoding: schema.BooleanArray, values: array(boolText())},
		{name: "int4[]", encoding: schema.VerbatimArray, values: array(integer(-9, 9))},
		{name: "float8[]", encoding: schema.NumberArray, values: array(float(64))},
		{name: "text[]", encoding: schema.StringArray, values: array(text())},
		{name: "text[][]", encoding: schema.StringArray, values: rapid.Map(text(), func(s string) string { return "{{" + element(s) + ",NULL},{a,b}}" })},
		{name: "bytea[]", encoding: schema.StringArray, values: array(bytea())},
		{name: "jsonb[]", encoding: schema.VerbatimArray, values: array(jsonText())},
		{name: "json[]", encoding: schema.VerbatimArray, values: array(jsonText())},
		{name: "varchar[]", encoding: schema.StringArray, values: array(text())},
		{name: "char(3)[]", encoding: schema.StringArray, values: array(text())},
		{name: "int8[]", encoding: schema.VerbatimArray, values: rapid.Map(integer(-9, 9), func(s string) string { return "[2:3][-1:0]={{" + s + ",NULL},{1,2}}" })},
		{name: "timestamptz[]", encoding: toJSON, values: array(timestamptz())},
		{name: "interval[]", encoding: toJSON, values: array(interval(0))},
		{name: "int4range[]", encoding: toJSON, values: array(intRange())},
		{name: "api.mood[]", encoding: toJSON, values: array(mood)},
		{name: "api.level[]", encoding: toJSON, values: array(level)},
		{name: "api.outer[]", encoding: toJSON, values: array(outer())},
		{name: "api.d_text[]", encoding: toJSON, values: array(text())},
		{name: "int2vector", encoding: toJSON, values: rapid.StringMatching(`([0-9]{1,3} ){0,4}`)},
		{name: "oidvector", encoding: toJSON, values: rapid.StringMatching(`([0-9]{1,9} ){0,4}`)},
	}
}
