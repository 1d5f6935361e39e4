package sqlscript_test

import (
	"slices"
	"testing"

	"github.com/postern-db/postern/internal/sqlscript"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	for script, want := range map[string][]string{
		"": nil,
		" -- only ; a comment\n/* ; /* ; */ ; */ ;": nil,
		"a; b;;\n c":                 {"a", "b", "c"},
		"'a;''b;' ; b":               {"'", "b"},
		`E'a\';' ; b`:                {"E", "b"},
		`e'a\\'; b`:                  {"e", "b"},
		`name'a\'; b`:                {"n", "b"},
		`"a;""b;" ; b`:               {`"`, "b"},
		"$$ ; $$; b":                 {"$", "b"},
		"$a$ ; $$ ; $b$ ; $a$; b":    {"$", "b"},
		"select $1; b":               {"s", "b"},
		"a$b$c; d":                   {"a", "d"},
		"é;ü":                        {"\xc3", "\xc3"},
		"create rule r do (a; b); c": {"c", "c"},
		"create function f() begin atomic select case when 1=1 then 2 end; select 3; end; d": {"c", "d"},
		"begin; select case 1 when 1 then 2 end; commit":                                     {"b", "s", "c"},
		"'does not end":  {"'"},
		"$a$ nor this ;": {"$"},
		"/* nor this ;":  nil,
	} {
		var got []string
		for _, at := range sqlscript.Statements(script) {
			got = append(got, script[at:at+1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
}

// FuzzStatements looks for scripts that end in a panic or an endless loop.
func FuzzStatements(f *testing.F) {
	f.Add("select E'\\';', $a$ ; $a$; /* */ -- x\n begin atomic case end;")
	f.Fuzz(func(t *testing.T, script string) {
		last := -1
		for _, at := range sqlscript.Statements(script) {
			if at <= last || at >= len(script) {
				t.Fatalf("statement at %d after %d", at, last)
			}
			last = at
		}
	})
}

func TestLineAndColumn(t *testing.T) {
	t.Parallel()
	const text = "é\n\n  ü x\n"
	for offset, want := range map[int][2]int{0: {1, 1}, 2: {1, 2}, 3: {2, 1}, 4: {3, 1}, 9: {3, 5}, len(text): {4, 1}} {
		if line, column := sqlscript.LineAndColumn(text, offset); [2]int{line, column} != want {
			t.Errorf("byte %d: got %d:%d, want %v", offset, line, column, want)
		}
	}
}
