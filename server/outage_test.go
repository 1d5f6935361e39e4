package server_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// gateway stands between the server and PostgreSQL and can be told to misbehave.
type gateway struct {
	t        *testing.T
	listener net.Listener
	target   string // the path of PostgreSQL's socket
	mu       sync.Mutex
	mode     string // "" to pass on, "close", "hang", "version" and a SQLSTATE with which new connections are refused
	conns    map[net.Conn]bool
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	pg := pgtest.Server(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{
		t: t, listener: l, target: filepath.Join(pg.SocketDir(), ".s.PGSQL."+strconv.Itoa(pg.Port())), conns: map[net.Conn]bool{},
	}
	t.Cleanup(func() {
		_ = l.Close()
		g.become("close")
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.handle(c)
		}
	}()
	return g
}

// become changes the mode and cuts all connections.
func (g *gateway) become(mode string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mode = mode
	for c := range g.conns {
		_ = c.Close()
	}
	clear(g.conns)
}

func (g *gateway) keep(c net.Conn) (mode string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c] = true
	return g.mode
}

func (g *gateway) handle(c net.Conn) {
	defer func() { _ = c.Close() }()
	switch mode := g.keep(c); mode {
	case "":
		pg, err := net.Dial("unix", g.target)
		if err != nil {
			return
		}
		defer func() { _ = pg.Close() }()
		g.keep(pg)
		go func() {
			_, _ = io.Copy(pg, c)
			_ = pg.Close()
		}()
		_, _ = io.Copy(c, pg)
	case "close":
	case "hang":
		_, _ = io.Copy(io.Discard, c)
	default:
		backend := pgproto3.NewBackend(c, c)
		if _, err := backend.ReceiveStartupMessage(); err != nil {
			return
		}
		if mode == "version" {
			backend.Send(&pgproto3.AuthenticationOk{})
			backend.Send(&pgproto3.ParameterStatus{Name: "server_version", Value: "13.11 (Debian 13.11-0+deb11u1)"})
			backend.Send(&pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}})
			backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		} else {
			backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: mode, Message: "refused"})
		}
		if backend.Flush() == nil {
			_, _ = backend.Receive()
		}
	}
}

func (g *gateway) settings(db, more string) *config.Config {
	g.t.Helper()
	_, port, err := net.SplitHostPort(g.listener.Addr().String())
	if err != nil {
		g.t.Fatal(err)
	}
	settings, err := config.Load(config.Input{Environ: append([]string{
		"PGRST_DB_URI=host=127.0.0.1 port=" + port + " user=door dbname=" + db + " sslmode=disable connect_timeout=1",
		"PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor", "PGRST_JWT_SECRET=" + secret,
	}, strings.Fields(more)...)})
	if err != nil {
		g.t.Fatal(err)
	}
	return settings
}

// TestEveryOutage checks that requests get a 503 in JSON whatever way the database is lost, and answers as soon as it is back.
func TestEveryOutage(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for _, channel := range []string{"true", "false"} {
		for _, mode := range []string{"close", "hang", "57P01", "57P03", "53300", "08006", "3D000", "28000", "28P01"} {
			t.Run(mode+", channel "+channel, func(t *testing.T) {
				t.Parallel()
				g := newGateway(t)
				s, err := server.New(t.Context(), server.Config{
					Settings: g.settings(db.Name, "PGRST_DB_CHANNEL_ENABLED="+channel), Logger: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Close)
				if w := send(t, s, http.MethodGet, "/genres?select=id&id=eq.1", ""); w.Body.String() != `[{"id":1}]` {
					t.Fatalf("before: %d %s", w.Code, w.Body)
				}
				g.become(mode)
				for n := range 12 {
					w := send(t, s, []string{http.MethodGet, http.MethodPatch}[n%2], "/genres?id=eq.1", `{"name": "Fiction"}`)
					var e struct{ Code string }
					wait, waitErr := strconv.Atoi(w.Header().Get("Retry-After"))
					if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusServiceUnavailable ||
						waitErr != nil || wait < 1 || wait > 32 || !strings.HasPrefix(e.Code, "PGRST00") && !strings.HasPrefix(e.Code, "57P") {
						t.Errorf("got %d %v %s", w.Code, w.Header(), w.Body)
					}
				}
				g.become("")
				eventually(t, 20*time.Second, "an answer", func() bool {
					return send(t, s, http.MethodGet, "/genres?select=id&id=eq.1", "").Body.String() == `[{"id":1}]`
				})
				if s.Err() != nil {
					t.Errorf("it has given up: %v", s.Err())
				}
			})
		}
	}
}

// TestStartWithoutDatabase checks what New reports and what it goes on to try.
func TestStartWithoutDatabase(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for mode, want := range map[string]string{
		"close": "", "hang": "", "57P03": "", "3D000": "", "28000": "", "53300": "",
		"28P01": "refused", "version": "PostgreSQL 13.11 (Debian 13.11-0+deb11u1) is not supported; version 14 or newer is needed",
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			g := newGateway(t)
			g.become(mode)
			s, err := server.New(t.Context(), server.Config{Settings: g.settings(db.Name, ""), Logger: slog.New(slog.DiscardHandler)})
			if want != "" {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			s.ReloadConfig()
			if w := send(t, s, http.MethodGet, "/genres", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "PGRST002") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			g.become("")
			eventually(t, 30*time.Second, "an answer", func() bool { return send(t, s, http.MethodGet, "/genres", "").Code == http.StatusOK })
		})
	}
	g := newGateway(t)
	g.become("close")
	s, err := server.New(t.Context(), server.Config{Settings: g.settings(db.Name, ""), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	g.become("version") // what cannot be mended shows only later
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "13.11") {
		t.Errorf("Run returned %v", err)
	}
}

// TestMissingSchema checks that a schema may come later, and is then found by itself.
func TestMissingSchema(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	g := newGateway(t)
	s, err := server.New(t.Context(), server.Config{
		Settings: g.settings(db.Name, "PGRST_DB_SCHEMAS=later"), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if w := send(t, s, http.MethodGet, "/thing", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	db.Exec(t, "create schema later; grant usage on schema later to public; create table later.thing (id int); grant select on later.thing to public; notify pgrst")
	eventually(t, 30*time.Second, "an answer", func() bool { return send(t, s, http.MethodGet, "/thing", "").Code == http.StatusOK })
}
