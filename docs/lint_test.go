package docs_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/postern-db/postern/internal/lint"
)

const lintHead = `# The checks of ` + "`postern lint`" + `

    postern lint --config postern.conf

looks at a live database and says what makes row-level security leak, fail or crawl: why it matters, where, and the SQL that mends it.
It reads the catalogs in one read-only transaction, runs no policy and changes nothing. The exit status is 1 where there is a
finding of ` + "`--fail-on`" + ` (warning) or worse, so that it serves in CI, 2 for a mistake on the command line, and 3 where the database or a file
cannot be read. ` + "`--json`" + ` is for programs ([its fields](json.md#postern-lint---json)).

It looks as the server would: at the schemas of ` + "`db-schemas`" + `, at the role that the server logs in as (that of ` + "`db-uri`, or `--login-role`" + `),
the roles which that one may become, and the anonymous one (` + "`db-anon-role`" + `).

What is meant to be so goes into ` + "`lint.toml`" + `, with the reason. A silence that silences nothing any more is a finding itself.

` + "```toml" + `
[[silence]]
check = "rls-disabled"
object = "table api.country"
reason = "Names of countries are for everybody, and nobody is granted more than SELECT."
` + "```" + `

` + "`object`" + ` is what the finding names; ` + "`*`" + ` in it stands for any text.

<!-- Written by: go test ./docs -update -->

`

func TestLintPage(t *testing.T) {
	t.Parallel()
	page := bytes.NewBufferString(lintHead)
	if err := lint.Reference(page); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("lint.md", page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("lint.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, page.Bytes()) {
		t.Error("lint.md is out of date: run go test ./docs -update")
	}
}
