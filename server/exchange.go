package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/sql"
)

// exchange is one request with what becomes of it on its way.
type exchange struct {
	server *Server
	state  *state
	w      http.ResponseWriter
	r      *http.Request

	caller  auth.Caller
	role    string // that the transaction runs as: the caller's, or the one for its action
	request *sql.Request
	plan    *sql.Plan
	timing  timing
	// template is the request's; prepared, if not nil, is what one of the same template became.
	template *sql.Template
	prepared *prepared
	whole    bool // the request is to be parsed whatever was kept
	// requestID, rows and code are for the audit log: of the request, and affected, -1 if not known, and of the error.
	requestID string
	rows      int64
	code      string
	gone      bool           // the client hung up before it was answered
	refused   bool           // the caller was not authenticated
	received  int64          // bytes of the body
	query     string         // that the transaction ran, the text alone
	openAPI   bool           // the OpenAPI 3.1 document is asked for by its path
	within    *pgconn.PgConn // of ServeWithin; nil for a transaction of its own
}

// serve is a request's one way through.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, state: s.state.Load(), w: w, r: r, rows: -1}
	c := x.state.config
	if rec := recorderOf(w); rec != nil {
		rec.exchange = x
	}
	if s.audit != nil {
		x.identify()
	}
	if name := c.ServerTraceHeader; name != "" {
		if v := r.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	if s.cors(w, r, c) {
		return
	}
	defer x.release()
	defer x.recover()
	if err := x.serve(r.Context()); err != nil {
		x.fail(err)
	}
}

// recover answers a request that made the server panic like one that failed in an unforeseen way.
func (x *exchange) recover() {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v) // the connection is to be cut
	}
	err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	if rec := recorderOf(x.w); rec != nil && rec.status != 0 {
		x.server.logger.Error("response aborted", "error", err)
		breakOff(x.w, x.r)
	}
	x.fail(err)
}

func (x *exchange) serve(ctx context.Context) error {
	if x.state.catalog == nil {
		// Nor is all of the configuration known, which the database may hold.
		return noCatalog()
	}
	if x.exchangesToken() {
		if err := x.limitRate(true); err != nil {
			return err
		}
		return x.exchangeToken(ctx)
	}
	err := x.authenticate()
	if tooMany := x.limitRate(err != nil); tooMany != nil {
		return tooMany
	}
	if err != nil {
		return err
	}
	if err := x.parse(); err != nil {
		return err
	}
	if err := x.chooseRole(); err != nil {
		return err
	}
	if asks, err := x.asksForExplanation(ctx); err != nil {
		return err
	} else if asks {
		return x.explain(ctx)
	}
	if err := x.resolve(); err != nil {
		return err
	}
	switch x.request.Action {
	case sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema:
		x.info()
		return nil
	case sql.Describe:
		return x.describe(ctx)
	}
	return x.run(ctx)
}

// noCatalog says that requests cannot be planned yet.
func noCatalog() error {
	return &apiError{
		Status: http.StatusServiceUnavailable, Code: "PGRST002",
		Message: "Could not query the database for the schema cache. Retrying.",
	}
}

func (x *exchange) authenticate() error {
	defer x.timing.measure(phaseAuth, time.Now())
	var err error
	if hook := x.server.authenticate; hook != nil {
		x.caller, err = hook(x.r)
		x.caller.Claims = cmp.Or(x.caller.Claims, "{}")
	} else {
		x.caller, err = x.state.verifier.AuthenticateRequest(x.r)
	}
	if err == nil {
		err = x.checkRole(x.caller.Role)
	}
	x.refused = err != nil
	return err
}

func (x *exchange) parse() error {
	defer x.timing.measure(phaseParse, time.Now())
	if limit := x.state.config.MaxURLBytes; limit > 0 && len(x.r.RequestURI) > limit {
		return &apiError{
			Status: http.StatusRequestURITooLong, Code: sql.CodeQuerySyntax, Message: "The URL is too long",
			Details: text("It has " + strconv.Itoa(len(x.r.RequestURI)) + " bytes, at most " + strconv.Itoa(limit) + " are allowed"),
		}
	}
	body, err := x.readBody()
	if err != nil {
		return err
	}
	options, path := x.parseOptions()
	src := sql.Source{Method: x.r.Method, Path: path, RawQuery: x.r.URL.RawQuery, Header: x.r.Header, Body: body}
	if x.openAPI {
		src.RawQuery = "" // a file has no parameters: what stands there keeps caches off
	}
	if options == &x.state.parse && !x.whole && x.recall(&src) {
		return nil
	}
	request, parseErr := sql.Parse(&src, options)
	if parseErr != nil {
		return parseErr
	}
	x.request = request
	return nil
}

