package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// loads is a log handler that counts how often the catalog was loaded, and calls first when it was for the first time.
type loads struct {
	slog.Handler
	count atomic.Int64
	first func()
}

func (l *loads) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "schema cache loaded" && l.count.Add(1) == 1 && l.first != nil {
		l.first()
	}
	return nil
}

func (l *loads) Enabled(context.Context, slog.Level) bool { return true }

// startLibrary starts a server whose log goes to l.
func startLibrary(t *testing.T, db *pgtest.Database, l *loads) *server.Server {
	t.Helper()
	l.Handler = slog.DiscardHandler
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor", "PGRST_JWT_SECRET=" + secret,
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(l)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestStartLoadsOnce checks that the catalog is read once at the start, though the server listens for changes.
func TestStartLoadsOnce(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	var l loads
	s := startLibrary(t, db, &l)
	time.Sleep(500 * time.Millisecond)
	if n := l.count.Load(); n != 1 {
		t.Errorf("the catalog was loaded %d times", n)
	}
	db.Exec(t, "create table library.shelves (id int); grant select on library.shelves to public; notify pgrst")
	eventually(t, 20*time.Second, "the new table", func() bool { return send(t, s, http.MethodGet, "/shelves", "").Code == http.StatusOK })
}

// TestChangeWhileStarting makes a table when the catalog has just been read for the first time.
func TestChangeWhileStarting(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	s := startLibrary(t, db, &loads{first: func() {
		db.Exec(t, "create table library.shelves (id int); grant select on library.shelves to public; notify pgrst, 'reload schema'")
	}})
	eventually(t, 20*time.Second, "the new table", func() bool { return send(t, s, http.MethodGet, "/shelves", "").Code == http.StatusOK })
}
