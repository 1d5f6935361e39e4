package introspect_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
)

// begun is a Watcher that has begun to listen and does not run yet.
type begun struct {
	*introspect.Watcher
	t                               *testing.T
	db                              *pgtest.Database
	super                           *pgx.Conn
	connects, lost, schemas, config atomic.Int64
	refuse                          atomic.Bool // connections
	log                             safeLog
}

func begin(t *testing.T, change func(*begun)) *begun {
	t.Helper()
	w := &begun{t: t, db: pgtest.New(t, setup()...)}
	w.super = w.db.Conn(t, "postgres")
	w.Watcher = &introspect.Watcher{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			if w.refuse.Load() {
				return nil, errors.New("no connection today")
			}
			w.connects.Add(1)
			return pgx.Connect(ctx, w.db.URI(loginRole))
		},
		OnLost: func(error) { w.lost.Add(1) },
		OnSchema: func(context.Context) error {
			w.schemas.Add(1)
			return nil
		},
		OnConfig: func(context.Context) error {
			w.config.Add(1)
			return nil
		},
		Logger:     slog.New(slog.NewTextHandler(&w.log, nil)),
		Debounce:   time.Millisecond,
		MinBackoff: 10 * time.Millisecond,
	}
	if change != nil {
		change(w)
	}
	w.Begin(t.Context())
	return w
}

func (w *begun) run() {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	w.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// reloads returns how often the catalog and the configuration were reloaded, once nothing more happens.
func (w *begun) reloads() (schemas, config int64) {
	time.Sleep(100 * time.Millisecond)
	return w.schemas.Load(), w.config.Load()
}

// sessions counts the database's connections of the login role.
func (w *begun) sessions() int {
	n := 0
	err := w.super.QueryRow(w.t.Context(),
		"select count(*) from pg_stat_activity where datname = current_database() and usename = $1", loginRole).Scan(&n)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestBegin loads nothing by itself, and hears what was notified between Begin and Run.
func TestBegin(t *testing.T) {
	t.Parallel()
	w := begin(t, nil)
	w.run()
	if schemas, config := w.reloads(); schemas != 0 || config != 0 {
		t.Errorf("%d and %d reloads for nothing", schemas, config)
	}
	w.db.Exec(t, "notify pgrst, 'reload schema'")
	await(t, "a notification", func() bool { return w.schemas.Load() == 1 })
	if n := w.connects.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}

	w = begin(t, nil)
	w.db.Exec(t, "notify pgrst, 'reload schema'")
	w.run()
	await(t, "the notification from before", func() bool { return w.schemas.Load() == 1 })
	if schemas, config := w.reloads(); schemas != 1 || config != 0 {
		t.Errorf("%d and %d reloads for one notification", schemas, config)
	}
}

// TestBeginFails goes on as without it.
func TestBeginFails(t *testing.T) {
	t.Parallel()
	w := begin(t, func(w *begun) { w.refuse.Store(true) })
	w.refuse.Store(false)
	w.run()
	await(t, "the reload on listening", func() bool { return w.schemas.Load() == 1 && w.config.Load() == 1 })
	if !strings.Contains(w.log.String(), "no connection today") {
		t.Errorf("the log does not say why: %s", w.log.String())
	}
}

// TestBeginLost breaks the connection before Run takes it over: what is notified then would be missed without a reload.
func TestBeginLost(t *testing.T) {
	t.Parallel()
	w := begin(t, nil)
	w.db.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = '"+loginRole+"'")
	await(t, "the end of the connection", func() bool { return w.sessions() == 0 })
	w.run()
	await(t, "the reload on listening anew", func() bool { return w.schemas.Load() == 1 && w.config.Load() == 1 })
	if n := w.lost.Load(); n != 1 {
		t.Errorf("told %d times of the loss", n)
	}
}

// TestBeginOtherChannel names another channel before Run, as a configuration in the database may.
func TestBeginOtherChannel(t *testing.T) {
	t.Parallel()
	w := begin(t, nil)
	w.Listen("other")
	w.run()
	await(t, "the reload on listening anew", func() bool { return w.schemas.Load() == 1 && w.config.Load() == 1 })
	w.db.Exec(t, "notify other, 'reload schema'")
	await(t, "a notification", func() bool { return w.schemas.Load() == 2 })
	if n := w.sessions(); n != 1 {
		t.Errorf("%d connections are open", n)
	}
	w.Listen("")
	await(t, "the end of the connection", func() bool { return w.sessions() == 0 })
}

// TestBeginNoChannel listens to nothing, from the start or from before Run.
func TestBeginNoChannel(t *testing.T) {
	t.Parallel()
	w := begin(t, func(w *begun) { w.Listen("") })
	if n := w.connects.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	w.Listen("pgrst")
	w.Begin(t.Context())
	w.Listen("")
	w.run()
	await(t, "the end of the connection", func() bool { return w.sessions() == 0 })
	if schemas, config := w.reloads(); schemas != 0 || config != 0 || w.connects.Load() != 1 {
		t.Errorf("%d and %d reloads, %d connections", schemas, config, w.connects.Load())
	}
}

// TestBeginWithoutRun leaves no connection behind.
func TestBeginWithoutRun(t *testing.T) {
	t.Parallel()
	w := begin(t, nil)
	w.Begin(t.Context())
	await(t, "one connection", func() bool { return w.sessions() == 1 })
	w.Close()
	await(t, "the end of the connection", func() bool { return w.sessions() == 0 })
}