// readBody reads the body, up to max-body-bytes. A body that is said to be longer is refused before any of it is read.
func (x *exchange) readBody() ([]byte, error) {
	switch x.r.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil, nil
	}
	limit := x.state.config.MaxBodyBytes
	if limit > 0 && x.r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	reader := io.Reader(x.r.Body)
	if limit > 0 {
		reader = http.MaxBytesReader(innermost(x.w), x.r.Body, limit)
	}
	body, err := readAll(reader, x.r.ContentLength)
	x.received = int64(len(body))
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, tooSlow()
	case err != nil:
		return nil, unreadable()
	}
	return body, nil
}

// readAll reads a body of which the client says how long it is, -1 for unknown. Memory grows with what has arrived, and ends
// at that length, so that a large body is neither claimed in advance nor held twice.
func readAll(r io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return readParts(r)
	}
	body := make([]byte, 0, min(length, trustedLength)+bytes.MinRead)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, err
		case len(body) < cap(body):
			continue
		}
		next := int64(2 * cap(body))
		if length > int64(cap(body)) {
			next = min(2*next, length+bytes.MinRead)
		}
		body = append(make([]byte, 0, next), body...)
	}
}

// trustedLength bounds the memory that a Content-Length alone can claim.
const trustedLength = 256 << 10

func tooLarge(limit int64) error {
	return &apiError{
		Status: http.StatusRequestEntityTooLarge, Code: sql.CodeInvalidBody, Message: "The body is too large",
		Details: text("At most " + strconv.FormatInt(limit, 10) + " bytes are allowed (max-body-bytes)"),
	}
}

func tooSlow() error {
	return &apiError{
		Status: http.StatusRequestTimeout, Code: sql.CodeInvalidBody, Message: "The body did not arrive in time",
		Details: text("It paused for too long, or came too slowly (server-body-timeout)"),
	}
}

func unreadable() error {
	return &apiError{Status: http.StatusBadRequest, Code: sql.CodeInvalidBody, Message: "The body ended before it was complete"}
}

func (x *exchange) resolve() error {
	defer x.timing.measure(phasePlan, time.Now())
	if x.prepared != nil {
		x.plan = x.prepared.plan
		return nil
	}
	plan, err := sql.NewPlan(x.request, x.state.catalog, &x.state.plan, x.role)
	if err != nil {
		return err
	}
	x.plan = plan
	return nil
}

// headersJSON writes the request's headers as a JSON object, names in lower case, without the cookies.
func headersJSON(r *http.Request) (string, error) {
	out := make([]byte, 0, 256)
	out = append(out, '{')
	add := func(name, value string) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(sql.AppendJSONString(out, name), ':')
		out = sql.AppendJSONString(out, value)
	}
	if r.Host != "" {
		add("host", r.Host)
	}
	for name, values := range r.Header {
		if name == "Cookie" || len(values) == 0 {
			continue
		}
		value := strings.Join(values, ", ")
		if !utf8.ValidString(value) {
			return "", &sql.Error{Code: sql.CodeQuerySyntax, Message: "The header " + name + " is not valid UTF-8"}
		}
		add(strings.ToLower(name), value)
	}
	return string(append(out, '}')), nil
}

// cookiesJSON writes the request's cookies as a JSON object, but for the one that holds the token.
func cookiesJSON(r *http.Request, token string) (string, error) {
	if len(r.Header["Cookie"]) == 0 {
		return "{}", nil
	}
	out := []byte{'{'}
	for _, line := range r.Header["Cookie"] {
		if !utf8.ValidString(line) {
			return "", &sql.Error{Code: sql.CodeQuerySyntax, Message: "A cookie is not valid UTF-8"}
		}
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(strings.TrimLeft(pair, " \t"), "=")
			if name == "" || name == token {
				continue
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(sql.AppendJSONString(out, name), ':')
			out = sql.AppendJSONString(out, value)
		}
	}
	return string(append(out, '}')), nil
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// listItems splits the values of a header that is a list (RFC 9110, 5.6.1).
func listItems(values []string) []string {
	var out []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				out = append(out, item)
			}
		}
	}
	return out
}
