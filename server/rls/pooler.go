package rls

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// A pooler between us and PostgreSQL, such as PgBouncer, may give every transaction another session (transaction pooling). What a
// transaction leaves in its session then meets strangers, and a prepared statement may be in another session, where another
// connection's may have its name. So connections find out when they are made whether they go through a pooler. If so, code runs
// only between BEGIN and COMMIT, for which a pooler keeps a session, and the session is wiped before that ends; and statements
// are prepared only if the pooler looks after them, as PgBouncer does with max_prepared_statements (PgBouncer, Features, SQL
// feature map for pooling modes).

// pooled is what a connection through a pooler knows.
type pooled struct {
	unprepared bool  // the pooler does not look after prepared statements
	restore    Query // sets what the client and PostgreSQL have agreed on when they connected
	dirty      bool  // code ran in a session that was not wiped
}

// text is a statement's as it is prepared. A pooler that looks after statements knows them by their text, and has a text prepared
// once a session, so that a new name would get the old statement: each edition has texts of its own.
func (s *statements) text(sql string) string {
	if s.pooled == nil || s.edition == 0 {
		return sql
	}
	return sql + " /* " + strconv.FormatUint(s.edition, 10) + " */"
}

// detectPooler finds out whether there is a pooler: it invents the process number that it tells its clients, and those that look
// after prepared statements give them other names.
func detectPooler(ctx context.Context, conn *pgconn.PgConn, stmts *statements) error {
	name := "postern_" + rand.Text()
	pipe := conn.StartPipeline(ctx)
	pipe.SendPrepare(name, "select pg_catalog.pg_backend_pid(), exists (select from pg_catalog.pg_prepared_statement() s where s.name = $1)", nil)
	pipe.SendQueryPrepared(name, [][]byte{[]byte(name)}, nil, nil)
	pipe.SendDeallocate(name)
	if err := pipe.Sync(); err != nil {
		return errors.Join(err, pipe.Close())
	}
	pid, literal := "", false
	for range 3 {
		result, err := pipe.GetResults()
		if err != nil {
			return errors.Join(err, pipe.Close())
		}
		r, ok := result.(*pgconn.ResultReader)
		if !ok {
			continue
		}
		for r.NextRow() {
			pid, literal = string(r.Values()[0]), string(r.Values()[1]) == "t"
		}
		if _, err := r.Close(); err != nil {
			return errors.Join(err, pipe.Close())
		}
	}
	if err := pipe.Close(); err != nil {
		return err
	}
	if pid != strconv.FormatUint(uint64(conn.PID()), 10) {
		stmts.pooled = &pooled{unprepared: literal, restore: restoring(conn)}
	}
	return nil
}

// restoring returns the statement that sets what a pooler keeps in step between its clients and its sessions. RESET ALL takes a
// session back to what the pooler opened it with.
func restoring(conn *pgconn.PgConn) Query {
	var q Query
	var calls []string
	for _, name := range [...]string{
		"application_name", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "standard_conforming_strings",
	} {
		if value := conn.ParameterStatus(name); value != "" {
			q.Args = append(q.Args, []byte(value))
			calls = append(calls, "pg_catalog.set_config('"+name+"', $"+strconv.Itoa(len(q.Args))+", false)")
		}
	}
	q.SQL = "select " + strings.Join(calls, ", ")
	return q
}

const (
	unlock        = "select pg_catalog.pg_advisory_unlock_all(), pg_catalog.setseed($1::pg_catalog.float8)"
	namesFromSQL  = "select pg_catalog.quote_ident(s.name) from pg_catalog.pg_prepared_statement() s where s.from_sql"
	allImmediate  = "SET CONSTRAINTS ALL IMMEDIATE"
	deallocateSQL = "DEALLOCATE "
)

// endPooled is end for code behind a pooler: the session is wiped before it may become another's. Deferred constraints are
// checked before, while the caller's role is still that of the session.
func (f *flight) endPooled(err error) error {
	if f.conn.IsClosed() {
		return err
	}
	if err == nil && f.t.Check != nil {
		err = f.t.Check(&f.out)
	}
	if err == nil && !f.t.Rollback {
		if err = f.wipeAnd("COMMIT", allImmediate); err == nil || f.conn.IsClosed() {
			return err
		}
	}
	if err == nil {
		_, err = f.script(Query{SQL: allImmediate})
	}
	f.drain()
	if wipeErr := f.wipeAnd("COMMIT", "ROLLBACK", "BEGIN"); wipeErr != nil && err == nil {
		err = wipeErr
	}
	return err
}

// wipeAnd runs the commands of before, wipes the session and runs the command that ends the transaction.
func (f *flight) wipeAnd(end string, before ...string) error {
	queries := make([]Query, 0, len(before)+len(resets)+3)
	for _, sql := range before {
		queries = append(queries, Query{SQL: sql})
	}
	for _, sql := range resets {
		queries = append(queries, Query{SQL: sql})
	}
	seed := strconv.AppendFloat(nil, 2*mathrand.Float64()-1, 'g', -1, 64)
	queries = append(queries, f.stmts.pooled.restore, Query{SQL: unlock, Args: [][]byte{seed}}, Query{SQL: namesFromSQL})
	names, err := f.script(queries...)
	if err != nil {
		return err
	}
	queries = queries[:0]
	for _, name := range names {
		queries = append(queries, Query{SQL: deallocateSQL + name})
	}
	if _, err := f.script(append(queries, Query{SQL: end})...); err != nil {
		return err
	}
	f.stmts.pooled.dirty = false
	return nil
}

// script runs statements in one flight and returns the first column of the last one's rows.
func (f *flight) script(queries ...Query) ([]string, error) {
	for _, q := range queries {
		f.pipe.SendQueryParams(q.SQL, q.Args, nil, nil, nil)
	}
	if err := f.pipe.Sync(); err != nil {
		return nil, err
	}
	var column []string
	for i := range queries {
		result, err := f.pipe.GetResults()
		if err == nil {
			r, ok := result.(*pgconn.ResultReader)
			if !ok {
				return nil, fmt.Errorf("rls: unexpected result %T", result)
			}
			for r.NextRow() {
				if i == len(queries)-1 {
					column = append(column, string(r.Values()[0]))
				}
			}
			_, err = r.Close()
		}
		if err != nil {
			f.drain()
			return nil, err
		}
	}
	f.drain()
	return column, nil
}
