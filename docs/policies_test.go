package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
)

// The page on policies does what it says.
func TestPoliciesPage(t *testing.T) {
	t.Parallel()
	server := pgtest.StartServer(t, nil) // its migrations make and drop roles
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "notes")
	mdtest.Run(t, "policies.md", mdtest.Options{
		Dir: root, Env: []string{"DATABASE_URL=" + server.URI("postgres", "postgres")}, Replace: []string{"/tmp/notes", work},
	})
	if _, err := os.Stat(filepath.Join(work, "report.xml")); err != nil {
		t.Error(err)
	}
}
