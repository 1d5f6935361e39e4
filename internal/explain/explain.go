package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// Input is the request, planned, and the transaction that would run it.
type Input struct {
	Method, Target string
	Plan           *sql.Plan
	Transaction    *rls.Transaction
	// Schemas are the exposed schemas.
	Schemas []string
	// Timeout bounds each statement. Defaults to 10 s.
	Timeout time.Duration
}

// explainer explains one request.
type explainer struct {
	ctx  context.Context // of the one call of Run
	tx   pgx.Tx
	conn *pgconn.PgConn
	in   *Input
	db   *policy.Database
	role *policy.Role
	out  *Explanation
	// session is who is connected.
	session *policy.Role
	parts   []part
	// views are those that were asked about, nil those that are not simple; queries are the queries of the latter.
	views   map[*policy.Relation]*view
	queries map[*policy.Relation]string
	// arrays are the array types of types.
	arrays map[uint32]uint32
	// seen are the rows of a node that the caller sees, joined those that join it to the node above.
	seen, joined map[*sql.Node]*rowSet
	// there are the rows that an insert with a conflict finds.
	there *rowSet
	// unknown are the columns of a new row whose values nobody knows before it is written.
	unknown map[string]bool
}

// Run explains a request. conn must not be in a transaction; it is left as it was. An error is one of the connection or of the
// database's, not the request's own: that is part of the explanation.
func Run(ctx context.Context, conn *pgx.Conn, in *Input) (*Explanation, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("explain: begin a transaction: %w", err)
	}
	e := &explainer{
		ctx: ctx, tx: tx, conn: conn.PgConn(), in: in, views: map[*policy.Relation]*view{}, queries: map[*policy.Relation]string{},
		arrays: map[uint32]uint32{}, seen: map[*sql.Node]*rowSet{}, joined: map[*sql.Node]*rowSet{}, unknown: map[string]bool{},
	}
	runErr := e.run()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := tx.Rollback(end); err != nil && !errors.Is(err, pgx.ErrTxClosed) {
		runErr = errors.Join(runErr, fmt.Errorf("explain: end the transaction: %w", err))
	}
	if runErr != nil {
		return nil, runErr
	}
	return e.out, nil
}

func (e *explainer) run() error {
	t := e.in.Transaction
	e.out = &Explanation{Method: e.in.Method, Target: e.in.Target, Role: t.Role, Claims: json.RawMessage(t.Claims), Verdict: []string{}, Arguments: []*string{}, Relations: []Relation{}}
	timeout := e.in.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	_, err := e.tx.Exec(e.ctx, "select set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true)",
		fmt.Sprint(timeout.Milliseconds()))
	if err != nil {
		return fmt.Errorf("explain: prepare the transaction: %w", err)
	}
	if e.db, err = policy.Read(e.ctx, e.tx, policy.Config{Schemas: e.in.Schemas}); err != nil {
		return err
	}
	if e.role = e.db.Role(t.Role); e.role == nil {
		e.out.Verdict = []string{fmt.Sprintf("There is no role %q.", t.Role)}
		return nil
	}
	if err := e.findSession(); err != nil {
		return err
	}
	if err := e.findParts(); err != nil {
		return err
	}
	for i := range e.parts {
		p := &e.parts[i]
		if err := e.findGrants(p); err != nil {
			return err
		}
		if err := e.findTriggers(p); err != nil {
			return err
		}
		e.findPolicies(p)
	}
	if err := e.becomeCaller(); err != nil {
		return err
	}
	if e.out.Error == nil {
		if err := e.try(); err != nil {
			return err
		}
	}
	if err := e.countAll(); err != nil {
		return err
	}
	for i := range e.parts {
		e.out.Relations = append(e.out.Relations, e.parts[i].Relation)
	}
	e.out.Verdict = e.verdict()
	return nil
}

func (e *explainer) findSession() error {
	var name string
	if err := e.tx.QueryRow(e.ctx, "select session_user::text").Scan(&name); err != nil {
		return fmt.Errorf("explain: ask who is connected: %w", err)
	}
	if e.session = e.db.Role(name); e.session == nil {
		return fmt.Errorf("explain: there is no role %q any more", name)
	}
	return nil
}

// becomeCaller makes the rest of the transaction the caller's, and read-only.
func (e *explainer) becomeCaller() error {
	t := *e.in.Transaction
	t.ReadOnly = true
	q := t.Preamble()
	if _, err := e.conn.ExecParams(e.ctx, q.SQL, q.Args, nil, nil, nil).Close(); err != nil {
		return fmt.Errorf("explain: become the role %q: %w", t.Role, err)
	}
	if t.PreRequest == "" {
		return nil
	}
	if _, err := e.conn.Exec(e.ctx, "savepoint postern_pre_request").ReadAll(); err != nil {
		return err
	}
	_, err := e.conn.ExecParams(e.ctx, t.PreRequest, nil, nil, nil, nil).Close()
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		e.out.Error = &Error{Code: refused.Code, Message: refused.Message + ", says the function of db-pre-request"}
		_, err = e.conn.Exec(e.ctx, "rollback to savepoint postern_pre_request").ReadAll()
	}
	return err
}

// attempt runs a statement that may fail. Its error, if it is one of PostgreSQL's, is the first result; rows are passed to each.
func (e *explainer) attempt(text string, args [][]byte, types []uint32, formats []int16, each func([][]byte)) (*pgconn.PgError, error) {
	if _, err := e.conn.Exec(e.ctx, "savepoint postern_explain").ReadAll(); err != nil {
		return nil, err
	}
	r := e.conn.ExecParams(e.ctx, text, args, types, formats, nil)
	for r.NextRow() {
		if each != nil {
			each(r.Values())
		}
	}
	_, err := r.Close()
	var refused *pgconn.PgError
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	// Going back also undoes what code in it has set.
	_, err = e.conn.Exec(e.ctx, "rollback to savepoint postern_explain; release savepoint postern_explain").ReadAll()
	return refused, err
}

// arguments turns a query's arguments into the driver's form.
func arguments(args []sql.Arg) (values [][]byte, formats []int16) {
	for _, a := range args {
		values = append(values, a.Value)
		format := int16(0)
		if a.Binary {
			format = 1
		}
		formats = append(formats, format)
	}
	return values, formats
}
