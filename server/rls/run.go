package rls

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// LostError says that the connection broke while the transaction ran. A write may or may not have been committed then. Its cause
// is a *pgconn.PgError if PostgreSQL said why it closed the connection.
type LostError struct{ Err error }

func (e *LostError) Error() string { return "connection to the database lost: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// Run runs a transaction. read is called with the rows of its main statement unless that fails; its error ends the
// transaction, undone, and is returned. An error of PostgreSQL's is a *pgconn.PgError.
//
// A statement that PostgreSQL refuses because its prepared form went out of date is prepared anew, and a read whose connection
// breaks is run once more unless Rows.Sent was called, both unseen by the caller: read is called again then, and must forget the
// rows that it had. A write is never run again, since it may have been committed.
func (p *Pool) Run(ctx context.Context, t *Transaction, read func(*Rows) error) (*Outcome, error) {
	out, end, err := p.attempt(ctx, t, read, p.acquire)
	if err == nil || !end.lost || ctx.Err() != nil {
		return out, err
	}
	p.trouble(err)
	if !t.repeatable() || end.sent || !broken(err) {
		return nil, &LostError{err}
	}
	out, end, err = p.attempt(ctx, t, read, p.acquireLive)
	if err != nil && end.lost && ctx.Err() == nil {
		err = &LostError{err}
	}
	return out, err
}

// ending is how a failed attempt ended: whether its connection broke, and whether rows of it had been sent by then.
type ending struct{ lost, sent bool }

// attempt runs a transaction on one connection. The transaction is told how long it waited for that.
func (p *Pool) attempt(
	ctx context.Context, t *Transaction, read func(*Rows) error, acquire func(context.Context) (*connection, error),
) (*Outcome, ending, error) {
	began := time.Now()
	conn, err := acquire(ctx)
	t.Waited += time.Since(began)
	if err != nil {
		return nil, ending{}, err
	}
	defer p.release(conn, t) // whatever read does
	f := flight{pool: p, conn: conn.pg, stmts: conn.stmts, t: t, read: read}
	out, err := f.run(ctx)
	if err != nil && ctx.Err() == nil && f.outOfDate(err) {
		// On the same connection, which has forgotten its statements: another may have kept some that are as old.
		f = flight{pool: p, conn: conn.pg, stmts: conn.stmts, t: t, read: read}
		out, err = f.run(ctx)
	}
	return out, ending{f.conn.IsClosed(), f.rows.sent}, err
}

// repeatable reports whether the transaction may be run again without knowing how it ended. What runs Before may write.
func (t *Transaction) repeatable() bool { return t.ReadOnly && t.Before.SQL == "" }

// broken reports whether the error with which a connection ended says nothing about the statement: that the server went away
// (SQLSTATEs 57P01 to 57P05 and class 08; PostgreSQL manual, appendix A), or nothing at all. One that PostgreSQL ended for what
// was running, such as a transaction_timeout, would only end again.
func broken(err error) bool {
	var pgErr *pgconn.PgError
	return !errors.As(err, &pgErr) || strings.HasPrefix(pgErr.Code, "57P") || strings.HasPrefix(pgErr.Code, "08")
}

// flight is one attempt at a transaction on one connection.
type flight struct {
	pool  *Pool
	conn  *pgconn.PgConn
	t     *Transaction
	read  func(*Rows) error
	stmts *statements
	pipe  *pgconn.Pipeline
	steps []step
	room  [8]step  // for steps, which are seldom more
	gate  [][]byte // the row of the gate
	rows  Rows
	out   Outcome
}

// step is a result that is awaited. prepared and name are the key and name of a statement that was
// sent to be prepared.
type step struct {
	kind     stepKind
	prepared statementKey
	name     string
}

type stepKind uint8

const (
	stepIgnore stepKind = iota // of a query whose result does not matter
	stepPrepare
	stepClose
	stepGate
	stepMain
	stepAfter
)

func (f *flight) run(ctx context.Context) (*Outcome, error) {
	f.pool.editions.current(f.stmts)
	f.pipe = f.conn.StartPipeline(ctx)
	f.sendHead()
	err := f.pass()
	if err == nil {
		f.sendMain()
	}
	if syncErr := f.pipe.Sync(); syncErr != nil {
		// Nothing can be awaited: the caller was gone before the first statement, or the connection is closed.
		_ = f.pipe.Close()
		return nil, cmp.Or(err, syncErr)
	}
	if err == nil {
		err = f.receive()
	}
	switch {
	case f.guarded():
		err = f.endPooled(err)
	case f.t.explicit():
		err = f.end(err)
	}
	if closeErr := f.pipe.Close(); err == nil && closeErr != nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	return &f.out, nil
}

// guarded reports whether the session must be wiped before the transaction ends.
func (f *flight) guarded() bool { return f.stmts.pooled != nil && f.t.RunsCode }

// sendHead queues what comes before the main statement.
func (f *flight) sendHead() {
	t := f.t
	f.steps = f.room[:0]
	if f.guarded() {
		f.stmts.pooled.dirty = true
	}
	if t.explicit() || f.guarded() {
		f.pipe.SendQueryParams(t.begin(), nil, nil, nil, nil)
		f.steps = append(f.steps, step{kind: stepIgnore})
	}
	if t.RunsCode && (f.stmts.sequences || f.stmts.pooled != nil) {
		f.pipe.SendQueryParams(discardSequences, nil, nil, nil, nil)
		f.steps = append(f.steps, step{kind: stepIgnore})
	}
	f.stmts.sequences = f.stmts.sequences || !t.ReadOnly
	if t.Before.SQL != "" {
		f.query(statementKey{sql: ""}, t.Before, stepIgnore)
	}
	// The preamble runs as the login role, whoever the caller is.
	f.query(statementKey{sql: ""}, t.preamble(), stepIgnore)
	if t.PreRequest != "" {
		f.query(statementKey{role: t.Role, searchPath: t.SearchPath}, Query{SQL: t.PreRequest}, stepIgnore)
	}
}

// pass runs the gate and reports why the main statement must not run. What it does not read, receive or drain does.
func (f *flight) pass() error {
	t := f.t
	if t.Gate.SQL == "" {
		return nil
	}
	f.query(statementKey{role: t.Role, searchPath: t.SearchPath}, t.Gate, stepGate)
	f.pipe.SendFlushRequest()
	if err := f.pipe.Flush(); err != nil {
		return err
	}
	if err := f.results(); err != nil {
		return err
	}
	return t.Admit(f.gate)
}

// sendMain queues the main statement and all that comes after it.
func (f *flight) sendMain() {
	t := f.t
	f.query(statementKey{role: t.Role, searchPath: t.SearchPath}, t.Main, stepMain)
	for _, q := range t.After {
		f.query(statementKey{role: t.Role, searchPath: t.SearchPath}, q, stepAfter)
	}
	for _, name := range f.stmts.evicted {
		f.pipe.SendDeallocate(name)
		f.steps = append(f.steps, step{kind: stepClose})
	}
}

// query queues a statement, preparing it first if the connection does not have it. It is prepared within the flight, after the
// role was taken on: before, it would be refused.
func (f *flight) query(key statementKey, q Query, kind stepKind) {
	if f.pool.unprepared.Load() || len(q.SQL) > maxPreparedBytes || f.stmts.pooled != nil && f.stmts.pooled.unprepared {
		f.pipe.SendQueryParams(q.SQL, q.Args, nil, q.ArgFormats, q.ResultFormats)
		f.steps = append(f.steps, step{kind: kind})
		return
	}
	key.sql = q.SQL
	if d, ok := f.stmts.cache.Get(key); ok {
		f.pipe.SendQueryStatement(d, q.Args, q.ArgFormats, q.ResultFormats)
		f.steps = append(f.steps, step{kind: kind})
		return
	}
	name := f.stmts.newName()
	f.pipe.SendPrepare(name, f.stmts.text(q.SQL), nil)
	f.pipe.SendQueryPrepared(name, q.Args, q.ArgFormats, q.ResultFormats)
	f.steps = append(f.steps, step{stepPrepare, key, name}, step{kind: kind})
}

// results reads the results of the steps so far.
func (f *flight) results() error {
	steps := f.steps
	f.steps = f.steps[len(f.steps):]
	for _, s := range steps {
		result, err := f.pipe.GetResults()
		if err != nil {
			return err
		}
		switch r := result.(type) {
		case *pgconn.StatementDescription:
			r.Name = s.name
			f.stmts.add(s.prepared, r)
		case *pgconn.CloseComplete:
			f.stmts.evicted = f.stmts.evicted[1:] // only now: an error before it would have skipped the closing
		case *pgconn.ResultReader:
			if err := f.result(s.kind, r); err != nil {
				return err
			}
		default:
			return fmt.Errorf("rls: unexpected result %T", result)
		}
	}
	return nil
}

// receive reads the results up to and including the Sync's, which is where an implicit transaction commits.
func (f *flight) receive() error {
	if err := f.results(); err != nil {
		return err
	}
	result, err := f.pipe.GetResults()
	if err != nil {
		return err
	}
	if _, ok := result.(*pgconn.PipelineSync); !ok {
		return fmt.Errorf("rls: unexpected result %T at the end", result)
	}
	return nil
}

func (f *flight) result(kind stepKind, r *pgconn.ResultReader) error {
	switch kind {
	case stepMain:
		f.rows = Rows{reader: r}
		readErr := f.read(&f.rows)
		if readErr != nil { // the remaining rows would have to be read otherwise
			cancelRequest(f.conn, time.Now().Add(cancelTimeout))
		}
		tag, err := r.Close()
		f.out.Tag = tag
		if readErr != nil {
			return readErr
		}
		return err
	case stepGate:
		f.gate = lastRow(r)
	case stepAfter:
		f.out.After = append(f.out.After, lastRow(r))
	}
	_, err := r.Close()
	return err
}

// lastRow is a copy of the last row, nil if there is none.
func lastRow(r *pgconn.ResultReader) [][]byte {
	var row [][]byte
	for r.NextRow() {
		row = make([][]byte, len(r.Values()))
		for i, v := range r.Values() {
			if v != nil {
				row[i] = append([]byte{}, v...)
			}
		}
	}
	return row
}

// end ends an explicit transaction: it is committed if nothing speaks against it.
func (f *flight) end(err error) error {
	if f.conn.IsClosed() {
		return err
	}
	if err == nil && f.t.Check != nil {
		err = f.t.Check(&f.out)
	}
	steps := 1
	switch {
	case err != nil:
		f.drain()
		f.pipe.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
	case f.t.Rollback:
		f.pipe.SendQueryParams("SET CONSTRAINTS ALL IMMEDIATE", nil, nil, nil, nil)
		f.pipe.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
		steps = 2
	default:
		f.pipe.SendQueryParams("COMMIT", nil, nil, nil, nil)
	}
	if endErr := f.pipe.Sync(); endErr != nil {
		return errors.Join(err, endErr)
	}
	var endErr error
	for range steps {
		result, e := f.pipe.GetResults()
		if r, ok := result.(*pgconn.ResultReader); ok && e == nil {
			_, e = r.Close()
		}
		if e != nil {
			endErr = e
			break
		}
	}
	f.drain()
	if err == nil && endErr != nil && f.t.Rollback {
		// A deferred constraint failed: the transaction is still open.
		f.pipe.SendQueryParams("ROLLBACK", nil, nil, nil, nil)
		if e := f.pipe.Sync(); e == nil {
			f.drain()
		}
	}
	if err != nil {
		return err
	}
	return endErr
}

// drain reads what is left up to the last Sync. An error that is not PostgreSQL's ends it, for that would come again and again.
func (f *flight) drain() {
	for {
		result, err := f.pipe.GetResults()
		if f.conn.IsClosed() || result == nil && err == nil || err != nil && !errors.As(err, new(*pgconn.PgError)) {
			return
		}
	}
}

// outOfDate reports whether err only says that a prepared statement no longer fits, which PostgreSQL finds before it runs it. The
// statements of the connection are dropped then.
func (f *flight) outOfDate(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || f.rows.sent {
		return false
	}
	switch {
	case pgErr.Code == "0A000" && pgErr.Message == "cached plan must not change result type",
		pgErr.Code == "26000":
		f.stmts.forget()
		if f.stmts.pooled != nil {
			f.pool.editions.next(f.stmts)
		}
		return true
	default:
		return false
	}
}
