package chat_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestReadme(t *testing.T) {
	t.Parallel()
	port := mdtest.FreePort(t)
	server := pgtest.StartServer(t, nil) // the migrations make roles their own way
	mdtest.Run(t, "README.md", mdtest.Options{
		Dir: filepath.Join("..", ".."),
		Env: []string{"DATABASE_URL=" + server.URI("postgres", "postgres"), "AUTHENTICATOR_URL=" + server.URI("authenticator", "postgres")},
		Replace: []string{
			"/tmp/chat", filepath.Join(openDir(t), "chat"),
			"demo --data", "demo --port " + port + " --data", "3000", port, "3001", mdtest.FreePort(t),
		},
	})
}

// The SQL that the README shows is that of the migrations.
func TestReadmeSQL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	migration, err := fs.ReadFile(chat.Migrations(), "002_chat.sql")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```sql\n")[1:]
	for _, block := range blocks {
		if sql, _, _ := strings.Cut(block, "```"); !strings.Contains(string(migration), sql) {
			t.Errorf("the migration does not have\n%s", sql)
		}
	}
	if len(blocks) == 0 {
		t.Error("there is no SQL")
	}
}

// openDir is a folder that any account can enter: as root, PostgreSQL runs under another.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "chat-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
