package rls_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-db/postern/server/rls"
)

// busy keeps more callers than there are connections at work until the test ends or the returned function is called, so that
// connections go from caller to caller without a stop in pgxpool.
func busy(t *testing.T, p *rls.Pool, sql string) func() {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := read(ctx, p, as("rls_ann", sql)); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	stop := func() { cancel(); callers.Wait() }
	t.Cleanup(stop)
	return stop
}

const backend = "select pg_backend_pid()"

// TestBusyConnectionsAreReplaced: a pool that never rests still closes connections that are too old, or older than a Reset.
func TestBusyConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config rls.Config
		sql    string
		reset  func(*rls.Pool)
	}{
		"lifetime":                 {rls.Config{MaxConnections: 1, MaxLifetime: 50 * time.Millisecond}, "select 1", func(*rls.Pool) {}},
		"lifetime, slow statement": {rls.Config{MaxConnections: 1, MaxLifetime: 50 * time.Millisecond}, "select pg_sleep(1)", func(*rls.Pool) {}},
		"reset":                    {rls.Config{MaxConnections: 1}, "select 1", (*rls.Pool).Reset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newPool(t, test.config)
			busy(t, p, test.sql)
			first := mustRead(t, p, as("rls_ann", backend))
			test.reset(p)
			if name == "reset" {
				if got := mustRead(t, p, as("rls_ann", backend)); got == first {
					t.Errorf("backend %s answered after the reset", got)
				}
				return
			}
			for began := time.Now(); mustRead(t, p, as("rls_ann", backend)) == first; time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > 30*time.Second {
					t.Fatal("a connection lived for 30 s")
				}
			}
		})
	}
}

// TestUnusedConnectionsAreClosed: soon after their time, though nobody asks the pool for anything.
func TestUnusedConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]rls.Config{
		"idle time": {MaxIdleTime: 50 * time.Millisecond}, "lifetime": {MaxLifetime: 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := newPool(t, config)
			mustRead(t, p, as("rls_ann", "select 1"))
			for began := time.Now(); p.Stat().TotalConns() > 0; time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > 20*time.Second {
					t.Fatal("an unused connection was kept for 20 s")
				}
			}
		})
	}
}

// TestCallersTakeTurns: who waits for a connection gets one while others keep asking, and gives up when its caller does.
func TestCallersTakeTurns(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 2})
	busy(t, p, "select 1")
	var answered atomic.Int64
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			if _, _, err := read(t.Context(), p, as("rls_ben", "select 1")); err == nil {
				answered.Add(1)
			}
		})
	}
	for range 20 {
		waiting.Go(func() {
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if _, _, err := read(gone, p, as("rls_ben", "select 1")); !errors.Is(err, context.Canceled) {
				t.Errorf("of a caller that has gone: %v", err)
			}
		})
	}
	waiting.Wait()
	if answered.Load() != 20 {
		t.Errorf("%d of 20 callers got a connection", answered.Load())
	}
}

// TestManyWait: callers beyond MaxWaiting are turned away, those that connections can be opened for never.
func TestManyWait(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 3, MaxWaiting: 1})
	ctx, hangUp := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 4 { // three that sleep, one that waits
		callers.Go(func() {
			if _, _, err := read(ctx, p, as("rls_ann", "select pg_sleep(600)")); ctx.Err() == nil {
				t.Error(err)
			}
		})
	}
	asleep := "select count(*) from pg_stat_activity where datname = current_database() and query like '%pg_sleep(600)'"
	for (p.Waiting() != 1 || count(t, db, asleep) != 3) && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := read(t.Context(), p, as("rls_ann", "select 1")); !errors.Is(err, rls.ErrPoolBusy) {
		t.Errorf("%v", err)
	}
	hangUp()
	callers.Wait()
}

// TestPanicKeepsNoConnection: one that was in the middle of its rows is closed.
func TestPanicKeepsNoConnection(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1})
	for _, runsCode := range []bool{false, true} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			tx := as("rls_ann", "select generate_series(1, 100000)")
			tx.RunsCode = runsCode
			_, _ = p.Run(t.Context(), tx, func(r *rls.Rows) error {
				r.Next()
				panic("as a mistake would")
			})
		}()
		if got := mustRead(t, p, as("rls_ben", "select 1")); got != "[1]" {
			t.Error(got)
		}
	}
}
