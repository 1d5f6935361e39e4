package rls

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Preamble returns the statement that makes a transaction the caller's, for whoever runs one step by step.
func (t *Transaction) Preamble() Query { return t.preamble() }

// RunWithin runs t inside the transaction that is open on conn, as Pool.Run would run it in one of its own: what it writes stays until
// that transaction ends, what it sets does not. If it fails all of it is undone, and the open transaction goes on. Its Before, single-use
// tokens' part, is not run, and Isolation is that of the open transaction.
func RunWithin(ctx context.Context, conn *pgconn.PgConn, t *Transaction, read func(*Rows) error) (*Outcome, error) {
	out, err := within(ctx, conn, t, read)
	switch {
	case conn.TxStatus() == 'I':
		return nil, errors.Join(err, errors.New("rls: the transaction was ended from within"))
	case err != nil || t.ReadOnly || t.Rollback:
		// Whether it may write belongs to the settings that only going back restores.
		_, undoErr := conn.Exec(ctx, "ROLLBACK TO SAVEPOINT postern_request; RELEASE SAVEPOINT postern_request").ReadAll()
		return out, errors.Join(err, undoErr)
	}
	reset := &Transaction{Role: "none", Claims: "{}", Headers: "{}", Cookies: "{}", SearchPath: t.SearchPath}
	if err := execute(ctx, conn, reset.preamble(), nil); err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "RELEASE SAVEPOINT postern_request").ReadAll()
	return out, err
}

func within(ctx context.Context, conn *pgconn.PgConn, t *Transaction, read func(*Rows) error) (*Outcome, error) {
	if _, err := conn.Exec(ctx, "SAVEPOINT postern_request").ReadAll(); err != nil {
		return nil, err
	}
	f := flight{conn: conn, t: t, read: read}
	queries := []Query{t.preamble()}
	kinds := []stepKind{stepIgnore}
	if t.PreRequest != "" {
		queries, kinds = append(queries, Query{SQL: t.PreRequest}), append(kinds, stepIgnore)
	}
	queries, kinds = append(queries, t.Main), append(kinds, stepMain)
	for _, q := range t.After {
		queries, kinds = append(queries, q), append(kinds, stepAfter)
	}
	for i, q := range queries {
		if err := execute(ctx, conn, q, func(r *pgconn.ResultReader) error { return f.result(kinds[i], r) }); err != nil {
			return nil, err
		}
	}
	if t.Check != nil {
		if err := t.Check(&f.out); err != nil {
			return nil, err
		}
	}
	if t.ReadOnly {
		return &f.out, nil
	}
	// Deferred constraints are checked now, as they would be at the end, and stay deferred.
	_, err := conn.Exec(ctx, "SAVEPOINT postern_constraints; SET CONSTRAINTS ALL IMMEDIATE; "+
		"ROLLBACK TO SAVEPOINT postern_constraints; RELEASE SAVEPOINT postern_constraints").ReadAll()
	return &f.out, err
}

func execute(ctx context.Context, conn *pgconn.PgConn, q Query, result func(*pgconn.ResultReader) error) error {
	r := conn.ExecParams(ctx, q.SQL, q.Args, nil, q.ArgFormats, q.ResultFormats)
	if result != nil {
		return result(r)
	}
	_, err := r.Close()
	return err
}
