package introspect_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
)

// watched is a running Watcher that counts what it reloads.
type watched struct {
	*introspect.Watcher
	db              *pgtest.Database
	schemas, config atomic.Int64
	log             safeLog
	stop            func() // ends Run and waits for it
}

type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// watch starts a Watcher and waits until it listens and has done its first reload. change, if any, is applied before.
func watch(t *testing.T, db *pgtest.Database, change func(*watched)) *watched {
	t.Helper()
	w := &watched{db: db}
	w.Watcher = &introspect.Watcher{
		Connect: func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, db.URI(loginRole)) },
		OnSchema: func(context.Context) error {
			w.schemas.Add(1)
			return nil
		},
		OnConfig: func(context.Context) error {
			w.config.Add(1)
			return nil
		},
		Logger:     slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Debounce:   20 * time.Millisecond,
		MinBackoff: 10 * time.Millisecond,
	}
	if change != nil {
		change(w)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("the watcher did not stop")
		}
	}
	t.Cleanup(w.stop)
	await(t, "the first reload", func() bool { return w.schemas.Load() > 0 && w.config.Load() > 0 })
	w.settle()
	return w
}

// settle waits until no reload can be under way.
func (w *watched) settle() { time.Sleep(100 * time.Millisecond) }

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestWatcherPayloads(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	w := watch(t, db, nil)
	for _, c := range []struct {
		sql             string
		schemas, config int64
	}{
		{"notify pgrst, 'reload schema'", 1, 0},
		{"notify pgrst, 'reload config'", 0, 1},
		{"notify pgrst", 1, 1},
		{"notify pgrst, ''", 1, 1},
		{"notify pgrst, 'reload everything'", 0, 0},
		{"notify other", 0, 0},
	} {
		schemas, config := w.schemas.Load(), w.config.Load()
		db.Exec(t, c.sql)
		await(t, c.sql, func() bool { return w.schemas.Load() >= schemas+c.schemas && w.config.Load() >= config+c.config })
		w.settle()
		if s, g := w.schemas.Load()-schemas, w.config.Load()-config; s != c.schemas || g != c.config {
			t.Errorf("%s: %d schema and %d config reloads, want %d and %d", c.sql, s, g, c.schemas, c.config)
		}
	}
}

func TestWatcherChannel(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	const odd = `Odd "channel"; drop table x`
	w := watch(t, db, func(w *watched) { w.Channel = odd })
	before := w.schemas.Load()
	db.Exec(t, "notify "+schema.QuoteIdentifier(odd))
	await(t, "the notification", func() bool { return w.schemas.Load() == before+1 })
}

// TestWatcherDebounce proves that a burst is one reload at once and one that sees its end, and that reloads do not overlap.
func TestWatcherDebounce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	var sent, seen, running atomic.Int64
	w := watch(t, db, func(w *watched) {
		w.Debounce = 300 * time.Millisecond
		w.OnSchema = func(context.Context) error {
			if running.Add(1) > 1 {
				t.Error("two reloads at a time")
			}
			seen.Store(sent.Load())
			time.Sleep(50 * time.Millisecond)
			running.Add(-1)
			w.schemas.Add(1)
			return nil
		}
	})
	time.Sleep(400 * time.Millisecond)
	before := w.schemas.Load()
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for range 100 {
				sent.Add(1)
				w.Reload()
				w.ReloadConfig()
			}
		})
	}
	senders.Wait()
	await(t, "the reload that sees the end", func() bool { return seen.Load() == 800 })
	time.Sleep(500 * time.Millisecond)
	if n := w.schemas.Load() - before; n < 1 || n > 2 {
		t.Errorf("%d reloads for one burst", n)
	}
}

