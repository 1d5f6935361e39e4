package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestPages runs the commands of the pages, each in a PostgreSQL of its own, since they make roles; those that follow one another, in the
// database that the one before has left.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, pages := range [][]string{
		{"tutorial.md"}, {"reading.md", "writing.md", "functions.md"}, {"functions.md"}, {"migrating.md"}, {"../examples/reload/README.md"},
	} {
		t.Run(strings.Join(pages, " "), func(t *testing.T) {
			t.Parallel()
			psql := pages[0] == "tutorial.md" || pages[0] == "../examples/reload/README.md"
			if _, err := exec.LookPath("psql"); psql && err != nil && os.Getenv("CI") != "true" {
				t.Skip("the page uses psql, which is not installed")
			}
			server := pgtest.StartServer(t, nil)
			if pages[0] == "tutorial.md" { // roles that another database of the same PostgreSQL has made
				conn, err := pgx.Connect(t.Context(), server.URI("postgres", "postgres"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Exec(t.Context(), "create role authenticator login noinherit; create role alice"); err != nil {
					t.Fatal(err)
				}
				if err := conn.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			existing := filepath.Join(t.TempDir(), "postgrest.conf")
			conf := "db-uri = \"" + server.URI("postgres", "postgres") + "\"\ndb-schemas = \"api\"\ndb-anon-role = \"web_anon\"\n"
			if err := os.WriteFile(existing, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, page := range pages {
				port := mdtest.FreePort(t)
				mdtest.Run(t, page, mdtest.Options{
					Dir: "..",
					Env: []string{"DATABASE_URL=" + server.URI("postgres", "postgres"), "AUTHENTICATOR_URL=" + server.URI("authenticator", "postgres")},
					Replace: []string{
						"go run ./cmd/postern serve", "PGRST_SERVER_PORT=" + port + " go run ./cmd/postern serve", "127.0.0.1:3000", "127.0.0.1:" + port,
						"/tmp/chat", filepath.Join(t.TempDir(), "chat"), "/tmp/films-secret", filepath.Join(t.TempDir(), "secret"),
						"--config postgrest.conf", "--config " + existing,
					},
				})
			}
		})
	}
}

// TestFunctionsShown checks that the SQL which the page on functions shows is that of the migration.
func TestFunctionsShown(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("functions.md")
	if err != nil {
		t.Fatal(err)
	}
	migration, err := os.ReadFile(filepath.Join("films", "migrations", "002_functions.sql"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```sql\n")[1:]
	for _, block := range blocks {
		if sql, _, _ := strings.Cut(block, "```"); !strings.Contains(string(migration), sql) {
			t.Errorf("the migration does not have\n%s", sql)
		}
	}
	if len(blocks) == 0 {
		t.Error("there is no SQL")
	}
}

// TestBookLinks checks that what the pages link to is there, headings included.
func TestBookLinks(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)]+)\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			target, heading, _ := strings.Cut(m[1], "#")
			if target == "" {
				target = page
			}
			found, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr != nil {
				t.Errorf("%s: %v", page, statErr)
				continue
			} else if info.IsDir() {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			if heading != "" && !hasHeading(string(found), heading) {
				t.Errorf("%s: %s has no heading %s", page, target, heading)
			}
		}
	}
}

func hasHeading(text, anchor string) bool {
	for line := range strings.Lines(text) {
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if ok && strings.HasPrefix(line, "#") && slug(title) == anchor {
			return true
		}
	}
	return false
}

// slug is the anchor that GitHub gives a heading.
func slug(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(title)) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f:
			b.WriteRune(r)
		}
	}
	return b.String()
}
