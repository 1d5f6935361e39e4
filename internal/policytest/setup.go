package policytest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/sqlscript"
	"github.com/postern-db/postern/schema"
)

// setUp runs a script as the role that is connected. With an error of PostgreSQL's comes the line of the script, from 1, or 0 if it
// cannot be found.
func (s *Suite) setUp(ctx context.Context, script Script) (line int, err error) {
	err = s.execute(ctx, script.SQL)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return 0, err
	}
	if refused.InternalPosition > 0 && refused.InternalQuery == script.SQL {
		line, _ = sqlscript.LineAndColumn(script.SQL, sqlscript.Offset(script.SQL, int(refused.InternalPosition)))
		return line, err
	}
	// It points to no place: which statement was it?
	if _, undo := s.Conn.PgConn().Exec(ctx, "rollback to savepoint postern_setup").ReadAll(); undo != nil {
		return 0, errors.Join(err, undo)
	}
	starts := append(sqlscript.Statements(script.SQL), len(script.SQL))
	for i, start := range starts[:len(starts)-1] {
		if s.execute(ctx, script.SQL[start:starts[i+1]]) != nil {
			line, _ = sqlscript.LineAndColumn(script.SQL, start)
			break
		}
	}
	return line, err
}

// execute runs SQL of any number of statements. EXECUTE refuses what would end the transaction.
func (s *Suite) execute(ctx context.Context, script string) error {
	_, err := s.Conn.PgConn().Exec(ctx, "savepoint postern_setup; do "+
		schema.QuoteLiteral("begin execute "+schema.QuoteLiteral(script)+"; end")+"; release savepoint postern_setup").ReadAll()
	return err
}

// canBecome makes sure that a step runs as its role. One that does not exist, or that the connected role is no member of, would look like a
// refusal of what is tested.
func (s *Suite) canBecome(ctx context.Context, role string) error {
	if role == "" {
		return nil
	}
	conn := s.Conn.PgConn()
	if _, err := conn.Exec(ctx, "savepoint postern_role").ReadAll(); err != nil {
		return err
	}
	err := conn.ExecParams(ctx, "select pg_catalog.set_config('role', $1, true)", [][]byte{[]byte(role)}, nil, nil, nil).Read().Err
	if _, undo := conn.Exec(ctx, "rollback to savepoint postern_role; release savepoint postern_role").ReadAll(); undo != nil {
		return errors.Join(err, undo)
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return stepError(fmt.Sprintf("the test cannot become the role %s: %s (%s)", role, refused.Message, refused.Code))
	}
	return err
}
