package server

import (
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/postern-db/postern/server/config"
)

// newHTTPServer serves h with the limits that keep slow and talkative clients from holding connections and memory.
func newHTTPServer(h http.Handler, c *config.Config) *http.Server {
	headerBytes := c.MaxHeaderBytes
	if headerBytes == 0 {
		headerBytes = math.MaxInt32 / 2 // 0 is 1 MiB to net/http
	}
	return &http.Server{
		Handler: timeBodies(h, c.ServerBodyTimeout), MaxHeaderBytes: headerBytes,
		ReadHeaderTimeout: c.ServerHeaderTimeout, IdleTimeout: c.ServerIdleTimeout,
	}
}

// bodyRate is the least rate, in bytes a second, at which a body must arrive after server-body-timeout: who sends a byte now
// and then would hold a connection for days. 1 KiB a second is less than any network that works.
const bodyRate = 1 << 10

// timeBodies bounds the time that the body of a request may take. A large one has all the time that it needs as long as it
// keeps arriving.
func timeBodies(next http.Handler, timeout time.Duration) http.Handler {
	if timeout == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &timedBody{ReadCloser: r.Body, conn: http.NewResponseController(w), timeout: timeout, began: time.Now()}
		b.extend(b.began) // net/http itself reads what the handler leaves
		// A copy, since net/http looks at its own request's body to decide how to end the connection.
		copied := *r
		copied.Body = b
		next.ServeHTTP(w, &copied)
		if !b.complete {
			b.extend(time.Now())
		}
	})
}

// timedBody is the body of a request that moves the deadline of its connection along.
type timedBody struct {
	io.ReadCloser
	conn     *http.ResponseController
	timeout  time.Duration
	began    time.Time
	received int64
	complete bool
}

// Read reads on. It fails with os.ErrDeadlineExceeded if nothing came for the timeout, or too little on the whole.
func (b *timedBody) Read(p []byte) (int, error) {
	if b.complete {
		return b.ReadCloser.Read(p)
	}
	if now := time.Now(); !b.extend(now) {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := b.ReadCloser.Read(p)
	b.received += int64(n)
	if errors.Is(err, io.EOF) {
		b.complete = true
		// From here on net/http waits for the client to hang up, which may take as long as the answer does.
		_ = b.conn.SetReadDeadline(time.Time{}) // it has worked before
	}
	return n, err
}

// extend sets the deadline of what comes next and reports whether it is still ahead. A connection that has no deadlines, as in
// tests, goes without.
func (b *timedBody) extend(now time.Time) bool {
	deadline := b.began.Add(b.timeout + time.Duration(b.received/bodyRate)*time.Second)
	if pause := now.Add(b.timeout); pause.Before(deadline) {
		deadline = pause
	}
	_ = b.conn.SetReadDeadline(deadline)
	return now.Before(deadline)
}

// timedListener accepts connections on which a write fails that makes no progress for the timeout: a client that does not read
// its answer would hold a connection to the database as well.
type timedListener struct {
	net.Listener
	timeout time.Duration
}

// Accept waits for the next connection.
func (l timedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &timedConn{Conn: c, timeout: l.timeout}, nil
}

// timeWrites bounds writes on the connections of l; 0 does not.
func timeWrites(l net.Listener, timeout time.Duration) net.Listener {
	if timeout == 0 {
		return l
	}
	return timedListener{l, timeout}
}

// timedConn is written to by one goroutine at a time.
type timedConn struct {
	net.Conn
	timeout  time.Duration
	deadline time.Time
}

// NetConn returns the connection that is written to, as that of tls.Conn does.
func (c *timedConn) NetConn() net.Conn { return c.Conn }

// writeStep is how much is to be sent within one timeout.
const writeStep = 64 << 10

// Write writes p in steps, each of which may take the timeout and at most a quarter more.
func (c *timedConn) Write(p []byte) (int, error) {
	written := 0
	for {
		step := p[written:min(len(p), written+writeStep)]
		if err := c.extend(time.Now()); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(step)
		written += n
		if err != nil || written == len(p) {
			return written, err
		}
	}
}

// extend moves the deadline to at least a timeout from now. It is moved further than that, so that most small writes can leave it
// where it is.
func (c *timedConn) extend(now time.Time) error {
	if c.deadline.Sub(now) >= c.timeout {
		return nil
	}
	c.deadline = now.Add(c.timeout + c.timeout/4)
	return c.SetWriteDeadline(c.deadline)
}
