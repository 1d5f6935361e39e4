package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// apiError is an error as a client sees it (PostgREST reference, Errors).
type apiError struct {
	Status  int
	Code    string
	Message string
	Details json.RawMessage // nil is null
	Hint    json.RawMessage
	Headers []pair
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// text returns s as JSON, null if it is empty.
func text(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return sql.AppendJSONString(nil, s)
}

// fail answers with an error. What is not foreseen is logged and answered without its text.
func (x *exchange) fail(err error) {
	if gone := x.r.Context().Err(); gone != nil && (errors.Is(err, gone) || sqlState(err) == codeQueryCanceled) {
		x.gone = true // the client, or the program around the server no longer waits
		if !errors.Is(gone, context.DeadlineExceeded) {
			// Without an answer net/http would send a 200, which a client that has only ended its own side would take for one.
			panic(http.ErrAbortHandler)
		}
		err = &apiError{Status: http.StatusGatewayTimeout, Code: "PGRST003", Message: "The time for the request is over"}
	}
	e := x.classify(err)
	if e == nil {
		id := rand.Text()
		x.server.logger.Error("request failed", "request_id", id, "method", x.r.Method, "path", x.r.URL.Path, "error", err)
		e = &apiError{
			Status: http.StatusInternalServerError, Code: "PGRSTX00", Message: "Internal server error",
			Hint: text("The server's log tells more under request id " + id),
		}
	}
	if hook := x.server.onError; hook != nil && e.Status >= http.StatusInternalServerError {
		defer hook(x.r, err)
	}
	x.code = e.Code
	h := x.w.Header()
	for name := range h {
		if !strings.HasPrefix(name, "Access-Control-") && name != x.state.config.ServerTraceHeader && name != requestIDHeader &&
			!strings.HasPrefix(name, "Ratelimit") && name != "Connection" && name != "Server" {
			h.Del(name)
		}
	}
	body := errorBody(e, x.state.config.ClientErrorVerbosity)
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", itoa(int64(len(body))))
	h.Set("Vary", x.state.varies)
	h.Set("Proxy-Status", "Postern; error="+headerSafe(e.Code))
	if e.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", x.server.recovery.retryAfter())
	}
	for _, p := range e.Headers {
		h.Set(p.name, p.value)
	}
	x.w.WriteHeader(e.Status)
	if x.r.Method == http.MethodHead {
		return
	}
	if _, err := x.w.Write(body); err != nil {
		x.server.logger.Debug("client gone", "error", err)
	}
}

func errorBody(e *apiError, verbosity config.Verbosity) []byte {
	null := func(v json.RawMessage) []byte {
		if v == nil {
			return []byte("null")
		}
		return v
	}
	out := append([]byte(`{"code":`), sql.AppendJSONString(nil, e.Code)...)
	if verbosity != config.Minimal {
		out = append(append(out, `,"details":`...), null(e.Details)...)
		out = append(append(out, `,"hint":`...), null(e.Hint)...)
	}
	out = append(append(out, `,"message":`...), sql.AppendJSONString(nil, e.Message)...)
	return bytes.ToValidUTF8(append(out, '}'), []byte("\uFFFD")) // a message may quote what the client sent
}

