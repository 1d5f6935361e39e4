package server

import (
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestStatusOfInternalErrors: what PostgreSQL calls internal is a failure of the server unless a client's input is known to cause it.
// The errors are those of PostgreSQL 15 with PostGIS 3.3, which other tests do not have.
func TestStatusOfInternalErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  pgconn.PgError
		want int
	}{
		{pgconn.PgError{Message: "unknown GeoJSON type", File: "lwgeom_pg.c", Routine: "pg_error"}, http.StatusBadRequest},
		{pgconn.PgError{Message: "parse error - invalid geometry", File: "lwgeom_pg.c", Routine: "pg_parser_errhint"}, http.StatusBadRequest},
		{pgconn.PgError{Message: "tsquery stack too small", File: "tsquery.c"}, http.StatusBadRequest},
		{pgconn.PgError{Message: "unknown GeoJSON type", File: "pl_exec.c"}, http.StatusInternalServerError},
		{pgconn.PgError{Message: "cache lookup failed for relation 1", File: "relcache.c"}, http.StatusInternalServerError},
	} {
		c.err.Code = "XX000"
		if got := statusOfSQLState(&c.err, true); got != c.want {
			t.Errorf("%s in %s: got %d, want %d", c.err.Message, c.err.File, got, c.want)
		}
	}
}
