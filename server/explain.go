package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/explain"
	"github.com/postern-db/postern/sql"
)

// explainMedia is the media type that asks why rows are seen or not, in place of the rows.
const explainMedia = "application/vnd.postern.explain+json"

// maxExplanations bounds how many explanations are worked on at once: each has a connection of its own, beside the pool's.
const maxExplanations = 2

// Explanation is why a request is answered as it is: its members are those of the JSON that `postern explain --json` writes, and WriteText
// writes it for people.
type Explanation = explain.Explanation

// Explain tells why a request is answered as it is, over a connection of the caller's choice: rows are counted if its role may read the
// tables' rows. conn must not be in a transaction. The request is planned as ever, but for its Accept header. What is wrong with
// the request itself is the error: it reads as the client would read it.
func (s *Server) Explain(ctx context.Context, conn *pgx.Conn, r *http.Request) (*Explanation, error) {
	x := &exchange{server: s, state: s.state.Load(), r: r, rows: -1}
	if err := x.authenticate(); err != nil {
		return nil, err
	}
	if x.state.catalog == nil {
		return nil, noCatalog()
	}
	if err := x.parse(); err != nil {
		return nil, err
	}
	if err := x.chooseRole(); err != nil {
		return nil, err
	}
	return x.explanation(ctx, conn)
}

// explanation explains a request whose role is known.
func (x *exchange) explanation(ctx context.Context, conn *pgx.Conn) (*explain.Explanation, error) {
	if err := x.parseWhole(); err != nil {
		return nil, err
	}
	x.request.Accept = []sql.MediaType{{Kind: sql.MediaJSON}}
	if err := x.resolve(); err != nil {
		return nil, err
	}
	switch x.request.Action {
	case sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema, sql.Describe:
		return nil, &sql.Error{Code: sql.CodeMediaType, Message: "There are no rows to explain", Hint: "Ask for a table, view or function"}
	}
	t, err := x.transaction()
	if err != nil {
		return nil, err
	}
	return explain.Run(ctx, conn, &explain.Input{
		Method: x.r.Method, Target: x.r.URL.RequestURI(), Plan: x.plan, Transaction: t, Schemas: x.state.parse.Schemas,
	})
}

// asksForExplanation reports whether the caller asks for an explanation and may have it: db-explain-enabled, and a role that is a
// member of db-explain-role. To all others the media type is one that does not exist.
func (x *exchange) asksForExplanation(ctx context.Context) (bool, error) {
	c := x.state.config
	if !c.DBExplainEnabled || c.DBExplainRole == "" || len(x.request.Accept) == 0 || x.request.Accept[0].Text != explainMedia {
		return false, nil
	}
	if x.caller.SingleUse {
		return false, nil
	}
	return x.mayAssume(ctx, x.caller.Role, c.DBExplainRole)
}

// explain answers with an explanation.
func (x *exchange) explain(ctx context.Context) error {
	select {
	case x.server.explaining <- struct{}{}:
		defer func() { <-x.server.explaining }()
	default:
		return &apiError{
			Status: http.StatusServiceUnavailable, Code: "PGRST003", Message: "Too many explanations are asked for at once",
		}
	}
	conn, err := x.server.pool.Connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	out, err := x.explanation(ctx, conn)
	if err != nil {
		return err
	}
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", explainMedia)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	x.commonHeaders()
	x.w.WriteHeader(http.StatusOK)
	if _, err := x.w.Write(body); err != nil {
		x.server.logger.Debug("client gone", "error", err)
	}
	return nil
}
