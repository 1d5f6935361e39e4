// Package apitest runs the API over a test's database, as `postern serve` would, for tests that go through HTTP.
package apitest

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

// Secret is the jwt-secret that the API runs with.
const Secret = "only-for-tests-only-for-tests-only-for-tests"

// API is a server over a database of one test.
type API struct {
	URL string

	client *http.Client
}

// Start serves the database at uri until the test ends. settings are lines of a configuration file, such as
// `db-schemas = "api"`; db-uri and jwt-secret are set already.
func Start(tb testing.TB, uri string, settings ...string) *API {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "postern.conf")
	lines := append([]string{`db-uri = "` + uri + `"`, `jwt-secret = "` + Secret + `"`}, settings...)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	loaded, err := config.Load(config.Input{File: file})
	if err != nil {
		tb.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := server.New(tb.Context(), server.Config{Settings: loaded, Logger: logger})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	h := httptest.NewServer(s)
	tb.Cleanup(h.Close)
	return &API{URL: h.URL, client: h.Client()}
}

// Request is one request. The zero value of a field leaves it out.
type Request struct {
	Method string // GET if empty
	Path   string // with the query, already escaped
	Token  string // for the header Authorization
	Header http.Header
	Body   string // JSON
}

// Response is the answer to a Request, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Do sends a request. It may be called by several goroutines, so it returns errors instead of ending the test.
func (a *API) Do(r Request) (Response, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	req, err := http.NewRequest(r.Method, a.URL+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return Response{}, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if r.Body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return Response{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}, err
}

// Must is Do for a test's own goroutine.
func (a *API) Must(tb testing.TB, r Request) Response {
	tb.Helper()
	resp, err := a.Do(r)
	if err != nil {
		tb.Fatalf("%s %s: %v", r.Method, r.Path, err)
	}
	return resp
}

// Code is the member "code" of an error's body, "" if there is none.
func (r Response) Code() string {
	var body struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		return ""
	}
	return body.Code
}

// Token signs claims; exp is in an hour unless they have one.
func Token(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	return TokenOf(tb, Secret, claims)
}

// TokenOf is Token with another secret.
func TokenOf(tb testing.TB, secret string, claims map[string]any) string {
	tb.Helper()
	all := map[string]any{"exp": time.Now().Add(time.Hour).Unix()}
	for name, value := range claims {
		all[name] = value
	}
	token, err := auth.Sign([]byte(secret), all)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}
