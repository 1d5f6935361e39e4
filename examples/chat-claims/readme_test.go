package chatclaims_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	chatclaims "github.com/postern-db/postern/examples/chat-claims"
	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestReadme(t *testing.T) {
	t.Parallel()
	port := mdtest.FreePort(t)
	server := pgtest.StartServer(t, nil) // the migrations make roles their own way
	mdtest.Run(t, "README.md", mdtest.Options{
		Dir: filepath.Join("..", ".."),
		Env: []string{
			"DATABASE_URL=" + server.URI("postgres", "postgres"), "AUTHENTICATOR_URL=" + server.URI("authenticator", "postgres"),
			"PGRST_SERVER_PORT=" + port,
		},
		Replace: []string{"3000", port, "/tmp/chat-claims-secret", filepath.Join(t.TempDir(), "secret")},
	})
}

// The SQL that the README shows is that of the migrations.
func TestReadmeSQL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	migration, err := fs.ReadFile(chatclaims.Migrations(), "002_chat.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, sql, ok := strings.Cut(string(text), "```sql\n")
	sql, _, _ = strings.Cut(sql, "```")
	if !ok || !strings.Contains(string(migration), sql) {
		t.Errorf("the migration does not have\n%s", sql)
	}
}
