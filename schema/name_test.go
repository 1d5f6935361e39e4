package schema_test

import (
	"strings"
	"testing"

	"github.com/postern-db/postern/schema"
)

func TestQuoting(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"a":         {`"a"`, `'a'`},
		"":          {`""`, `''`},
		`a"b`:       {`"a""b"`, `'a"b'`},
		`a'b\c`:     {`"a'b\c"`, `E'a''b\\c'`},
		"a\x00b":    {`"a"`, `'a'`},
		"\x00":      {`""`, `''`},
		"Ünï 😀; --": {`"Ünï 😀; --"`, `'Ünï 😀; --'`},
	} {
		if got := schema.QuoteIdentifier(in); got != want[0] {
			t.Errorf("identifier %q: got %s, want %s", in, got, want[0])
		}
		if got := schema.QuoteLiteral(in); got != want[1] {
			t.Errorf("constant %q: got %s, want %s", in, got, want[1])
		}
	}
	if got := string(schema.AppendIdentifier([]byte("x."), `"`)); got != `x.""""` {
		t.Errorf("appended: %s", got)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	a, b := schema.Name{Schema: "s", Name: `a"`}, schema.Name{Name: "b"}
	if a.String() != `s.a"` || a.Quoted() != `"s"."a"""` || b.String() != "b" || b.Quoted() != `"b"` {
		t.Errorf("got %s %s %s %s", a, a.Quoted(), b, b.Quoted())
	}
	if a.Compare(b) <= 0 || b.Compare(a) >= 0 || a.Compare(schema.Name{Schema: "s", Name: `a"`}) != 0 || (schema.Name{Name: "a"}).Compare(b) >= 0 {
		t.Error("names are not ordered by schema, then name")
	}
}

// FuzzQuoteIdentifier reads a quoted identifier back as PostgreSQL does.
func FuzzQuoteIdentifier(f *testing.F) {
	f.Add(`a"b`)
	f.Add("\"\x00\"")
	f.Fuzz(func(t *testing.T, s string) {
		q := schema.QuoteIdentifier(s)
		inner := strings.ReplaceAll(q[1:len(q)-1], `""`, "")
		s, _, _ = strings.Cut(s, "\x00")
		if q[0] != '"' || q[len(q)-1] != '"' || strings.Contains(inner, `"`) || strings.ReplaceAll(q[1:len(q)-1], `""`, `"`) != s {
			t.Errorf("%q becomes %s", s, q)
		}
	})
}
