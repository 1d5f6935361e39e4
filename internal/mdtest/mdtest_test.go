package mdtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, document string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(document, "~~~", "```")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	Run(t, write(t, `
~~~sh
NAME=world
pwd > here
~~~

The variable is kept, and one block may show some lines only:

~~~sh
echo "hello $NAME"
for i in 1 2 3 4; do echo "line $i of $(date +%s)"; done
echo "$GREETING"
~~~

~~~text
hello world
line 1 of …
…
hej
~~~

<!-- background: ready -->
<!-- capture: WORD=the word is (\w+) -->
~~~sh
echo the word is swordfish; echo ready; exec sleep 60
~~~

~~~sh
echo "captured $WORD on port 3000"
~~~
~~~text
captured swordfish on port 3000
~~~

~~~json
{"not": "compared"}
~~~

<!-- not run: it would fail -->
~~~sh
false
~~~
`), Options{Dir: dir, Env: []string{"GREETING=hej"}, Replace: []string{"3000", "4567"}})
	if _, err := os.Stat(filepath.Join(dir, "here")); err != nil {
		t.Error(err)
	}
}

func TestPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shown, output string
		want          bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a\nb\nc", false},
		{"a … c", "a b c", true},
		{"a … c", "a b\n c", false},
		{"a\n…\nd", "a\nb\nc\nd", true},
		{"a\n…", "a\nb\nc", true},
		{"[.*]", "[x]", false},
		{"[.*]", "[.*]", true},
	} {
		if got := pattern(c.shown).MatchString(c.output); got != c.want {
			t.Errorf("%q shown, %q put out: got %v", c.shown, c.output, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	if _, err := parse("```sh\necho\n"); err == nil {
		t.Error("a block without an end is taken")
	}
	if _, err := parse("<!-- capture: nothing -->\n"); err == nil {
		t.Error("a capture without a pattern is taken")
	}
	blocks, err := parse("```sh\na\n```\n\ntext\n\n```json\n{}\n```\n```sh\nb\n```\n\n```json\n[]\n```\n")
	if err != nil || len(blocks) != 2 || blocks[0].shown || blocks[1].output != "[]" || blocks[1].line != 11 {
		t.Errorf("got %+v, error %v", blocks, err)
	}
}
