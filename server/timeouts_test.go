package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
)

// runServer has a server listen until the test ends and returns its address. more holds lines of a configuration file.
func runServer(t *testing.T, db *pgtest.Database, more string) string {
	t.Helper()
	s := newServer(t, db, "server-host = \"127.0.0.1\"\nserver-port = 0\nserver-shutdown-timeout = 1\n"+more)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx) // that requests were cut is no fault here
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	eventually(t, 10*time.Second, "the server to listen", func() bool { return s.Addr() != "" })
	return s.Addr()
}

// rawClient is a client that sends what it likes.
type rawClient struct {
	t *testing.T
	net.Conn
	reader *bufio.Reader
}

func dialRaw(t *testing.T, address string) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &rawClient{t, conn, bufio.NewReader(conn)}
}

func (c *rawClient) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads a response and its body.
func (c *rawClient) answer() (int, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

const postHead = "POST /rpc/keep_json HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

func TestSlowClients(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	address := runServer(t, db, "server-header-timeout = 1\nserver-body-timeout = 2\nserver-idle-timeout = 1\n")

	t.Run("a head that does not end", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		c.send("GET /genres HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		if _, err := io.ReadAll(c.reader); err != nil { // a status 408 may come before
			t.Errorf("the connection was not closed: %v", err)
		}
	})
	t.Run("a connection without a request", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		c.send("GET /genres?limit=0 HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := c.answer(); status != http.StatusOK {
			t.Errorf("got %d %s", status, body)
		}
		if rest, err := io.ReadAll(c.reader); err != nil || len(rest) > 0 {
			t.Errorf("the connection was not closed: %q %v", rest, err)
		}
	})
	t.Run("a body that pauses", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		c.send(postHead + "Content-Length: 100\r\n\r\n{\"half\":")
		status, body := c.answer()
		if status != http.StatusRequestTimeout || !strings.Contains(body, "PGRST102") || !strings.Contains(body, "server-body-timeout") {
			t.Errorf("got %d %s", status, body)
		}
		if rest, err := io.ReadAll(c.reader); err != nil || len(rest) > 0 {
			t.Errorf("the connection was not closed: %q %v", rest, err)
		}
	})
	t.Run("a body that drips", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		c.send(postHead + "Transfer-Encoding: chunked\r\n\r\n")
		go func() {
			for range 600 {
				if _, err := io.WriteString(c, "1\r\n \r\n"); err != nil {
					return // the server has had enough
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		if status, body := c.answer(); status != http.StatusRequestTimeout {
			t.Errorf("got %d %s", status, body)
		}
	})
	t.Run("a large body that takes long", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		const pieces, piece = 10, 64 << 10
		c.send(postHead + fmt.Sprintf("Content-Length: %d\r\n\r\n{\"a\":\"", pieces*piece+8))
		for range pieces { // 5 s
			time.Sleep(500 * time.Millisecond)
			c.send(strings.Repeat("x", piece))
		}
		c.send(`"}`)
		if status, body := c.answer(); status != http.StatusOK || len(body) != pieces*piece+8 {
			t.Errorf("got %d %.200s", status, body)
		}
	})
	t.Run("a body that nobody reads", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		c.send("GET /genres?limit=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		if status, body := c.answer(); status != http.StatusOK {
			t.Errorf("got %d %s", status, body)
		}
		if _, err := io.ReadAll(c.reader); err != nil {
			t.Errorf("the connection was not closed: %v", err)
		}
	})
	// The time for a body must not be the time for the answer.
	t.Run("a query that takes longer than its body may", func(t *testing.T) {
		t.Parallel()
		c := dialRaw(t, address)
		body := `{"seconds": 5}`
		c.send("POST /rpc/sleep HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
		if status, body := c.answer(); status != http.StatusNoContent {
			t.Errorf("got %d %s", status, body)
		}
		c.send("GET /genres?limit=0 HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := c.answer(); status != http.StatusOK {
			t.Errorf("then got %d %s", status, body)
		}
	})
}

// TestSlowReader checks that a client that does not read its answer cannot keep a connection to the database for ever.
func TestSlowReader(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "create table library.heap as select n, repeat('x', 10000) as filling from generate_series(1, 5000) n; "+
		"grant select on library.heap to visitor")
	address := runServer(t, db, "db-pool = 1\nserver-write-timeout = 1\n")
	c := dialRaw(t, address)
	c.send("GET /heap HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := c.reader.Peek(1); err != nil { // the query runs, and its rows fill the buffers between
		t.Fatal(err)
	}
	other := dialRaw(t, address)
	other.send("GET /genres?select=id&limit=1 HTTP/1.1\r\nHost: x\r\n\r\n")
	if status, body := other.answer(); status != http.StatusOK {
		t.Errorf("got %d %s", status, body)
	}
}

// TestPoolBusy checks that requests are turned away early where too many wait already.
func TestPoolBusy(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	handler := newServer(t, newLibrary(t), "db-pool = 1\ndb-pool-max-waiting = 2\ndb-pool-acquisition-timeout = 60\n")
	var waiting sync.WaitGroup
	defer waiting.Wait()
	status := make(chan int, 8)
	for range 8 {
		waiting.Go(func() {
			w := send(t, handler, http.MethodPost, "/rpc/sleep", `{"seconds": 3}`)
			if w.Code == http.StatusServiceUnavailable && (w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "PGRST003")) {
				t.Errorf("got %v %s", w.Header(), w.Body)
			}
			status <- w.Code
		})
	}
	// The first that are answered are those that did not have to wait for the others.
	for range 5 {
		if got := <-status; got != http.StatusServiceUnavailable {
			t.Errorf("got %d among the first", got)
		}
	}
	for range 3 {
		if got := <-status; got != http.StatusNoContent {
			t.Errorf("got %d among those that waited", got)
		}
	}
}

// TestPausesBetweenAnswers: the time for writing an answer does not begin with the one before.
func TestPausesBetweenAnswers(t *testing.T) {
	t.Parallel()
	c := dialRaw(t, runServer(t, newLibrary(t), "server-write-timeout = 1\n"))
	for i := range 3 {
		if i > 0 {
			time.Sleep(1400 * time.Millisecond)
		}
		c.send("GET /genres?limit=0 HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := c.answer(); status != http.StatusOK {
			t.Errorf("got %d %s", status, body)
		}
	}
}
