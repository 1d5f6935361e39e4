package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// tokenPath is where a token is exchanged for a narrower one (RFC 8693), if jwt-exchange-secret is set.
const tokenPath = "/auth/token"

// maxExchangeBytes bounds the body of an exchange: two tokens' worth.
const maxExchangeBytes = 32 << 10

// exchangesToken reports whether the request is for the token exchange.
func (x *exchange) exchangesToken() bool {
	return x.r.URL.Path == tokenPath && x.state.verifier.Exchanges()
}

// exchangeToken answers POST /auth/token. Its errors have the form of RFC 6749, section 5.2.
func (x *exchange) exchangeToken(ctx context.Context) error {
	h := x.w.Header()
	h.Set("Cache-Control", "no-store")
	if x.r.Method != http.MethodPost {
		return &apiError{
			Status: http.StatusMethodNotAllowed, Code: sql.CodeUnsupportedMethod, Message: "Unsupported HTTP method: " + x.r.Method,
			Headers: []pair{{"Allow", http.MethodPost}},
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(innermost(x.w), x.r.Body, maxExchangeBytes))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return tooSlow()
	case err != nil:
		return tooLarge(maxExchangeBytes)
	}
	req, err := auth.ParseExchange(x.r.Header.Get("Content-Type"), string(body))
	var res auth.ExchangeResponse
	if err == nil {
		res, err = x.state.verifier.Exchange(ctx, req, x.mayAssume)
	}
	var refused *auth.ExchangeError
	switch {
	case errors.As(err, &refused):
		x.code = refused.Code
		return x.writeJSON(http.StatusBadRequest, refused)
	case err != nil:
		return err
	}
	x.caller = res.Subject // for the audit log
	return x.writeJSON(http.StatusOK, res)
}

func (x *exchange) writeJSON(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, err = x.w.Write(body)
	if err != nil {
		x.server.logger.Debug("client gone", "error", err)
	}
	return nil
}

// mayAssumeSQL finds the role if the current one may become it. Since PostgreSQL 16 a member may be one that may not.
const mayAssumeSQL = "select 1 from pg_catalog.pg_roles where rolname = $1 and pg_catalog.pg_has_role(oid, " +
	"case when pg_catalog.current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end)"

// mayAssume asks the database whether a role is a member of another, which it may then become.
func (x *exchange) mayAssume(ctx context.Context, role, target string) (bool, error) {
	if x.checkRole(role) != nil || x.checkRole(target) != nil {
		return false, nil
	}
	t := &rls.Transaction{
		Role: role, SearchPath: schema.QuoteIdentifier(x.state.parse.Schemas[0]), Claims: "{}", Method: x.r.Method, Path: tokenPath,
		Headers: "{}", Cookies: "{}", ReadOnly: true,
		Main: rls.Query{
			SQL: mayAssumeSQL, Args: [][]byte{[]byte(target)},
		},
	}
	member := false
	_, err := x.execute(ctx, t, func(rows *rls.Rows) error {
		for member = false; rows.Next(); {
			member = true
		}
		return nil
	})
	var (
		pgErr *pgconn.PgError
		lost  *rls.LostError
	)
	if errors.As(err, &pgErr) && !errors.As(err, &lost) { // the role itself cannot be taken on
		return false, nil
	}
	return member, err
}
