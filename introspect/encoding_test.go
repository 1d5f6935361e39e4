package introspect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/encode"
)

const encodingTypes = `
create schema api;
create type api.mood as enum ('sad', 'a "b"');
create type api.cast_mood as enum ('low');
create function api.mood_json(api.cast_mood) returns json language sql as $$ select '{"a": 1}'::json $$;
create cast (api.cast_mood as json) with function api.mood_json(api.cast_mood);
create type api.span as range (subtype = float8);
create type api.cast_span as range (subtype = int8);
create function api.span_json(api.cast_span) returns json language sql as $$ select '[1, 2]'::json $$;
create cast (api.cast_span as json) with function api.span_json(api.cast_span);
create type api.pair as (a int, b text);
create domain api.whole as int;
create domain api.wholes as api.whole[];
create domain api.below as api.whole;
create domain api.price as numeric;
create domain api.yes as bool;
create domain api.doc as jsonb;
create domain api.day as date;
create domain api.cast_domain as api.cast_mood;
create domain api.pair_domain as api.pair;
`

// encodingValues are a type and a value of it each; every one of the built-in types that to_json treats apart is there.
const encodingValues = `
int2|-7
int4|8
int8|-9223372036854775808
bool|t
bool|f
float4|1.5
float8|1e300
float8|-Infinity
numeric|12345678901234567890.1230
numeric|NaN
text|a "quoted" \ text
varchar(3)|abc
char(5)|ab
name|n
"char"|c
bytea|\x00ff
uuid|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
json|{"a": [1, null]}
jsonb|{"a": [1, null]}
xml|<a b="c"/>
date|2020-02-29
timestamp|2020-02-29 01:02:03.4
timestamptz|2020-02-29 01:02:03.4+05
timestamptz|infinity
time|01:02:03
timetz|01:02:03+05
interval|1 day 2 hours
money|12.50
inet|10.0.0.1/8
cidr|10.0.0.0/8
macaddr|08:00:2b:01:02:03
bit(3)|101
varbit|1
point|(1,2)
box|(1,2),(0,0)
path|[(0,0),(1,1)]
circle|<(0,0),1>
tsvector|a:1 b
tsquery|a & b
oid|12
regclass|pg_class
regproc|now
oidvector|1 2
int2vector|1 2
pg_lsn|0/1
int4range|[1,3)
tstzrange|[2020-01-01,2021-01-01)
int4multirange|{[1,3)}
jsonpath|$.a
text[]|{a,"b c"}
int4[]|{{1,2},{3,4}}
api.mood|a "b"
api.mood[]|{sad}
api.cast_mood|low
api.span|[1,2)
api.cast_span|[1,2)
api.pair|(1,x)
api.pair[]|{"(1,x)"}
api.whole|3
api.wholes|{1,2}
api.below|3
api.price|1.50
api.yes|t
api.doc|{"a": 1}
api.day|2020-02-29
api.cast_domain|low
api.pair_domain|(1,x)
pg_class|
information_schema.sql_identifier|x
information_schema.cardinal_number|4
information_schema.time_stamp|2020-02-29 01:02:03.4+05
`

// TestEncoding proves that each value, written as the column's encoding says, is what to_json writes.
func TestEncoding(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(setup(), encodingTypes)...)
	conn := db.Conn(t, "postgres")
	lines := strings.Split(strings.TrimSpace(encodingValues), "\n")
	var columns, values []string
	for i, line := range lines {
		typ, value, _ := strings.Cut(line, "|")
		columns = append(columns, fmt.Sprintf("c%d %s", i, typ))
		values = append(values, "nullif("+schema.QuoteLiteral(value)+", '')::"+typ)
	}
	db.Exec(t, "create table api.all_types ("+strings.Join(columns, ", ")+"); insert into api.all_types values ("+strings.Join(values, ", ")+")")
	c, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: []string{"api"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, column := range c.Relation(schema.Name{Schema: "api", Name: "all_types"}).Columns {
		var text, asString, want string
		sql := fmt.Sprintf(`select coalesce(c%[1]d::text, ''), coalesce(to_json(c%[1]d::text)::text, 'null'), coalesce(to_json(c%[1]d)::text, 'null') from api.all_types`, i)
		if err := conn.QueryRow(t.Context(), sql).Scan(&text, &asString, &want); err != nil {
			t.Fatalf("%s: %v", lines[i], err)
		}
		got := want // ToJSON
		switch column.Encoding {
		case schema.Verbatim:
			got = text
		case schema.Boolean:
			got = map[string]string{"true": "true", "false": "false"}[text]
		case schema.Number:
			if got = text; strings.ContainsAny(text, "NI") {
				got = asString
			}
		case schema.String:
			got = asString
		case schema.StringArray, schema.NumberArray, schema.BooleanArray, schema.VerbatimArray: // see the tests of server/encode
			got = string(encode.AppendValue(nil, column.Encoding, []byte(text)))
		}
		if got != want && column.NominalType != "character(5)" { // the cast to text strips the padding, the text form does not
			t.Errorf("%s: %d writes %s, to_json %s", lines[i], column.Encoding, got, want)
		}
	}
}
