package rls_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/postern-db/postern/server/rls"
)

// whenTaken is a log handler that is told of each connection that is taken from the pool.
type whenTaken struct{ tell func() }

func (h whenTaken) Enabled(context.Context, slog.Level) bool { return true }
func (h whenTaken) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h whenTaken) WithGroup(string) slog.Handler            { return h }

func (h whenTaken) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "connection taken" {
		h.tell()
	}
	return nil
}

// TestGoneBeforeTheFirstStatement: a caller may be gone just when it gets its connection, which must serve others then.
func TestGoneBeforeTheFirstStatement(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*rls.Transaction){
		"implicit":  func(*rls.Transaction) {},
		"checked":   func(tx *rls.Transaction) { tx.Check = func(*rls.Outcome) error { return nil } },
		"isolation": func(tx *rls.Transaction) { tx.Isolation = rls.Serializable },
		"rollback":  func(tx *rls.Transaction) { tx.Rollback = true },
		"gate": func(tx *rls.Transaction) {
			tx.Gate, tx.Admit = rls.Query{SQL: "select 1"}, func([][]byte) error { return nil }
			tx.Check = func(*rls.Outcome) error { return nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			p, _ := newPool(t, rls.Config{MaxConnections: 1, Logger: slog.New(whenTaken{cancel})})
			tx := as("rls_ann", "select 1")
			change(tx)
			done := make(chan error, 1)
			go func() {
				_, _, err := read(ctx, p, tx)
				done <- err
			}()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want %v", err, context.Canceled)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("the transaction has not ended")
			}
			if got := mustRead(t, p, as("rls_ben", "select current_user")); got != "[rls_ben]" {
				t.Errorf("the next caller got %s", got)
			}
		})
	}
}
