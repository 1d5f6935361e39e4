package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// logs collects what a server logs: diagnostics, and the access log.
type logs struct {
	mu             sync.Mutex
	errors, access bytes.Buffer
}

type logStream struct {
	l *logs
	b *bytes.Buffer
}

func (s logStream) Write(p []byte) (int, error) {
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	return s.b.Write(p)
}

func (l *logs) text(b *bytes.Buffer) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return b.String()
}

// newLogged serves a database and collects the logs, which are complete once close is called.
func newLogged(t *testing.T, db *pgtest.Database, more string) (s *server.Server, l *logs, closeServer func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "postern.conf")
	text := "db-uri = \"" + db.URI(loginRole) + "\"\ndb-schemas = \"library, archive\"\ndb-anon-role = \"visitor\"\n" +
		"jwt-secret = \"" + secret + "\"\n" + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Input{File: file})
	if err != nil {
		t.Fatal(err)
	}
	l = &logs{}
	s, err = server.New(t.Context(), server.Config{
		Settings: settings, AccessLog: logStream{l, &l.access}, Logger: slog.New(slog.NewJSONHandler(logStream{l, &l.errors}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	closeServer = sync.OnceFunc(s.Close)
	t.Cleanup(closeServer)
	return s, l, closeServer
}

// TestAccessLog checks the lines against the format of PostgREST's.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	s, l, done := newLogged(t, newLibrary(t), "log-level = \"info\"\n")
	librarian := "Bearer " + token(t, map[string]any{"role": "librarian"})
	send(t, s, "GET", "/genres?select=id&id=eq.1", "", "Authorization", "", "User-Agent", "curl/7.64.0", "Referer", "https://a.test/")
	send(t, s, "GET", "/nowhere", "", "Authorization", librarian)
	send(t, s, "GET", "/genres", "", "Authorization", "Bearer no.to.ken")
	send(t, s, "HEAD", "/genres", "", "Authorization", "")
	send(t, s, "DELETE", "/genres?id=eq.123456", "", "Authorization", librarian)
	done()
	const head = `192\.0\.2\.1 - `
	const at = ` \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] `
	want := []string{
		`visitor` + at + `"GET /genres\?select=id&id=eq\.1 HTTP/1\.1" 200 10 "https://a\.test/" "curl/7\.64\.0"`,
		`librarian` + at + `"GET /nowhere HTTP/1\.1" 404 \d+ "" ""`,
		`-` + at + `"GET /genres HTTP/1\.1" 401 \d+ "" ""`,
		`visitor` + at + `"HEAD /genres HTTP/1\.1" 200 - "" ""`,
		`librarian` + at + `"DELETE /genres\?id=eq\.123456 HTTP/1\.1" 204 - "" ""`,
	}
	got := strings.Split(strings.TrimSuffix(l.text(&l.access), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), l.text(&l.access))
	}
	for i, line := range got {
		if !regexp.MustCompile("^" + head + want[i] + "$").MatchString(line) {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
}

// TestLogOfEvents checks what log-level = debug adds of the pool and the schema cache, and the lines about reload messages and about
// the names of aliased relations.
func TestLogOfEvents(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
		settings, err := config.Load(config.Input{Environ: []string{
			"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor",
		}})
		if err != nil {
			t.Fatal(err)
		}
		l := &logs{}
		logger := slog.New(slog.NewJSONHandler(logStream{l, &l.errors}, &slog.HandlerOptions{Level: level}))
		s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		send(t, s, "GET", "/authors?select=works:books(id)&books.limit=1", "", "Authorization", "")
		db.Exec(t, "notify pgrst, 'reload schema'")
		const message = `"msg":"received a reload message","channel":"pgrst","payload":"reload schema"`
		for deadline := time.Now().Add(time.Minute); !strings.Contains(l.text(&l.errors), message); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("no %s: %s", message, l.text(&l.errors))
			}
		}
		s.Close()
		text := l.text(&l.errors)
		if !strings.Contains(text, "`books` to `works`\",\"request\":\"GET /authors?select=works:books(id)") {
			t.Errorf("no warning of the name: %s", text)
		}
		for _, event := range []string{"connection opened", "connection taken", "connection closed", "schema cache: read relations"} {
			if strings.Contains(text, event) != (level == slog.LevelDebug) {
				t.Errorf("%v: %q: %s", level, event, text)
			}
		}
	}
}

