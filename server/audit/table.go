package audit

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed audit.sql
var migration string

// Migration is the SQL that the destination "table" needs: the schema postern_audit with the table request_log and the
// function write, through which alone the server adds rows. It may be run again. The comment at its head has the grants
// that the server's login role and readers of the log need.
func Migration() string { return migration }

const insert = "select postern_audit.write($1::json)"

// errRefused is why rows are lost that the database does not take in any form.
var errRefused = errors.New("the database refuses the row")

// table writes lines as rows, through one connection.
type table struct {
	connect func(context.Context) (*pgx.Conn, error)
	conn    *pgx.Conn // nil or closed if there is none
	rows    []byte    // the argument, kept to save its memory
}

// write inserts lines. An attempt that ended without an answer may have inserted them: the function leaves out rows that are
// there.
func (t *table) write(ctx context.Context, lines [][]byte) (done, refused int, err error) {
	if err = t.insert(ctx, lines); err == nil {
		return len(lines), 0, nil
	}
	if !isRefusal(err) {
		return 0, 0, err
	}
	// One of them holds what this database cannot keep, such as characters that its encoding lacks. No client may
	// silence the log that way, for itself or for others.
	for i, line := range lines {
		err = t.insert(ctx, [][]byte{line})
		if isRefusal(err) {
			err = t.insert(ctx, [][]byte{toASCII(line)})
		}
		if isRefusal(err) {
			refused++
		} else if err != nil {
			return i, refused, err
		}
	}
	return len(lines), refused, nil
}

// insert adds rows in one transaction. If a connection kept from before turns out to be broken, it tries a new one.
func (t *table) insert(ctx context.Context, lines [][]byte) error {
	t.rows = append(append(append(t.rows[:0], '['), bytes.Join(lines, []byte{','})...), ']')
	kept := t.conn != nil && !t.conn.IsClosed()
	if !kept {
		if err := t.open(ctx); err != nil {
			return err
		}
	}
	err := call(ctx, t.conn, t.rows)
	if err != nil && kept && t.conn.IsClosed() && ctx.Err() == nil {
		if err := t.open(ctx); err != nil {
			return err
		}
		err = call(ctx, t.conn, t.rows)
	}
	return err
}

func (t *table) open(ctx context.Context) (err error) {
	t.conn, err = t.dial(ctx)
	return err
}

// dial connects, and sees to it that the server takes the text for what it is: UTF-8.
func (t *table) dial(ctx context.Context) (*pgx.Conn, error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: connect: %w", err)
	}
	if conn.PgConn().ParameterStatus("client_encoding") == "UTF8" {
		return conn, nil
	}
	if _, err := conn.Exec(ctx, "set client_encoding = 'UTF8'"); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("audit: set the encoding: %w", err)
	}
	return conn, nil
}

func call(ctx context.Context, conn *pgx.Conn, rows []byte) error {
	_, err := conn.PgConn().ExecParams(ctx, insert, [][]byte{rows}, nil, nil, nil).Close()
	if err != nil {
		return fmt.Errorf("audit: insert rows: %w", err)
	}
	return nil
}

// isRefusal tells whether the database found fault with the rows, so that it would with every attempt: SQLSTATE classes 22,
// data exception, and 54, program limit exceeded (PostgreSQL manual, appendix A). Missing rights, tables or space are for
// the operator to mend, and the rows wait for that.
func isRefusal(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (strings.HasPrefix(pgErr.Code, "22") || strings.HasPrefix(pgErr.Code, "54"))
}

func (t *table) check(ctx context.Context) error {
	conn, err := t.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return call(ctx, conn, []byte("[]"))
}

func (t *table) reopen() error { return nil }

func (t *table) close() error {
	if t.conn == nil || t.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := t.conn.Close(ctx); err != nil {
		return fmt.Errorf("audit: close the connection: %w", err)
	}
	return nil
}
