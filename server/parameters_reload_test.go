package server_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// TestReloadParameters checks that a reload changes what it can, also what the database says of prepared statements, and names
// what it cannot.
func TestReloadParameters(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	environ := []string{
		"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor", "PGRST_JWT_SECRET=" + secret,
		"PGRST_DB_CHANNEL_ENABLED=false", "PGRST_DB_POOL=1",
	}
	database := map[string]string{}
	load := func(found map[string]string, previous *config.Config) (*config.Config, error) {
		for name, value := range database {
			found[name] = value
		}
		return config.Load(config.Input{Environ: environ, Database: found, Previous: previous})
	}
	settings, err := config.Load(config.Input{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	s, err := server.New(t.Context(), server.Config{Settings: settings, Reload: load, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	// A statement that is prepared is planned as it is known to the connection; pg_prepared_statements shows those of the session.
	db.Exec(t, "create view library.prepared as select count(*)::int as n from pg_prepared_statements; grant select on library.prepared to visitor, librarian")
	s.ReloadSchema()
	prepared := func() string { return send(t, s, http.MethodGet, "/prepared", "").Body.String() }
	eventually(t, 30*time.Second, "the view", func() bool { return strings.HasPrefix(prepared(), `[{"n":`) })
	if got := prepared(); got == `[{"n":0}]` {
		t.Errorf("nothing is prepared: %s", got)
	}
	database["db_prepared_statements"] = "false"
	environ[len(environ)-1] = "PGRST_DB_POOL=7"
	before := prepared()
	s.ReloadConfig()
	eventually(t, 30*time.Second, "the new configuration", func() bool { return strings.Contains(log.String(), "take a restart to change") })
	if got := log.String(); !strings.Contains(got, "names=db-pool\n") {
		t.Errorf("db-pool is not named, or others are:\n%s", got)
	}
	for _, target := range []string{"/genres?limit=1", "/genres?limit=2&id=gt.0", "/books?limit=1"} {
		if w := send(t, s, http.MethodGet, target, ""); w.Code != http.StatusOK {
			t.Errorf("%s: got %d %s", target, w.Code, w.Body)
		}
	}
	if after := prepared(); after != before {
		t.Errorf("statements are still prepared: %s, then %s", before, after)
	}
}
