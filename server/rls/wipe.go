package rls

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// wipeTimeout bounds the time to wipe a connection, after which it is closed instead.
const wipeTimeout = 5 * time.Second

// resets undo what SQL may leave in a session (PostgreSQL manual, DISCARD), whoever it has made itself. The role comes first,
// for some settings only the login role may reset; then the settings, which bring back those that the connection was opened
// with and end a statement_timeout that would starve the rest. None is ever prepared: code that could PREPARE a statement could
// put its own in the place of ours.
//
// DISCARD ALL would do more than is wanted, dropping our prepared statements, and cannot run with others in one flight.
var resets = [...]string{
	"RESET SESSION AUTHORIZATION",
	"RESET ROLE",
	"RESET ALL",
	"UNLISTEN *",
	"CLOSE ALL",
	"DISCARD TEMP",
	discardSequences,
}

// discardSequences forgets what currval and lastval return.
const discardSequences = "DISCARD SEQUENCES"

// leftovers drops the session's advisory locks, makes random() unpredictable again after a setseed, and tells whether there are
// statements that SQL prepared; those that were prepared by the protocol are ours. Names are qualified lest others are found.
const leftovers = "select pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed($1::pg_catalog.float8), " +
	"(select s.from_sql from pg_catalog.pg_prepared_statement() s where s.from_sql limit 1)"

// release gives a connection back to the pool; if code ran on it, once it was wiped, which the caller does not wait for.
// Failed transactions need it too: advisory locks, prepared statements and the seed of random() outlive a rollback. A connection
// that cannot be wiped is closed, as is one on which a transaction is still open.
func (p *Pool) release(conn *connection, t *Transaction) {
	pc := conn.pg
	if pooled := conn.stmts.pooled; pooled != nil {
		if pooled.dirty && !pc.IsClosed() { // the pooler drops a session whose client goes within a transaction
			_ = conn.held.Conn().Close(context.Background())
		}
		p.giveBack(conn)
		return
	}
	if !t.RunsCode || pc.IsClosed() || pc.TxStatus() != 'I' {
		p.giveBack(conn)
		return
	}
	p.wiping.Go(func() {
		defer p.giveBack(conn)
		ctx, cancel := context.WithTimeout(context.Background(), wipeTimeout)
		defer cancel()
		w := wiper{conn: pc, stmts: conn.stmts}
		err := w.wipe(ctx)
		var canceled *pgconn.PgError
		if errors.As(err, &canceled) && canceled.Code == "57014" {
			// What was to cancel the request's statement came late, or the statement_timeout is one that code left behind.
			err = w.wipe(ctx)
		}
		if err != nil {
			_ = conn.held.Conn().Close(ctx)
		}
	})
}

// wiper makes a connection as if it had just been opened, but for the prepared statements that are ours.
type wiper struct {
	conn  *pgconn.PgConn
	stmts *statements
}

func (w *wiper) wipe(ctx context.Context) error {
	pipe := w.conn.StartPipeline(ctx)
	for _, sql := range resets {
		pipe.SendQueryParams(sql, nil, nil, nil, nil)
	}
	seed := strconv.AppendFloat(nil, 2*rand.Float64()-1, 'g', -1, 64)
	pipe.SendQueryParams(leftovers, [][]byte{seed}, nil, nil, nil)
	if err := pipe.Sync(); err != nil {
		return errors.Join(err, pipe.Close())
	}
	prepared := false
	for i := range len(resets) + 1 {
		result, err := pipe.GetResults()
		if err != nil {
			return errors.Join(err, pipe.Close())
		}
		r, ok := result.(*pgconn.ResultReader)
		if !ok {
			return errors.Join(fmt.Errorf("rls: unexpected result %T", result), pipe.Close())
		}
		for r.NextRow() && i == len(resets) {
			prepared = r.Values()[2] != nil
		}
		if _, err := r.Close(); err != nil {
			return errors.Join(err, pipe.Close())
		}
	}
	if err := pipe.Close(); err != nil {
		return err
	}
	w.stmts.sequences = false
	if prepared {
		return w.dropPrepared(ctx)
	}
	return nil
}

// dropPrepared drops all prepared statements, since what SQL prepared may have taken the name of one of ours.
func (w *wiper) dropPrepared(ctx context.Context) error {
	w.stmts.forget()
	w.stmts.evicted = nil
	_, err := w.conn.ExecParams(ctx, "DEALLOCATE ALL", nil, nil, nil, nil).Close()
	return err
}
