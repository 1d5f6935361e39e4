package server

import (
	"encoding/json"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// databaseError turns an error of PostgreSQL's into what the client is told: its own words, and a status by its SQLSTATE.
func databaseError(err *pgconn.PgError, authenticated bool) *apiError {
	if err.Code == "PGRST" {
		return raised(err)
	}
	e := &apiError{
		Status: statusOfSQLState(err, authenticated), Code: err.Code, Message: err.Message,
		Details: text(err.Detail), Hint: text(err.Hint),
	}
	if e.Status == http.StatusUnauthorized {
		e.Headers = []pair{{"WWW-Authenticate", "Bearer"}}
	}
	return e
}

// sqlStates is the table from SQLSTATEs to statuses; the longest prefix counts (PostgREST reference, Errors, HTTP Status
// Codes; PostgreSQL manual, appendix A).
var sqlStates = map[string]int{
	"08":    http.StatusServiceUnavailable,  // connection exception
	"09":    http.StatusInternalServerError, // triggered action exception
	"0L":    http.StatusForbidden,           // invalid grantor
	"0P":    http.StatusForbidden,           // invalid role specification
	"23503": http.StatusConflict,            // foreign key violation
	"23505": http.StatusConflict,            // unique violation
	"25006": http.StatusMethodNotAllowed,    // read-only transaction
	"21000": http.StatusInternalServerError, // cardinality violation
	"25":    http.StatusInternalServerError, // invalid transaction state
	"28":    http.StatusForbidden,           // invalid authorization
	"2D":    http.StatusInternalServerError, // invalid transaction termination
	"38":    http.StatusInternalServerError, // external routine exception
	"39":    http.StatusInternalServerError, // external routine invocation
	"3B":    http.StatusInternalServerError, // savepoint exception
	"40":    http.StatusInternalServerError, // transaction rollback
	"53400": http.StatusInternalServerError, // configuration limit exceeded
	"53":    http.StatusServiceUnavailable,  // insufficient resources
	"54":    http.StatusBadRequest,          // program limit exceeded: too much nesting, too many columns or arguments
	"55":    http.StatusInternalServerError, // object not in prerequisite state
	"57P":   http.StatusServiceUnavailable,  // the server is shut down, has crashed, starts up or drops the database
	"57":    http.StatusInternalServerError, // operator intervention
	"58":    http.StatusInternalServerError, // system error
	"F0":    http.StatusInternalServerError, // configuration file error
	"HV":    http.StatusInternalServerError, // foreign data wrapper error
	"P0001": http.StatusBadRequest,          // RAISE
	"P0":    http.StatusInternalServerError, // PL/pgSQL error
	"XX":    http.StatusInternalServerError, // internal error
	"42883": http.StatusNotFound,            // undefined function
	"42P01": http.StatusNotFound,            // undefined table
	"42P17": http.StatusInternalServerError, // infinite recursion, as of policies
	"42501": http.StatusForbidden,           // insufficient privilege
}

func statusOfSQLState(err *pgconn.PgError, authenticated bool) int {
	switch {
	case err.Code == "42501" && !authenticated:
		return http.StatusUnauthorized
	case err.Code == "22023" && strings.HasPrefix(err.Message, "role") && strings.HasSuffix(err.Message, "does not exist"):
		return http.StatusUnauthorized // the token's role
	case err.Code == "21000" && strings.HasSuffix(err.Message, "requires a WHERE clause"):
		return http.StatusBadRequest // the safeupdate extension
	case err.Code == "21000" && strings.HasPrefix(err.Message, "ON CONFLICT DO UPDATE command cannot affect row a second time"):
		return http.StatusBadRequest // the body holds duplicates
	case notWritable(err):
		return http.StatusMethodNotAllowed
	case badInput(err):
		return http.StatusBadRequest
	case err.Code == "42883" && strings.HasPrefix(err.Message, "function xmlagg("):
		return http.StatusNotAcceptable
	case strings.HasPrefix(err.Code, "PT"):
		return statusOrError(err.Code[2:])
	}
	for _, length := range [...]int{5, 3, 2} {
		if status, ok := sqlStates[err.Code[:min(length, len(err.Code))]]; ok {
			return status
		}
	}
	return http.StatusBadRequest
}

// badInput reports whether PostgreSQL or PostGIS calls input an internal error: a search of many negations, a cast to unknown, a
// geometry that is none, which all of PostGIS reports from one file.
func badInput(err *pgconn.PgError) bool {
	return err.Code == "XX000" && (err.File == "lwgeom_pg.c" || strings.HasPrefix(err.Message, "tsquery stack too small") ||
		strings.HasPrefix(err.Message, "failed to find conversion function from unknown to "))
}

// notWritable reports whether the relation is a view that cannot be written to in this way.
func notWritable(err *pgconn.PgError) bool {
	verb, rest, _ := strings.Cut(strings.TrimPrefix(err.Message, "cannot "), " ")
	switch verb {
	case "insert", "update", "delete":
		return err.Code == "55000" && strings.Contains(rest, "view \"")
	default:
		return false
	}
}

// statusOrError reads a status that SQL code chose.
func statusOrError(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 200 || n > 599 {
		return http.StatusInternalServerError
	}
	return n
}

const codeRaise = "PGRST121"

// raised reads RAISE SQLSTATE 'PGRST', by which SQL code controls the whole response (PostgREST reference, Errors, RAISE
// errors with HTTP Status Codes).
func raised(err *pgconn.PgError) *apiError {
	fail := func(details, hint string) *apiError {
		return &apiError{
			Status: http.StatusInternalServerError, Code: codeRaise,
			Message: `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`, Details: text(details), Hint: text(hint),
		}
	}
	const (
		messageHint = "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'."
		detailHint  = "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'."
	)
	var message struct {
		Code    *string `json:"code"`
		Message *string `json:"message"`
		Details *string `json:"details"`
		Hint    *string `json:"hint"`
	}
	if json.Unmarshal([]byte(err.Message), &message) != nil || message.Code == nil || message.Message == nil {
		return fail("Invalid JSON value for MESSAGE: '"+err.Message+"'", messageHint)
	}
	if err.Detail == "" {
		return fail("DETAIL is missing in the RAISE statement", detailHint)
	}
	var detail struct {
		Status  *int              `json:"status"`
		Headers map[string]string `json:"headers"`
	}
	if json.Unmarshal([]byte(err.Detail), &detail) != nil || detail.Status == nil || detail.Headers == nil {
		return fail("Invalid JSON value for DETAIL: '"+err.Detail+"'", detailHint)
	}
	if *detail.Status < 200 || *detail.Status > 599 {
		return fail("The status "+strconv.Itoa(*detail.Status)+" is not between 200 and 599", detailHint)
	}
	e := &apiError{Status: *detail.Status, Code: *message.Code, Message: *message.Message}
	if message.Details != nil {
		e.Details = quoted(*message.Details)
	}
	if message.Hint != nil {
		e.Hint = quoted(*message.Hint)
	}
	for name, value := range detail.Headers {
		if problem := headerProblem(name, value); problem != "" {
			return fail(problem, detailHint)
		}
		e.Headers = append(e.Headers, pair{textproto.CanonicalMIMEHeaderKey(name), value})
	}
	slices.SortFunc(e.Headers, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return e
}

func quoted(s string) json.RawMessage {
	if s == "" {
		return json.RawMessage(`""`)
	}
	return text(s)
}
