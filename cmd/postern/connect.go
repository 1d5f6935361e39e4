package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/conninfo"
)

// connectTimeout bounds a connection whose URI says nothing about it (connect_timeout), in all its attempts.
const connectTimeout = 10 * time.Second

// connect connects to a database. uri may be "": libpq's PG* variables then say where it is. What the server has to tell (NOTICE,
// WARNING) goes to notices.
func connect(ctx context.Context, uri string, notices io.Writer) (*pgx.Conn, error) {
	info, err := conninfo.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("read the database's URI: %w", err)
	}
	cfg := info.ConnConfig
	if info.Shuffle {
		conninfo.Shuffle(cfg)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		_, _ = fmt.Fprintf(notices, "%s: %s\n", n.Severity, n.Message)
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to database %q on %s as %q: %w", cfg.Database, net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)), cfg.User, reason(err))
	}
	return conn, nil
}

// reason is the innermost error that says why a connection failed: pgx's own text has a line for each attempt.
func reason(err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr
	}
	var netErr *net.OpError
	if errors.As(err, &netErr) {
		return netErr
	}
	return err
}