// TestAccessLogOfSocket checks that a client of a Unix socket, which has no address, is a dash.
func TestAccessLogOfSocket(t *testing.T) {
	t.Parallel()
	s, l, done := newLogged(t, newLibrary(t), "log-level = \"info\"\n")
	for _, remote := range []string{"@", ""} {
		r := httptest.NewRequest(http.MethodGet, "/genres", nil)
		r.RemoteAddr = remote
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
	done()
	if text := l.text(&l.access); strings.Count(text, "- - visitor [") != 2 || strings.Contains(text, "@") {
		t.Error(text)
	}
}

// TestAccessLogOfPreflights checks that the preflight of an allowed origin is not logged, and that of another is, as an OPTIONS is.
func TestAccessLogOfPreflights(t *testing.T) {
	t.Parallel()
	s, l, done := newLogged(t, newLibrary(t), "log-level = \"info\"\nserver-cors-allowed-origins = \"https://a.test\"\n")
	send(t, s, "OPTIONS", "/genres?plain", "")
	send(t, s, "OPTIONS", "/genres?allowed", "", "Origin", "https://a.test", "Access-Control-Request-Method", "GET")
	send(t, s, "OPTIONS", "/genres?other", "", "Origin", "https://b.test", "Access-Control-Request-Method", "GET")
	done()
	text := l.text(&l.access)
	if !strings.Contains(text, "?plain") || strings.Contains(text, "?allowed") || !strings.Contains(text, "?other") {
		t.Error(text)
	}
}

// TestLogLevels checks which answers are logged, and with log-query which statements.
func TestLogLevels(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for level, want := range map[string]string{"crit": "", "error": "", "warn": "404 400", "info": "200 404 400", "debug": "200 404 400"} {
		t.Run(level, func(t *testing.T) {
			t.Parallel()
			s, l, done := newLogged(t, db, "log-query = true\nlog-level = \""+level+"\"\n")
			send(t, s, "GET", "/genres?name=eq.hidden", "")
			send(t, s, "GET", "/nowhere", "")
			send(t, s, "GET", "/genres?id=eq.x", "") // refused by PostgreSQL
			done()
			var got []string
			for _, found := range regexp.MustCompile(`HTTP/1\.1" (\d+) `).FindAllStringSubmatch(l.text(&l.access), -1) {
				got = append(got, found[1])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("logged %v, want %s", got, want)
			}
			queries := strings.Count(l.text(&l.errors), `"msg":"query"`)
			if n := map[string]int{"warn": 1, "info": 2, "debug": 2}[level]; queries != n {
				t.Errorf("%d statements, want %d: %s", queries, n, l.text(&l.errors))
			}
			if strings.Contains(l.text(&l.errors), "hidden") {
				t.Error("a value is logged")
			}
		})
	}
}

// TestAccessLogOfHostileText checks that whatever a client sends, a request is one line of printable ASCII with its quotes whole.
func TestAccessLogOfHostileText(t *testing.T) {
	t.Parallel()
	s, l, done := newLogged(t, newLibrary(t), "log-level = \"info\"\n")
	const bad = "a\x1b[31m\u009b31m\r\n127.0.0.1 - forged\" 200 \\\x00\x7f\xff\u2028"
	for _, name := range []string{"User-Agent", "Referer", "Authorization", "Accept", "Prefer", "X-Request-Id", "Cookie", "Origin"} {
		send(t, s, "GET", "/genres", "", name, bad)
	}
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Method = bad },
		func(r *http.Request) { r.Proto = bad },
		func(r *http.Request) { r.RemoteAddr = bad },
		func(r *http.Request) { r.RequestURI = "/" + bad },
		func(r *http.Request) { r.URL.Path, r.RequestURI = "/"+bad, "" },
		func(r *http.Request) { r.URL.RawQuery, r.RequestURI = bad, "" },
	} {
		r := httptest.NewRequest(http.MethodGet, "/genres", nil)
		change(r)
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
	role := "Bearer " + token(t, map[string]any{"role": "r\u009b31m\u2028\""})
	send(t, s, "GET", "/genres", "", "Authorization", role)
	done()
	lines := strings.Split(strings.TrimSuffix(l.text(&l.access), "\n"), "\n")
	if len(lines) != 15 {
		t.Errorf("%d lines for 15 requests", len(lines))
	}
	whole := regexp.MustCompile(`^[!-~]+ - [!-~]+ \[[^]]+\] "(\\.|[^"\\])*" \d{3} (\d+|-) "(\\.|[^"\\])*" "(\\.|[^"\\])*"$`)
	for _, line := range lines {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) || !whole.MatchString(line) {
			t.Errorf("%q", line)
		}
	}
}

// blocked is a stream that takes nothing until it is released.
type blocked struct{ release chan struct{} }

func (b blocked) Write(p []byte) (int, error) {
	<-b.release
	return len(p), nil
}

// TestBlockedAccessLog checks that requests go on though nobody reads the log.
func TestBlockedAccessLog(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor", "PGRST_LOG_LEVEL=info",
	}})
	if err != nil {
		t.Fatal(err)
	}
	stream := blocked{make(chan struct{})}
	s, err := server.New(t.Context(), server.Config{Settings: settings, AccessLog: stream, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range 20 {
			send(t, s, "GET", "/genres?x"+strings.Repeat("x", 60<<10), "")
		}
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("requests wait for the access log")
	}
	close(stream.release)
	s.Close()
}
