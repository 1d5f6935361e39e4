package server_test

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const secret = "a secret for the tests, long enough"

// loginRole is the role of testdata/schema that the server logs in as.
const loginRole = "door"

// libraryScripts are the scripts of testdata/schema in their order: the library that all tests share, each in a database of
// its own.
func libraryScripts(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/schema/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schema: %v", err)
	}
	scripts := make([]string, len(files))
	for i, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts[i] = string(script)
	}
	return scripts
}

// newLibrary returns a database with the library's schema and rows.
func newLibrary(t testing.TB) *pgtest.Database {
	t.Helper()
	return pgtest.New(t, libraryScripts(t)...)
}

// newServer serves a database until the test ends. more holds lines of a configuration file, which go before the usual ones.
func newServer(t testing.TB, db *pgtest.Database, more string) *server.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postern.conf")
	usual := "db-uri = \"" + db.URI(loginRole) + "\"\n" +
		"db-schemas = \"library, archive\"\n" +
		"db-anon-role = \"visitor\"\n" +
		"jwt-secret = \"" + secret + "\"\n"
	if err := os.WriteFile(file, []byte(usual+more), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Input{File: file})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// eventually waits until ok, at most for the time given.
func eventually(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain for %s", limit, what)
		}
	}
}

// onceForAllVersions skips, where the tests are run on one more version of PostgreSQL (-short), one that takes long and is about
// HTTP alone.
func onceForAllVersions(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it does not depend on PostgreSQL's version, and -short asks only for what may")
	}
}

// token signs claims.
func token(t testing.TB, claims map[string]any) string {
	t.Helper()
	signed, err := auth.Sign([]byte(secret), claims)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestClose checks that a server that has nothing to do ends at once, though it listens for notifications.
func TestClose(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	began := time.Now()
	t.Run("idle server", func(t *testing.T) {
		handler := newServer(t, db, "")
		send(t, handler, http.MethodGet, "/genres", "")
		time.Sleep(50 * time.Millisecond) // it listens by now
		began = time.Now()
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Close took %s", took)
	}
}