// classify turns an error into what the client is told, or nil if it is not foreseen.
func (x *exchange) classify(err error) *apiError {
	var (
		api     *apiError
		syntax  *sql.Error
		token   *auth.Error
		pgErr   *pgconn.PgError
		connect *rls.ConnectError
		lost    *rls.LostError
	)
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &syntax):
		e := &apiError{
			Status: statusOfCode(syntax.Code), Code: syntax.Code, Message: syntax.Message,
			Details: text(syntax.Details), Hint: text(syntax.Hint),
		}
		if syntax.DetailsJSON != nil {
			e.Details = syntax.DetailsJSON
		}
		return e
	case errors.As(err, &token):
		e := &apiError{
			Status: statusOfCode(token.Code), Code: token.Code, Message: token.Message, Details: text(token.Details),
			Hint: text(token.Hint),
		}
		if token.Challenge != "" {
			e.Headers = []pair{{"WWW-Authenticate", token.Challenge}}
		}
		return e
	case errors.As(err, &connect):
		x.server.logger.Debug("no connection to the database", "error", err)
		return &apiError{Status: http.StatusServiceUnavailable, Code: "PGRST000", Message: "Database connection error. Retrying the connection."}
	case errors.As(err, &lost):
		x.server.logger.Warn("connection to the database lost", "error", lost.Err)
		if errors.As(err, &pgErr) {
			e := databaseError(pgErr, !x.caller.Anonymous)
			e.Status = http.StatusServiceUnavailable
			return e
		}
		return &apiError{Status: http.StatusServiceUnavailable, Code: "PGRST001", Message: "Database client error. Retrying the connection."}
	case errors.As(err, &pgErr):
		if x.caller.SingleUse && cannotConsume(pgErr) {
			x.server.logger.Error("single-use tokens cannot be checked", "error", err)
			return &apiError{
				Status: http.StatusServiceUnavailable, Code: "PGRST001", Message: "Single-use tokens cannot be checked",
				Hint: text("The database lacks what jwt-exchange-secret needs; the server's log tells more"),
			}
		}
		e := databaseError(pgErr, !x.caller.Anonymous)
		if pgErr.Code == "42501" && x.role != x.caller.Role && e.Details == nil {
			e.Details = text("The action '" + actionName(x.request.Action) + "' runs as the role '" + x.role + "' (db-role-by-action)")
		}
		if notWritable(pgErr) && x.plan != nil && x.plan.Relation != nil {
			e.Headers = append(e.Headers, pair{"Allow", allowed(x.plan.Relation)}) // RFC 9110, 15.5.6
		}
		return e
	case errors.Is(err, rls.ErrPoolBusy):
		return &apiError{
			Status: http.StatusServiceUnavailable, Code: "PGRST003", Message: "Too many requests wait for a connection to the database.",
			Hint: text("Try again in a moment"),
		}
	case errors.Is(err, rls.ErrPoolTimeout):
		x.server.requests.timeouts.Inc()
		return &apiError{Status: http.StatusGatewayTimeout, Code: "PGRST003", Message: "Timed out acquiring connection from connection pool."}
	}
	return nil
}

// statuses is the table from codes to statuses; a code that is not in it is a bad request.
var statuses = map[string]int{
	sql.CodeRPCMethod:          http.StatusMethodNotAllowed,
	sql.CodeInvalidRange:       http.StatusRequestedRangeNotSatisfiable,
	sql.CodeInvalidPutFilters:  http.StatusMethodNotAllowed,
	sql.CodeUnacceptableSchema: http.StatusNotAcceptable,
	sql.CodeMediaType:          http.StatusNotAcceptable,
	sql.CodeNotSingular:        http.StatusNotAcceptable,
	sql.CodeUnsupportedMethod:  http.StatusMethodNotAllowed,
	sql.CodeInvalidPath:        http.StatusNotFound,
	sql.CodeOpenAPIDisabled:    http.StatusNotFound,
	sql.CodeAmbiguousEmbed:     http.StatusMultipleChoices,
	sql.CodeAmbiguousRoutine:   http.StatusMultipleChoices,
	sql.CodeNoRoutine:          http.StatusNotFound,
	sql.CodeNoRelation:         http.StatusNotFound,
	codeResponseHeaders:        http.StatusInternalServerError,
	codeResponseStatus:         http.StatusInternalServerError,
	codeRaise:                  http.StatusInternalServerError,
	auth.CodeSecretMissing:     http.StatusInternalServerError,
	auth.CodeToken:             http.StatusUnauthorized,
	auth.CodeTokenRequired:     http.StatusUnauthorized,
	auth.CodeClaims:            http.StatusUnauthorized,
	auth.CodeRole:              http.StatusForbidden,
	auth.CodeKeysUnavailable:   http.StatusServiceUnavailable,
	auth.CodeCrossSite:         http.StatusForbidden,
	auth.CodeRestricted:        http.StatusForbidden,
}

func statusOfCode(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusBadRequest
}
