package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/postern-db/postern/internal/policytest"
	"github.com/postern-db/postern/server/auth"
)

type explainCommand struct {
	apiSource
	Method string   `arg:"" help:"GET, POST, PATCH, PUT or DELETE."`
	Path   string   `arg:"" help:"The path with its query, such as /chat?id=eq.5."`
	As     string   `placeholder:"ROLE" help:"Role that the request runs as. Defaults to that of callers without a token (db-anon-role)."`
	Claims string   `placeholder:"JSON" help:"Claims of the token, as a JSON object. The role is added."`
	Body   string   `placeholder:"JSON" help:"Body of the request."`
	Header []string `sep:"none" placeholder:"LINE" help:"Header of the request, such as 'Prefer: return=representation'. May be repeated."`
	JSON   bool     `name:"json" help:"Print JSON, with PostgreSQL's plan."`
}

// Help is shown by --help.
func (explainCommand) Help() string {
	return "Tells why the rows of a request are seen or not: the role and its claims, the grants that are missing, each policy with how " +
		"many of the rows asked for pass it, the SQL, its plan and cost, and whether a policy is served by an index. A write is " +
		"explained and not done. Rows are counted with the rights of the tables' owners, so the database is to be named as a " +
		"superuser, as the owner, or as a role that may become both the owner and the request's role: with --db-uri, or in DATABASE_URL. Everything happens in a " +
		"read-only transaction that is rolled back; a standby can be asked.\n\nThe exit status is 0 whatever the explanation is, " + statuses
}

// Examples are shown by --help.
func (explainCommand) Examples() string {
	return `  postern explain GET '/chat?id=eq.5' --as alice --schema api
  postern explain GET /note --as web_user --claims '{"sub":"alice"}' --config postern.conf
  postern explain POST /chat --as bob --body '{"message_to":"alice"}' --header 'Prefer: return=representation'
`
}

// Run explains the request.
func (c explainCommand) Run(a *app) (err error) {
	settings, err := c.ownerSettings(a)
	if err != nil {
		return err
	}
	role := cmp.Or(c.As, settings.DBAnonRole)
	if role == "" {
		return usageError{errors.New("say as whom: --as ROLE")}
	}
	caller, err := callerOf(role, c.Claims)
	if err != nil {
		return usageError{fmt.Errorf("--claims: %w", err)}
	}
	r, err := policytest.NewRequest(a.ctx, c.Method, c.Path, c.Header, c.Body)
	if err != nil {
		return usageError{err}
	}
	conn, err := connect(a.ctx, string(settings.DBURI), a.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(a.ctx))) }()
	s, err := serveAs(a, settings, func(*http.Request) (auth.Caller, error) { return caller, nil })
	if err != nil {
		return err
	}
	defer s.Close()
	x, err := s.Explain(a.ctx, conn, r)
	if err != nil {
		return err
	}
	if !c.JSON {
		return x.WriteText(a.stdout)
	}
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(x)
}
