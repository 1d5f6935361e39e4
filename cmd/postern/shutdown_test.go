package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

// TestShutdownUnderLoad sends SIGTERM while requests are under way and clients keep sending: every request that was accepted is
// answered.
func TestShutdownUnderLoad(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	p, url, admin := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_DB_POOL=12")
	address := strings.TrimPrefix(url, "http://")
	idle, err := net.Dial("tcp", address) // a connection on which nothing is ever sent
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
	var clients sync.WaitGroup
	var slow, quick, refused atomic.Int64
	for range 6 {
		c := newCaller(t, "alice")
		clients.Go(func() {
			r, err := c.send(context.Background(), http.MethodGet, url+"/rpc/sleep?seconds=5", "")
			if err != nil || r.body != `"alice"` || !r.last {
				t.Errorf("a request under way: %v, %d %v %s", err, r.status, r.header, r.body)
			}
			slow.Add(1)
		})
	}
	stop := make(chan struct{})
	for i := range 8 {
		c := newCaller(t, "bob")
		// Go's client sends a request again whose connection was closed before an answer; this one must not have to.
		c.client.Transport.(*http.Transport).DisableKeepAlives = i%2 == 0
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := c.send(context.Background(), http.MethodPost, url+"/rpc/sleep", `{"seconds": 0.01}`)
				switch {
				case err == nil && r.status == http.StatusOK:
					quick.Add(1)
				case err != nil && strings.Contains(err.Error(), "connection refused"):
					refused.Add(1)
					return
				default:
					t.Errorf("a request: %v, %d %s", err, r.status, r.body)
				}
			}
		})
	}
	awaitSleepers(t, pg, 6)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await(&p.stderr, `"msg":"shutting down"`)
	time.Sleep(20 * time.Millisecond)
	if live, ready := status(t, admin+"/live"), status(t, admin+"/ready"); live != http.StatusOK || ready != http.StatusServiceUnavailable {
		t.Errorf("while it shuts down: live %d, ready %d", live, ready)
	}
	<-p.ended
	close(stop)
	clients.Wait()
	if status := p.cmd.ProcessState.ExitCode(); status != exitOK || slow.Load() != 6 || quick.Load() == 0 || refused.Load() == 0 {
		t.Errorf("status %d, %d slow answers, %d quick ones, %d refused: %s", status, slow.Load(), quick.Load(), refused.Load(), p.stderr.String())
	}
	if n, err := idle.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("the idle connection: %d, %v", n, err)
	}
}

// sleepers is how many requests sleep in the database.
func sleepers(t *testing.T, pg *embedpg.Server) int {
	t.Helper()
	return queryInt(t, pg.URI(embedpg.Superuser, "postgres"), "select count(*)::int from pg_stat_activity where usename = 'gate' and wait_event = 'PgSleep'")
}

// awaitSleepers waits until so many do.
func awaitSleepers(t *testing.T, pg *embedpg.Server, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); sleepers(t, pg) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("there are not %d requests at a time in the database", n)
		}
	}
}

// TestShutdownTimeout checks that requests are cut off after server-shutdown-timeout, their queries with them, and that a second
// signal does not wait for that.
func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	for _, twice := range []bool{false, true} {
		timeout := map[bool]string{false: "1", true: "600"}[twice]
		p, url, _ := serveNotes(t, pg.URI("gate", "postgres"), "POSTERN_SERVER_SHUTDOWN_TIMEOUT="+timeout)
		c := newCaller(t, "alice")
		ended := make(chan error, 1)
		go func() {
			_, err := c.send(context.Background(), http.MethodGet, url+"/rpc/sleep?seconds=600", "")
			ended <- err
		}()
		awaitSleepers(t, pg, 1)
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.await(&p.stderr, `"msg":"shutting down","cause":"SIGTERM"`)
		if twice {
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
		<-p.ended
		if err := <-ended; err == nil {
			t.Error("the request was answered")
		}
		if twice {
			// It exits by itself: on the first process of a container a signal that nobody handles has no effect.
			if status := p.cmd.ProcessState.ExitCode(); status != 128+int(syscall.SIGTERM) {
				t.Errorf("after a second signal: %v", p.cmd.ProcessState)
			}
			continue
		}
		if status := p.cmd.ProcessState.ExitCode(); status != exitOK || !strings.Contains(p.stderr.String(), "requests were cut off") {
			t.Errorf("status %d: %s", status, p.stderr.String())
		}
		if sleepers(t, pg) > 0 {
			t.Error("the query goes on")
		}
	}
}

