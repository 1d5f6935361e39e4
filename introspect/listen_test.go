package introspect

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
)

// TestProbes lets the connection fall silent again and again: it must stay, and notifications must still arrive.
func TestProbes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var connects, reloads atomic.Int64
	w := &Watcher{
		Connect: func(ctx context.Context) (*pgx.Conn, error) {
			connects.Add(1)
			return pgx.Connect(ctx, db.URI("postgres"))
		},
		OnSchema: func(context.Context) error {
			reloads.Add(1)
			return nil
		},
		Logger:   slog.New(slog.DiscardHandler),
		Debounce: time.Millisecond,
		quiet:    2 * time.Millisecond,
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	for sent := range 20 {
		for end := time.Now().Add(20 * time.Second); reloads.Load() < int64(sent+1); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("notification %d did not arrive", sent)
			}
		}
		time.Sleep(7 * time.Millisecond)
		db.Exec(t, "notify pgrst, 'reload schema'")
	}
	cancel()
	<-done
	if n := connects.Load(); n != 1 {
		t.Errorf("connected %d times", n)
	}
}
