// Package docs_test keeps the generated pages of the documentation true.
package docs_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

var update = flag.Bool("update", false, "write the generated pages")

const configurationHead = `# Configuration

Parameters come from the database (` + "`ALTER ROLE … SET pgrst.*`" + `), the environment, and a file, in this order of precedence. The
names and meanings are PostgREST's; those that Postern adds are marked.

<!-- Written by: go test ./docs -update -->

`

func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	page := bytes.NewBufferString(configurationHead)
	if err := config.Reference(page); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("configuration.md", page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, page.Bytes()) {
		t.Error("configuration.md is out of date: run go test ./docs -update")
	}
}

// TestIssuersExample reads the example of jwt-issuers as the server would.
func TestIssuersExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("authentication.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```json\n")
	example, _, found := strings.Cut(example, "```")
	if !found {
		t.Fatal("there is no example")
	}
	issuers, err := auth.ParseIssuers(example)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auth.New(auth.Config{Issuers: issuers}); err != nil {
		t.Error(err)
	}
}
