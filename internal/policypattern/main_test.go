package policypattern_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// code gives an error's SQLSTATE, else its text.
func code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return err.Error()
}