// TestWatcherReconnects kills the listening session; what is notified afterwards must arrive.
func TestWatcherReconnects(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	w := watch(t, db, nil)
	for range 3 {
		before := w.schemas.Load()
		db.Exec(t, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = '`+loginRole+`'`)
		await(t, "a reload after the reconnect", func() bool { return w.schemas.Load() > before })
		w.settle()
		before = w.schemas.Load()
		db.Exec(t, "notify pgrst, 'reload schema'")
		await(t, "a notification after the reconnect", func() bool { return w.schemas.Load() > before })
	}
	if log := w.log.String(); !strings.Contains(log, "stopped listening for notifications") {
		t.Errorf("the log does not say so:\n%s", log)
	}
}

// TestWatcherRetries fails the reloads for a while.
func TestWatcherRetries(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	var fail atomic.Bool
	var attempts atomic.Int64
	w := watch(t, db, func(w *watched) {
		w.MaxBackoff = 40 * time.Millisecond
		w.OnSchema = func(context.Context) error {
			attempts.Add(1)
			if fail.Load() {
				return errors.New("the catalog is on fire")
			}
			w.schemas.Add(1)
			return nil
		}
	})
	fail.Store(true)
	before, tried, config := w.schemas.Load(), attempts.Load(), w.config.Load()
	w.Reload()
	await(t, "attempts", func() bool { return attempts.Load() >= tried+3 })
	if w.schemas.Load() != before {
		t.Error("a failed reload counted")
	}
	fail.Store(false)
	await(t, "success", func() bool { return w.schemas.Load() > before })
	w.settle()
	if n := w.schemas.Load() - before; n != 1 {
		t.Errorf("%d reloads after the failure, want 1", n)
	}
	if w.config.Load() != config {
		t.Error("the configuration was reloaded too")
	}
	if log := w.log.String(); !strings.Contains(log, "could not reload the schema cache; the one before stays in use") ||
		!strings.Contains(log, "the catalog is on fire") {
		t.Errorf("the log does not say so:\n%s", log)
	}
}

// TestWatcherStops stops it in every state: connecting, waiting for a connection, listening, reloading.
func TestWatcherStops(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	for name, w := range map[string]*introspect.Watcher{
		"nothing to do": {},
		"connecting":    {Connect: func(ctx context.Context) (*pgx.Conn, error) { return nil, hang(ctx) }},
		"waiting":       {Connect: func(context.Context) (*pgx.Conn, error) { return nil, errors.New("no") }, Logger: slog.New(slog.DiscardHandler)},
		"reloading": {
			Connect:  func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, db.URI(loginRole)) },
			OnSchema: hang, Logger: slog.New(slog.DiscardHandler),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start := time.Now()
			w.Run(ctx)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v to stop", took)
			}
		})
	}
}

// TestAutoReload installs the event triggers of examples/reload and creates, changes and drops things.
func TestAutoReload(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("..", "examples", "reload", "auto_reload.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, append(setup(), "create schema api")...)
	super := db.Conn(t, "postgres")
	for range 2 { // a second run does no harm
		if _, err := super.PgConn().Exec(t.Context(), string(script)).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	var catalog atomic.Pointer[schema.Catalog]
	w := watch(t, db, func(w *watched) {
		w.OnSchema = func(ctx context.Context) error {
			conn, err := pgx.Connect(ctx, db.URI(loginRole))
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
			c, err := introspect.Load(ctx, conn, introspect.Config{Schemas: []string{"api"}})
			if err != nil {
				return fmt.Errorf("reload: %w", err)
			}
			catalog.Store(c)
			w.schemas.Add(1)
			return nil
		}
	})
	note := schema.Name{Schema: "api", Name: "note"}
	relation := func() *schema.Relation { return catalog.Load().Relation(note) }
	for _, c := range []struct {
		sql  string
		seen func() bool
	}{
		{"create table api.note (id int)", func() bool { return relation() != nil }},
		{"alter table api.note add body text", func() bool { return relation().Column("body") != nil }},
		{"comment on table api.note is 'Notes'", func() bool { return relation().Comment == "Notes" }},
		{"drop table api.note", func() bool { return relation() == nil }},
		{"create function api.f() returns int language sql as 'select 1'", func() bool { return len(catalog.Load().RoutineNames()) == 1 }},
		{"drop schema api cascade; create schema api", func() bool { return len(catalog.Load().RoutineNames()) == 0 }},
	} {
		db.Exec(t, c.sql)
		await(t, c.sql, c.seen)
	}
	w.settle()
	before := w.schemas.Load()
	db.Exec(t, "create temp table passing (id int primary key); drop table passing")
	db.Exec(t, "create materialized view api.m as select 1 as one")
	await(t, "a materialized view", func() bool { return w.schemas.Load() == before+1 })
	w.settle()
	before = w.schemas.Load()
	db.Exec(t, "create index on api.m (one); refresh materialized view api.m")
	w.settle()
	if n := w.schemas.Load() - before; n != 0 {
		t.Errorf("%d reloads for nothing", n)
	}
}

// TestWatcherListen changes the channel while the Watcher runs.
func TestWatcherListen(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, setup()...)
	w := watch(t, db, nil)
	heard := func(channel string) bool {
		before := w.schemas.Load()
		db.Exec(t, "notify "+channel+", 'reload schema'")
		w.settle()
		return w.schemas.Load() > before
	}
	before := w.schemas.Load()
	w.Listen("other")
	await(t, "a reload when it listens anew", func() bool { return w.schemas.Load() > before })
	w.settle()
	if heard("pgrst") {
		t.Error("it still listens to the old channel")
	}
	await(t, "a notification on the new channel", func() bool { return heard("other") })
	w.Listen("")
	await(t, "the end of listening", func() bool { return !heard("other") })
	w.Listen("pgrst")
	await(t, "a notification after it was switched on again", func() bool { return heard("pgrst") })
	if strings.Contains(w.log.String(), "stopped listening") {
		t.Errorf("a change is no failure: %s", w.log.String())
	}
}
