package encode_test

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/server/encode"
)

func TestAppendCSVHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"id"}, "id"},
		{[]string{"id", "first name", `back\slash`, "(a)", "ü"}, `id,first name,back\slash,(a),ü`},
		{[]string{"a,b", `say "hi"`, "two\nlines", "a\rb", "c"}, "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"a\rb\",c"},
	}
	for _, test := range tests {
		if got := encode.AppendCSVHeader([]byte("> "), test.names); string(got) != "> "+test.want {
			t.Errorf("%q: got %s, want %s", test.names, got, test.want)
		}
	}
}

func TestAppendCSVRow(t *testing.T) {
	t.Parallel()
	null := []byte(nil)
	tests := []struct {
		values [][]byte
		want   string
	}{
		{nil, ""},
		{[][]byte{null}, ""},
		{[][]byte{{}}, `""`},
		{[][]byte{null, null}, ","},
		{[][]byte{[]byte("1"), null, []byte("x"), {}}, `1,,x,""`},
		{[][]byte{[]byte("a b"), []byte("a\nb"), []byte("\v"), []byte("\u00a0\u0085")}, "\"a b\",\"a\nb\",\"\v\",\u00a0\u0085"},
		{[][]byte{[]byte(`"`), []byte(`\`), []byte(`a"\"b`)}, `"""","\\","a""\\""b"`},
		{[][]byte{[]byte("(a"), []byte("a)"), []byte("a,b"), []byte("{a}"), []byte("l|x'")}, `"(a","a)","a,b",{a},l|x'`},
	}
	for _, test := range tests {
		if got := encode.AppendCSVRow([]byte("> "), test.values); string(got) != "> "+test.want {
			t.Errorf("%q: got %s, want %s", test.values, got, test.want)
		}
	}
}

// TestCSVOfEveryType proves that a row of values of every type is what PostgREST takes from PostgreSQL.
func TestCSVOfEveryType(t *testing.T) {
	t.Parallel()
	for name, settings := range sessions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, xml, version := session(t, settings)
			all := types(xml, version)
			selected := make([]string, len(all))
			for i, typ := range all {
				selected[i] = quote(typ.name)
			}
			statement := prepare(t, conn, all, strings.Join(selected, ", ")+", substring(t::text, 2, length(t::text) - 2)")
			rapid.Check(t, func(rt *rapid.T) {
				row, _ := statement.run(t.Context(), rt)
				got, want := encode.AppendCSVRow(nil, row[:len(all)]), row[len(all)]
				if !bytes.Equal(got, want) {
					rt.Fatalf("\n got %s\nwant %s", got, want)
				}
			})
		})
	}
}
