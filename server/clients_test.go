package server_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/postern-db/postern/internal/npmtest"
	"github.com/postern-db/postern/internal/pgtest"
)

// Clients that were written for PostgREST find here what they find there: every method of each is used once, from Node.
func TestClients(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	const folder = "testdata/clients"
	installed := npmtest.Install(t, folder)
	setup, err := os.ReadFile(filepath.Join(folder, "schema.sql"))
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(work, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{"postgrest-js.mjs", "ra-data-postgrest.mjs"} {
		t.Run(script, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t, pgtest.Role("shelf_reader", ""), pgtest.Role("shelf_login", "login noinherit"),
				"grant shelf_reader to shelf_login", string(setup))
			handler := newServer(t, db, "db-uri = \""+db.URI("shelf_login")+"\"\ndb-schemas = \"shelf, shelf_v2\"\ndb-anon-role = \"shelf_reader\"\n"+
				"db-plan-enabled = true\ndb-tx-end = \"commit-allow-override\"\n")
			api := httptest.NewServer(handler)
			t.Cleanup(api.Close)
			cmd := exec.CommandContext(t.Context(), "node", script, api.URL)
			cmd.Dir = work
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
