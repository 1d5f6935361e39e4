package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
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

// TestUselessURI checks that a connection string which cannot be used is blamed by name and place, without its password.
func TestUselessURI(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"postgres://gate:sesame@[::1", "postgres://gate:sesame@h/db?sslmode=on", "password=sesame requirepeer=root"} {
		settings, err := config.Load(config.Input{Environ: []string{"PGRST_DB_URI=" + uri}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.HasPrefix(err.Error(), "PGRST_DB_URI: db-uri: ") || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestPoolWithoutLimits checks that 0 switches the times of the pool off: requests are answered by the connection that the first opened.
func TestPoolWithoutLimits(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	s := newServer(t, db, "db-pool = 1\ndb-pool-acquisition-timeout = 0\ndb-pool-max-idletime = 0\ndb-pool-max-lifetime = 0\n")
	first := send(t, s, http.MethodGet, "/rpc/backend", "")
	time.Sleep(1500 * time.Millisecond) // the pool looks for old connections more often than that if it was told to keep none
	if next := send(t, s, http.MethodGet, "/rpc/backend", ""); first.Code != http.StatusOK || next.Body.String() != first.Body.String() {
		t.Errorf("%d %s, then %s", first.Code, first.Body, next.Body)
	}
}