// TestHangUp checks that a client that goes takes its query with it, and one that waits for a connection its place.
func TestHangUp(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	p, url, _ := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_DB_POOL=2", "PGRST_DB_POOL_ACQUISITION_TIMEOUT=30")
	ctx, hangUp := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	for range 12 { // two run, ten wait
		c := newCaller(t, "alice")
		clients.Go(func() {
			if r, err := c.send(ctx, http.MethodGet, url+"/rpc/sleep?seconds=600", ""); err == nil {
				t.Errorf("a request that was hung up was answered: %d %s", r.status, r.body)
			}
		})
	}
	awaitSleepers(t, pg, 2)
	hangUp()
	began := time.Now()
	clients.Wait()
	r, err := newCaller(t, "bob").send(t.Context(), http.MethodGet, url+"/rpc/sleep?seconds=0", "")
	if err != nil || r.body != `"bob"` {
		t.Errorf("after twelve have hung up: %v, %d %s", err, r.status, r.body)
	}
	for sleepers(t, pg) > 0 {
		if time.Since(began) > 20*time.Second {
			t.Fatal("the queries go on")
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("all was over %s after they hung up", time.Since(began).Round(time.Millisecond))
	p.end(syscall.SIGTERM)
}

// TestPoolExhausted keeps all connections busy: others are told so within db-pool-acquisition-timeout, and served afterwards.
func TestPoolExhausted(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	_, url, admin := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_DB_POOL=2", "PGRST_DB_POOL_ACQUISITION_TIMEOUT=1")
	var busy, waiting sync.WaitGroup
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	for range 2 {
		c := newCaller(t, "alice")
		busy.Go(func() {
			if r, err := c.send(ctx, http.MethodGet, url+"/rpc/sleep?seconds=600", ""); err == nil {
				t.Errorf("one with a connection: %d %s", r.status, r.body)
			}
		})
	}
	awaitSleepers(t, pg, 2)
	if ready := status(t, admin+"/ready"); ready != http.StatusOK {
		t.Errorf("busy is not broken, but ready is %d", ready)
	}
	for range 5 {
		c := newCaller(t, "bob")
		waiting.Go(func() {
			r, err := c.send(context.Background(), http.MethodGet, url+"/note", "")
			if err != nil || r.status != http.StatusGatewayTimeout || r.code() != "PGRST003" {
				t.Errorf("one without a connection: %v, %d %s", err, r.status, r.body)
			}
		})
	}
	waiting.Wait()
	hangUp()
	busy.Wait()
	if r, err := newCaller(t, "bob").send(t.Context(), http.MethodGet, url+"/note?select=id", ""); err != nil || r.body != `[{"id":2}]` {
		t.Errorf("afterwards: %v, %d %s", err, r.status, r.body)
	}
}

// TestTakeOver starts a second program on the port of the first (server-reuseport), which then ends: no request is lost.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	first, url, _ := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_SERVER_REUSEPORT=true", "PGRST_DB_POOL=3")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	l := startLoad(t, url, 4, 1000)
	l.strict.Store(true)
	l.awaitGood("the start")
	second, url2, _ := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_SERVER_REUSEPORT=true", "PGRST_DB_POOL=3", "PGRST_SERVER_PORT="+port)
	if url2 != url {
		t.Errorf("the second listens on %s, the first on %s", url2, url)
	}
	time.Sleep(300 * time.Millisecond)
	if status := first.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, first.stderr.String())
	}
	l.awaitGood("the first's end")
	time.Sleep(300 * time.Millisecond)
	l.stop()
	l.check(pg.URI(embedpg.Superuser, "postgres"))
	second.end(syscall.SIGTERM)
}

// TestUnixSocket checks the modes of a socket, that one which a killed process has left is replaced, and one in use is not.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	socket := filepath.Join(openDir(t), "api.sock")
	environ := []string{"PGRST_SERVER_UNIX_SOCKET=" + socket, "PGRST_SERVER_UNIX_SOCKET_MODE=600"}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}, DisableKeepAlives: true}}
	c := newCaller(t, "alice")
	c.client = client
	serves := func() {
		t.Helper()
		if r, err := c.send(t.Context(), http.MethodGet, "http://socket/note?select=id", ""); err != nil || r.body != `[{"id":1}]` {
			t.Errorf("%v, %d %s", err, r.status, r.body)
		}
		if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket: %v, %v", info, err)
		}
	}
	first, _, _ := serveNotes(t, pg.URI("gate", "postgres"), environ...)
	serves()
	second := startProgram(t, append([]string{"PGRST_DB_URI=" + pg.URI("gate", "postgres")}, environ...), "serve")
	second.await(&second.stderr, `^postern: .*another process listens on it`)
	serves()
	_ = first.cmd.Process.Kill()
	<-first.ended
	if _, err := os.Stat(socket); err != nil {
		t.Fatalf("a killed process leaves its socket: %v", err)
	}
	third, _, _ := serveNotes(t, pg.URI("gate", "postgres"), environ...)
	serves()
	if status := third.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
	if err := os.WriteFile(socket, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	fourth := startProgram(t, append([]string{"PGRST_DB_URI=" + pg.URI("gate", "postgres")}, environ...), "serve")
	fourth.await(&fourth.stderr, `^postern: .*no socket`)
	if text, err := os.ReadFile(socket); err != nil || string(text) != "precious" {
		t.Errorf("the file is gone: %s, %v", text, err)
	}
}
