package rls_test

import (
	"errors"
	"testing"

	"github.com/postern-db/postern/server/rls"
)

// TestConnectionLostWithinTheRows ends the session while its rows are read: a read is run again unless rows were sent on, what may
// have written is not.
func TestConnectionLostWithinTheRows(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 2})
	db.Exec(t, "create table used (id int); grant insert on used to rls_login")
	for name, c := range map[string]struct {
		change func(*rls.Transaction)
		sent   bool
		runs   int
	}{
		"read":          {func(tx *rls.Transaction) { tx.ReadOnly = true }, false, 2},
		"read, sent":    {func(tx *rls.Transaction) { tx.ReadOnly = true }, true, 1},
		"write":         {func(*rls.Transaction) {}, false, 1},
		"explicit read": {func(tx *rls.Transaction) { tx.ReadOnly, tx.Isolation = true, rls.RepeatableRead }, false, 2},
		"after a write": {func(tx *rls.Transaction) {
			tx.ReadOnly, tx.Before = true, rls.Query{SQL: "insert into public.used values (1)"}
		}, false, 1},
		"read by a caller": {func(tx *rls.Transaction) { tx.ReadOnly, tx.RunsCode = true, true }, false, 2},
	} {
		const all = 300_000
		tx := as("rls_ann", "select n, current_user, repeat('x', 300) from generate_series(1, 300000) n")
		c.change(tx)
		runs, rows := 0, 0
		_, err := p.Run(t.Context(), tx, func(r *rls.Rows) error {
			runs++
			for rows = 0; r.Next(); rows++ {
				if string(r.Values()[1]) != "rls_ann" {
					t.Errorf("%s: run as %s", name, r.Values()[1])
				}
				if rows > 0 || runs > 1 {
					continue
				}
				if c.sent {
					r.Sent()
				}
				db.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'rls_login'")
			}
			return nil
		})
		var lost *rls.LostError
		if runs != c.runs || c.runs == 2 && (err != nil || rows != all) || c.runs == 1 && !errors.As(err, &lost) {
			t.Errorf("%s: ran %d times, %d rows, %v", name, runs, rows, err)
		}
	}
	if n := count(t, db, "select count(*) from used"); n != 0 {
		t.Errorf("%d tokens were used up by what was undone", n)
	}
}
