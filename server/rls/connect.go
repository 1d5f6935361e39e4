package rls

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

const (
	// connectTimeout bounds an attempt to connect to a host, unless the URI says otherwise (connect_timeout). It is shorter than
	// the usual AcquireTimeout, so that a host which does not answer is told from a pool that is exhausted.
	connectTimeout = 5 * time.Second
	// pingTimeout bounds the check of a connection that was not used for a while.
	pingTimeout = 2 * time.Second
)

// ConnectError says that no connection to the database could be made.
type ConnectError struct{ Err error }

func (e *ConnectError) Error() string { return "connect to the database: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// Unreachable reports whether nobody answered who could serve: no host, none that target_session_attrs admits, or one that
// starts up or shuts down (SQLSTATEs 57P01 to 57P05 and class 08). Otherwise PostgreSQL itself refused the connection, for its
// password, its database or its many connections, and said so.
func (e *ConnectError) Unreachable() bool {
	var pgErr *pgconn.PgError
	return !errors.As(e.Err, &pgErr) || strings.HasPrefix(pgErr.Code, "57P") || strings.HasPrefix(pgErr.Code, "08")
}

func configureConnection(c *pgx.ConnConfig) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	// A client that hangs up cancels its query; the connection lives on. Only if PostgreSQL does not react is it given up.
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &canceler{conn: conn}
	}
}

// Connect opens a connection of its own, outside the pool, with the same parameters. A context that ends breaks it off at
// once: one that only listens has no query to cancel. It keeps no statements, which a pooler could give to another.
func (p *Pool) Connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := connect(ctx, p.ownConfig())
	if err != nil {
		return nil, p.failed(err)
	}
	p.down.Store(nil)
	return conn, nil
}

// ConnectPrimary is Connect to a server that can be written to, whichever target_session_attrs the requests' connections have:
// a standby takes neither LISTEN nor INSERT (PostgreSQL manual, 34.1.2 target_session_attrs).
func (p *Pool) ConnectPrimary(ctx context.Context) (*pgx.Conn, error) {
	c := p.ownConfig()
	if len(c.Fallbacks) > 0 {
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	conn, err := connect(ctx, c)
	if err != nil {
		return nil, &ConnectError{err} // which says nothing of the servers that the requests use
	}
	return conn, nil
}

func (p *Pool) ownConfig() *pgx.ConnConfig {
	c := p.pool.Config().ConnConfig
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn()}
	}
	return c
}

func connect(ctx context.Context, c *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	return conn, err
}

// failed notes why no connection could be made.
func (p *Pool) failed(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := &ConnectError{err}
	if e.Unreachable() {
		p.down.Store(e)
	}
	p.trouble(e)
	return e
}

func (p *Pool) trouble(err error) {
	if p.config.OnTrouble != nil {
		p.config.OnTrouble(err)
	}
}
