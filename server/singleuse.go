package server

import (
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// consume uses up a single-use token in the transaction of the request that it is for: if that is undone, so is the use.
func (x *exchange) consume(t *rls.Transaction) error {
	if !x.caller.SingleUse {
		return nil
	}
	if t.Rollback {
		return &sql.Error{
			Code: sql.CodeInvalidPreferences, Message: "A single-use token cannot be used for a transaction that is rolled back",
			Hint: "Leave out Prefer: tx=rollback",
		}
	}
	t.Before = rls.Query{
		SQL:  auth.ConsumeToken,
		Args: [][]byte{[]byte(x.caller.UseID()), []byte(x.caller.Expires.UTC().Format(time.RFC3339Nano))},
	}
	return nil
}

// cannotConsume reports whether the database lacks the table and function of single-use tokens, or the right to use them.
func cannotConsume(err *pgconn.PgError) bool {
	switch err.Code {
	case "3F000", "42883", "42501", "42P01":
		return strings.Contains(err.Message, "postern_auth") || strings.Contains(err.Message, "postern_consume_token")
	default:
		return false
	}
}
