package server

import (
	"net/http"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/sql"
)

// ServeWithin serves a request inside the transaction that is open on conn, for tests of policies: what the request writes is there for
// the next one and is gone when the transaction is rolled back. Nothing else differs: the caller is found, the request planned, run as
// the caller's role and answered as ever. It may not be used by several goroutines for one conn. The plan tells which relations the
// request was about; it is nil if there was none.
func (s *Server) ServeWithin(conn *pgconn.PgConn, w http.ResponseWriter, r *http.Request) (plan *sql.Plan) {
	x := &exchange{server: s, state: s.state.Load(), w: w, r: r, rows: -1, within: conn}
	defer x.recover()
	if err := x.serve(r.Context()); err != nil {
		x.fail(err)
	}
	return x.plan
}
