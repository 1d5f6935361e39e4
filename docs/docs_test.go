// Package docs_test keeps the generated pages of the documentation true.
package docs_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
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

	// The lines for the configuration file, with that example in the file that they name.
	_, lines, _ := strings.Cut(string(page), "```text\n")
	lines, _, found = strings.Cut(lines, "```")
	if !found || !strings.Contains(lines, "/etc/postern/issuers.json") {
		t.Fatal("there are no lines for the configuration file")
	}
	dir := t.TempDir()
	file, named := filepath.Join(dir, "postern.conf"), filepath.Join(dir, "issuers.json")
	write(t, named, example)
	write(t, file, "db-uri = \"\"\ndb-schemas = \"api\"\n"+strings.ReplaceAll(lines, "/etc/postern/issuers.json", named))
	c, err := config.Load(config.Input{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := auth.ParseIssuers(c.JWTIssuers); err != nil {
		t.Error(err)
	}
	if _, err := auth.New(auth.Config{Issuers: issuers, RoleClaimKey: c.JWTRoleClaimKey}); err != nil {
		t.Error(err)
	}
}
