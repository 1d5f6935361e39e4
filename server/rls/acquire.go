package rls

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrPoolBusy says that MaxWaiting callers wait for a connection already.
var ErrPoolBusy = errors.New("too many callers wait for a connection of the pool")

// ErrPoolTimeout says that no connection became free within AcquireTimeout.
var ErrPoolTimeout = errors.New("timed out acquiring a connection from the pool")

// connection is a connection in use.
type connection struct {
	held   *pgxpool.Conn
	pg     *pgconn.PgConn
	stmts  *statements
	resets uint64    // Pool.resets when it was taken from pgxpool
	taken  time.Time // when that was
}

// maxHeld is how long a connection goes from caller to caller before pgxpool looks whether it is too old.
const maxHeld = time.Second

// Waiting is how many callers wait for a connection that others use.
func (p *Pool) Waiting() int64 { return p.waiting.Load() }

// Busy reports whether all connections are in use. Those that are being closed are not.
func (p *Pool) Busy() bool { return len(p.spare) == 0 }

// acquire takes a connection, which giveBack returns. While the database is known to be out of reach it fails at once where no
// connection is left: a host that does not answer would keep every request waiting.
func (p *Pool) acquire(ctx context.Context) (*connection, error) {
	select {
	case <-p.spare:
		return p.take(ctx, p.config.AcquireTimeout)
	default:
	}
	if down := p.down.Load(); down != nil {
		return nil, down
	}
	return p.wait(ctx)
}

// wait waits until another caller hands its connection over, which takes a fraction of the time of giving it back to pgxpool and
// taking it again, or until one is spare.
func (p *Pool) wait(ctx context.Context) (*connection, error) {
	defer p.waiting.Add(-1)
	if n := p.waiting.Add(1); p.config.MaxWaiting > 0 && n > int64(p.config.MaxWaiting) {
		return nil, ErrPoolBusy
	}
	began := time.Now()
	timer := time.NewTimer(p.config.AcquireTimeout)
	defer timer.Stop()
	select {
	case conn := <-p.handed:
		p.debug("connection taken", conn.pg)
		return conn, nil
	case <-p.spare:
		return p.take(ctx, p.config.AcquireTimeout-time.Since(began))
	case <-timer.C:
		return nil, ErrPoolTimeout
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take takes a spare connection from pgxpool, which may have to make it.
func (p *Pool) take(ctx context.Context, timeout time.Duration) (conn *connection, err error) {
	defer func() {
		if err != nil {
			p.spare <- struct{}{}
		}
	}()
	if down := p.down.Load(); down != nil && p.pool.Stat().IdleConns() == 0 {
		return nil, down
	}
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resets := p.resets.Load()
	held, err := p.pool.Acquire(waiting)
	switch {
	case err == nil:
		pg := held.Conn().PgConn()
		p.debug("connection taken", pg)
		return &connection{held, pg, statementsOf(pg, p.config.StatementCacheSize), resets, time.Now()}, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case waiting.Err() != nil:
		return nil, ErrPoolTimeout
	default:
		return nil, p.failed(err)
	}
}

// acquireLive is acquire for a second attempt: where one connection broke the others in the pool may be broken too.
func (p *Pool) acquireLive(ctx context.Context) (*connection, error) {
	for {
		conn, err := p.acquire(ctx)
		if err != nil {
			return nil, err
		}
		if ping(ctx, conn.pg) == nil {
			return conn, nil
		}
		p.giveBack(conn)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// ping finds out whether a connection works. One whose server does not answer in time is closed: a host that is gone would keep the
// caller waiting for minutes, and so would a request to cancel that is sent to it.
func ping(ctx context.Context, pg *pgconn.PgConn) error {
	if err := pg.Conn().SetDeadline(time.Now().Add(pingTimeout)); err != nil {
		return err
	}
	if err := pg.Ping(ctx); err != nil {
		return err
	}
	return pg.Conn().SetDeadline(time.Time{})
}

// giveBack hands a connection to who has waited longest for one, or gives it back to pgxpool; always if it is broken or older than
// the last Reset, since pgxpool closes it then.
func (p *Pool) giveBack(conn *connection) {
	usable := !conn.pg.IsClosed() && !conn.pg.IsBusy() && conn.pg.TxStatus() == 'I'
	if usable && time.Since(conn.taken) < maxHeld && conn.resets == p.resets.Load() {
		select {
		case p.handed <- conn:
			return
		default:
		}
	}
	conn.held.Release()
	p.spare <- struct{}{}
}
