package policytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/rls"
)

// Suite runs tests on a database.
type Suite struct {
	// Conn is a connection as a role that may set up what the tests need and may become their roles: the owner, or a superuser. It
	// must not be in a transaction, and is left as it was.
	Conn *pgx.Conn
	// Server serves the same database; its Config.Authenticate is Identify.
	Server *server.Server
	// Schemas are the exposed schemas. SQL statements of tests have the first as their search path.
	Schemas []string
	// Anonymous is the role of callers without a token, "" if there are none.
	Anonymous string
	// Filter chooses the tests to run, by file and name: chat.txtar/bob sees nothing. Defaults to all.
	Filter *regexp.Regexp
}

// callerKey is the key of the caller in a request's context.
type callerKey struct{}

// Identify finds the caller of a test's request; it is for server.Config.Authenticate.
func Identify(r *http.Request) (auth.Caller, error) {
	caller, ok := r.Context().Value(callerKey{}).(auth.Caller)
	if !ok {
		return auth.Caller{}, errors.New("policytest: the request comes from no test")
	}
	return caller, nil
}

// Run runs the tests of files. An error is one of the connection; what fails in a test is in the report.
func (s *Suite) Run(ctx context.Context, files []*File) (*Report, error) {
	c, err := s.newCoverage(ctx)
	if err != nil {
		return nil, err
	}
	r := &Report{Files: []FileReport{}}
	for _, f := range files {
		out := FileReport{Name: f.Name, Tests: []TestReport{}}
		for i := range f.Tests {
			if s.Filter != nil && !s.Filter.MatchString(f.Name+"/"+f.Tests[i].Name) {
				continue
			}
			began := time.Now()
			failure, err := s.test(ctx, f, &f.Tests[i], c)
			if err != nil {
				return nil, err
			}
			out.Tests = append(out.Tests, TestReport{
				Name: f.Tests[i].Name, Line: f.Tests[i].Line, Failure: failure, Seconds: time.Since(began).Seconds(),
			})
		}
		r.Files = append(r.Files, out)
	}
	r.Coverage = c.report()
	return r, nil
}

// test runs one test and returns why it fails, "" if it does not.
func (s *Suite) test(ctx context.Context, f *File, test *Test, c *coverage) (failure string, err error) {
	tx, err := s.Conn.Begin(ctx)
	if err != nil {
		return "", fmt.Errorf("begin the transaction of a test: %w", err)
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if rollback := tx.Rollback(end); rollback != nil && !errors.Is(rollback, pgx.ErrTxClosed) {
			err = errors.Join(err, fmt.Errorf("end the transaction of a test: %w", rollback))
		}
	}()
	if _, err := tx.Exec(ctx, "set local lock_timeout = '10s'"); err != nil {
		return "", err
	}
	for _, script := range f.Setup {
		if line, err := s.setUp(ctx, script); err != nil {
			return failureText(fmt.Sprintf("%s:%d", f.Name, script.Line+line), script.Name, err)
		}
	}
	for i := range test.Steps {
		step := &test.Steps[i]
		r, err := s.step(ctx, step, c)
		if err != nil {
			return failureText(fmt.Sprintf("%s:%d", f.Name, step.Line), step.String(), err)
		}
		for j := range step.Expect {
			if err := step.Expect[j].check(r); err != nil {
				return fmt.Sprintf("%s:%d: %s\n=> %s\nbut %s", f.Name, step.Expect[j].Line, step, step.Expect[j].Text, err), nil
			}
		}
	}
	return "", nil
}

// failureText tells of an error of PostgreSQL's, or of the step itself; any other is returned.
func failureText(where, what string, err error) (string, error) {
	var refused *pgconn.PgError
	var mistake stepError
	switch {
	case errors.As(err, &refused):
		return fmt.Sprintf("%s: %s: %s (%s)", where, what, refused.Message, refused.Code), nil
	case errors.As(err, &mistake):
		return fmt.Sprintf("%s: %s: %s", where, what, err), nil
	default:
		return "", err
	}
}

// stepError is a mistake in a test.
type stepError string

func (e stepError) Error() string { return string(e) }

// String is the step in a line.
func (s *Step) String() string {
	as := ""
	if s.Role != "" {
		as = "as " + s.Role + " "
	}
	if s.SQL != "" {
		return as + strings.Join(strings.Fields(s.SQL), " ")
	}
	return as + s.Method + " " + s.Target
}

func (s *Suite) step(ctx context.Context, step *Step, c *coverage) (*result, error) {
	role := step.Role
	if role == "" && step.SQL == "" {
		if role = s.Anonymous; role == "" {
			return nil, stepError("say as whom: a line as ROLE before the request")
		}
	}
	if err := s.canBecome(ctx, role); err != nil {
		return nil, err
	}
	if step.SQL != "" {
		return s.statement(ctx, step, c)
	}
	r, err := step.request(ctx)
	if err != nil {
		return nil, stepError(err.Error())
	}
	caller := auth.Caller{Role: role, Claims: step.claims(role), Anonymous: role == s.Anonymous}
	w := httptest.NewRecorder()
	plan := s.Server.ServeWithin(s.Conn.PgConn(), w, r.WithContext(context.WithValue(ctx, callerKey{}, caller)))
	c.request(role, plan)
	if s.Conn.PgConn().IsClosed() {
		return nil, errors.New("the connection to the database was lost")
	}
	return answered(w, plan), nil
}

// statement runs an SQL statement as the step's role.
func (s *Suite) statement(ctx context.Context, step *Step, c *coverage) (*result, error) {
	if word := endsTransaction(step.SQL); word != "" {
		return nil, stepError(strings.ToUpper(word) + " would end the transaction of the test")
	}
	t := &rls.Transaction{
		Role: step.Role, Claims: step.claims(step.Role), Headers: "{}", Cookies: "{}", SearchPath: schema.QuoteIdentifier(s.Schemas[0]),
		Main: rls.Query{SQL: step.SQL},
	}
	if step.Role == "" {
		t.Role, t.Claims = "none", "{}"
	} else {
		c.statement(ctx, s, step)
	}
	out := &result{sql: true}
	outcome, err := rls.RunWithin(ctx, s.Conn.PgConn(), t, func(rows *rls.Rows) error {
		names := rows.Names()
		if names == nil {
			out.unseen = "the statement returns no rows; add returning *, or write => changes"
		}
		out.rows = nil
		for rows.Next() {
			row := map[string]any{}
			for i, v := range rows.Values() {
				row[names[i]] = nil
				if v != nil {
					row[names[i]] = sqlText(v)
				}
			}
			out.rows = append(out.rows, row)
		}
		return nil
	})
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		out.failed, out.code, out.message = true, refused.Code, refused.Message
		if refused.Code == "42601" && strings.Contains(refused.Message, "multiple commands") {
			return nil, stepError("a step is one statement; write the next one as a step of its own")
		}
		return out, nil
	case err != nil:
		return nil, err
	}
	out.count(outcome.Tag)
	return out, nil
}
