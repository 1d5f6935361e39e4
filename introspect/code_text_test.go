package introspect

import (
	"slices"
	"strings"
	"testing"
)

func TestSQLWords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"select a + $1":                                "select a",
		" ( select 1 ) ; values (2);":                  "select values",
		`select "Odd ""name"".x", B from c.d`:          `select odd "name".x b from c d`,
		"select 'set_config' /* a /* b */ c */ -- d\n": "select",
		"select 1 -- to the end":                       "select",
		"select E'\\n', x$1, é, 1e5":                   "select e x$1 é e5",
		"table a; with b as (select) select":           "table a with b as select select",
	} {
		words, ok := sqlWords(body)
		if got := strings.Join(words, " "); !ok || got != want {
			t.Errorf("%s: %q, %t; want %q", body, got, ok, want)
		}
	}
	for _, body := range []string{
		"insert into a values (1)", "select 1; set a = 1", "select * into a from b", `select '\'', b`, `select U&"\0061"`, "select $$a$$", "select $a$a$a$",
		"select 'a", `select "a`, "select /* a /* */", `"select"`, "notify a", "with a as (delete from b) select 1", "select 1;;LISTEN a", "select 1 from a for update",
		"select " + strings.Repeat("a", 64),
	} {
		if words, ok := sqlWords(body); ok {
			t.Errorf("%s is taken for harmless: %q", body, words)
		}
	}
}

// FuzzSQLWords proves that a function cannot be called unseen: whatever comes before a call, if that ends neither in a comment nor in a
// string, the function's name is among the words, or the body is not understood.
func FuzzSQLWords(f *testing.F) {
	for _, seed := range []string{"select 1, ", "select '''' /* ' */,", "select \"a\", -- '\n", "select E'\\\\', ", "select $1::text, "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, before string) {
		// Closing what may be open, in every way, leaves one of the calls outside of it.
		for _, call := range []string{"dirty()", `"dirty"()`, "DIRTY ()"} {
			seen := false
			for _, closing := range []string{"\n", "'\n", "\"\n", "*/\n"} {
				words, ok := sqlWords(before + closing + call)
				seen = seen || !ok || slices.Contains(words, "dirty") || slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, "dirty") })
			}
			if !seen {
				t.Errorf("%q hides %s", before, call)
			}
		}
	})
}

func TestTreeNumbers(t *testing.T) {
	t.Parallel()
	const tree = "({FUNCEXPR :funcid 1299 :funcresulttype 1184 :args ({VAR :vartype 16400 :location 17000} {OPEXPR :opno 16500 :opfuncid 16501}) :location 20000} {16600,16601}"
	if got, want := treeNumbers([]byte(tree)), []uint32{1299, 16400, 16500, 16501, 16600, 16601}; !slices.Equal(got, want) {
		t.Errorf("got %d, want %d", got, want)
	}
	if !onlySelects([]byte("{QUERY :commandType 1 :x}")) || onlySelects([]byte("{QUERY :commandType 1 :x {QUERY :commandType 3 :y}")) {
		t.Error("commands are not told apart")
	}
	if !mentionsSystemRelation([]byte("{RTE :relid 0 :x} {RTE :relid 1259 :y}")) || mentionsSystemRelation([]byte("{RTE :relid 16384 :y} {RTE :relid 0}")) {
		t.Error("relations are not told apart")
	}
}

func TestWithoutLocations(t *testing.T) {
	t.Parallel()
	for tree, want := range map[string]string{
		`{FUNCEXPR :funcid 1299 :args <> :location 67}`:         `{FUNCEXPR :funcid 1299 :args <> :location }`,
		`{A :location -1} {B :location 12 :funcid 7 :location `: `{A :location } {B :location  :funcid 7 :location `,
		`{A :name \:location\ 5 :n 5}`:                          `{A :name \:location\ 5 :n 5}`,
	} {
		if got := string(withoutLocations(nil, []byte(tree))); got != want {
			t.Errorf("%s became %s", tree, got)
		}
	}
}
