package server_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// librarySettings are the usual ones of newServer, as a Go program sets them; more replaces some.
func librarySettings(t testing.TB, uri string, more map[string]string) *config.Config {
	t.Helper()
	values := map[string]string{
		"db-uri": uri, "db-schemas": "library, archive", "db-anon-role": "visitor", "jwt-secret": secret,
	}
	for name, value := range more {
		values[name] = value
	}
	settings, err := config.Load(config.Input{Values: values})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// TestOnError checks that a program is told of what failed, with PostgreSQL's error, and not of what the client did wrong.
func TestOnError(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, `create function library.breaks() returns int language plpgsql as $$ begin raise sqlstate 'XX000' using message = 'broken'; end $$`)
	var mu sync.Mutex
	told := map[string]error{}
	handler, err := server.New(t.Context(), server.Config{
		Settings: librarySettings(t, db.URI(loginRole), nil), Logger: slog.New(slog.DiscardHandler),
		OnError: func(r *http.Request, err error) {
			mu.Lock()
			defer mu.Unlock()
			told[r.URL.Path] = err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handler.Close)
	for _, target := range []string{"/genres", "/nothing", "/genres?id=eq.x", "/notes"} {
		ask(handler, http.MethodGet, target)
	}
	if w := ask(handler, http.MethodPost, "/rpc/breaks"); w.Code != http.StatusInternalServerError {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	mu.Lock()
	defer mu.Unlock()
	var pgErr *pgconn.PgError
	if len(told) != 1 || !errors.As(told["/rpc/breaks"], &pgErr) || pgErr.Code != "XX000" {
		t.Errorf("told %v", told)
	}
}

// TestReload checks that what a reload read is served when it returns, and that one that fails changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	settings := map[string]string{"db-channel-enabled": "false"}
	var mu sync.Mutex
	handler, err := server.New(t.Context(), server.Config{
		Settings: librarySettings(t, db.URI(loginRole), settings), Logger: slog.New(slog.DiscardHandler),
		Reload: func(_ map[string]string, _ *config.Config) (*config.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			if settings["db-pool"] == "wrong" {
				return nil, errors.New("cannot be read")
			}
			return librarySettings(t, db.URI(loginRole), settings), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handler.Close)
	db.Exec(t, "create table library.later (id int); grant select on library.later to visitor; insert into library.later values (1), (2)")
	if w := ask(handler, http.MethodGet, "/later"); w.Code != http.StatusNotFound {
		t.Errorf("before the reload: %d %s", w.Code, w.Body)
	}
	mu.Lock()
	settings["db-max-rows"] = "1"
	mu.Unlock()
	if err := handler.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := ask(handler, http.MethodGet, "/later"); w.Body.String() != `[{"id":1}]` {
		t.Errorf("after the reload: %d %s", w.Code, w.Body)
	}
	mu.Lock()
	settings["db-pool"] = "wrong"
	mu.Unlock()
	if err := handler.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
	if w := ask(handler, http.MethodGet, "/later"); w.Body.String() != `[{"id":1}]` {
		t.Errorf("after a reload that failed: %d %s", w.Code, w.Body)
	}
}
