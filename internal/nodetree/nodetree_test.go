package nodetree_test

import (
	"testing"

	"github.com/postern-db/postern/internal/nodetree"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const tree = `{OPEXPR :opno 98 :opretset false :args ({VAR :varno 1 :varattno 2 :location 9} ` +
		`{CONST :consttype 25 :constisnull false :constvalue 6 [ 24 0 0 0 -61 -92 ]} <>) :name odd\ \(name\) :colon :opno :none <> :set (b 8 9)}`
	n, err := nodetree.Parse(tree)
	if err != nil {
		t.Fatal(err)
	}
	args := n.Nodes("args")
	if n.Name != "OPEXPR" || n.OID("opno") != 98 || n.Bool("opretset") || len(args) != 2 || args[0].Int("varattno") != 2 {
		t.Errorf("got %+v", n)
	}
	if s, ok := args[1].Text(); !ok || s != "ä" {
		t.Errorf("constant is %q, %v", s, ok)
	}
	for name, want := range map[string]string{"name": "odd (name)", "colon": ":opno", "none": "", "absent": ""} {
		if got := n.Field(name).Word(); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if set := n.Field("set").Node; len(set.List) != 3 || set.List[1].Word() != "8" {
		t.Errorf("set is %+v", set)
	}
	visited := 0
	n.Walk(func(*nodetree.Node) bool { visited++; return true })
	if visited != 5 { // itself, the list, two arguments, the set
		t.Errorf("visited %d nodes", visited)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tree := range []string{"", "x", "{", "{}", "{A :b", "{A :b}", "{A :b 1", "(", "(1", "({A}", "{A})", "{A :b (})", `{A :b \`} {
		if n, err := nodetree.Parse(tree); err == nil {
			t.Errorf("%q is %+v", tree, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`({QUERY :commandType 1 :targetList ({TARGETENTRY :expr {VAR :varno 1} :resname a\ b :resjunk false})})`)
	f.Add(`{CONST :constvalue 8 [ 32 0 0 0 115 117 98 49 ]}`)
	f.Fuzz(func(t *testing.T, tree string) {
		n, err := nodetree.Parse(tree)
		if err != nil {
			return
		}
		n.Walk(func(n *nodetree.Node) bool {
			_, _ = n.Text()
			_ = n.Nodes("args")
			return true
		})
	})
}
