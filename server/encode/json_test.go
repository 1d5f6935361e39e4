package encode_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/encode"
)

func TestAppendValue(t *testing.T) {
	t.Parallel()
	tests := []struct {
		encoding schema.Encoding
		value    string
		want     string
	}{
		{schema.Boolean, "t", "true"},
		{schema.Boolean, "f", "false"},
		{schema.Verbatim, "-32768", "-32768"},
		{schema.Verbatim, "{\n \"a\": 1}", "{\n \"a\": 1}"},
		{schema.Number, "-0", "-0"},
		{schema.Number, "1e-07", "1e-07"},
		{schema.Number, "12.500", "12.500"},
		{schema.Number, "NaN", `"NaN"`},
		{schema.Number, "Infinity", `"Infinity"`},
		{schema.Number, "-Infinity", `"-Infinity"`},
		{schema.Number, "-", `"-"`},
		{schema.Number, "", `""`},
		{schema.String, "", `""`},
		{schema.String, "null", `"null"`},
		{schema.ToJSON, `"2020-02-29"`, `"2020-02-29"`},
		{schema.ToJSON, "null", "null"},
	}
	for _, test := range tests {
		if got := encode.AppendValue([]byte("> "), test.encoding, []byte(test.value)); string(got) != "> "+test.want {
			t.Errorf("encoding %d of %q: got %s, want %s", test.encoding, test.value, got, test.want)
		}
		if got := encode.AppendValue(nil, test.encoding, nil); string(got) != "null" {
			t.Errorf("encoding %d of NULL: got %s", test.encoding, got)
		}
	}
}

// TestEveryType proves that a row of values of every type is what row_to_json writes, whatever the session's settings.
func TestEveryType(t *testing.T) {
	t.Parallel()
	for name, settings := range sessions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, xml, version := session(t, settings)
			all := types(xml, version)
			columns, selected := make([]encode.Column, len(all)), make([]string, len(all))
			for i, typ := range all {
				columns[i], selected[i] = encode.NewColumn(typ.name, typ.encoding), quote(typ.name)
				if typ.encoding == schema.ToJSON {
					selected[i] = "to_json(" + selected[i] + ")"
				}
			}
			statement := prepare(t, conn, all, strings.Join(selected, ", ")+", row_to_json(t)::text")
			rapid.Check(t, func(rt *rapid.T) {
				row, input := statement.run(t.Context(), rt)
				got, want := encode.AppendObject(nil, columns, row), row[len(columns)]
				if !bytes.Equal(got, want) {
					rt.Fatal(difference(columns, row, input, want))
				}
				if !json.Valid(got) {
					rt.Fatalf("not valid: %s", got)
				}
			})
		})
	}
}

// difference names the first column that is not written as PostgreSQL wrote it.
func difference(columns []encode.Column, row, input [][]byte, want []byte) string {
	rest := want[1:]
	for i, column := range columns {
		got := encode.AppendObject(nil, columns[i:i+1], row[i:])
		got = got[1 : len(got)-1]
		if !bytes.HasPrefix(rest, got) || len(rest) == len(got) || rest[len(got)] != ',' && rest[len(got)] != '}' {
			return fmt.Sprintf("%s of %q:\n got %s\nwant %.*s", column.Key, input[i], got, len(got)+50, rest)
		}
		rest = rest[len(got)+1:]
	}
	return fmt.Sprintf("PostgreSQL goes on with %s", rest)
}

// TestTypesAreComplete proves that no built-in type is missing but those whose values nobody can write as text.
func TestTypesAreComplete(t *testing.T) {
	t.Parallel()
	conn, xml, version := session(t, "")
	var names []string
	for _, typ := range types(xml, version) {
		names = append(names, typ.name)
	}
	rows, err := conn.Query(t.Context(), `
		select typname from pg_type
		where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm')
		  and typsubscript <> 'array_subscript_handler'::regproc -- an array
		  and oid not in (select unnest($1::text[])::regtype)
		  and typname not in ('gtsvector', 'pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list',
		    'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary')
		  and (typname <> 'xml' or $2)`, names, xml)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(missing) > 0 {
		t.Errorf("missing: %v; error: %v", missing, err)
	}
}

// TestKeys proves the same for the names of columns.
func TestKeys(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn(t, "postgres")
	rapid.Check(t, func(rt *rapid.T) {
		var columns []encode.Column
		var selected []string
		for range rapid.IntRange(0, 4).Draw(rt, "columns") {
			key := rapid.StringOfN(rapid.Map(text(), func(s string) rune { return []rune(s + "x")[0] }), 1, -1, 63).Draw(rt, "key")
			columns = append(columns, encode.NewColumn(key, schema.Verbatim))
			selected = append(selected, "1 as "+quote(key))
		}
		sql := "select row_to_json(t.*)::text from (select " + strings.Join(selected, ", ") + ") t"
		result := conn.PgConn().ExecParams(t.Context(), sql, nil, nil, nil, nil).Read()
		if result.Err != nil {
			rt.Fatal(result.Err)
		}
		values := make([][]byte, len(columns))
		for i := range values {
			values[i] = []byte("1")
		}
		if got, want := encode.AppendObject(nil, columns, values), result.Rows[0][0]; !bytes.Equal(got, want) {
			rt.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
