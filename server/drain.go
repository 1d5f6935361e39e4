package server

import (
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// drainQuiet is how long no request may have come on a connection, and no connection at all, before it is closed. A client that
	// sends one at that very moment would see it reset.
	drainQuiet = 100 * time.Millisecond
	// drainAccept bounds the time that connections are still accepted.
	drainAccept = time.Second
	drainStep   = 10 * time.Millisecond
)

// drainer ends an HTTP server so that no request is lost: http.Server.Shutdown closes connections on which a request is about
// to arrive, and drops the first request of those that were just accepted.
type drainer struct {
	listener net.Listener
	server   *http.Server
	conns    sync.Map      // of net.Conn to *connState
	served   chan struct{} // closed when serve has returned: every connection that was accepted is known
}

func newDrainer(l net.Listener, server *http.Server) *drainer {
	d := &drainer{listener: l, server: server, served: make(chan struct{})}
	server.ConnState = d.note
	return d
}

// serve serves until the listener is closed or fails. writeTimeout is that of timeWrites.
func (d *drainer) serve(writeTimeout time.Duration) error {
	defer close(d.served)
	return d.server.Serve(timeWrites(d.listener, writeTimeout))
}

// connState counts the changes between waiting for a request (even) and being in work (odd).
type connState struct{ changes atomic.Uint64 }

// note is the server's ConnState hook.
func (d *drainer) note(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.conns.Store(c, &connState{})
	case http.StateClosed, http.StateHijacked:
		d.conns.Delete(c)
	case http.StateActive, http.StateIdle:
		if s, ok := d.conns.Load(c); ok {
			s.(*connState).changes.Add(1)
		}
	}
}

// drain shuts down: it goes on to accept until a moment has passed without a new connection or request, for balancers and clients
// to notice; then it waits for the requests under way, for ever if timeout is 0. It returns how many were cut off.
func (d *drainer) drain(timeout time.Duration) (cut int) {
	began := time.Now()
	seen := map[net.Conn]observed{}
	changed := began
	for now := began; now.Sub(changed) < drainQuiet && now.Sub(began) < drainAccept; now = d.sleep() {
		if d.observe(seen, now) {
			changed = now
		}
		if len(seen) == 0 {
			break
		}
	}
	_ = closeListener(d.listener) // if it has failed, serve has said why
	<-d.served
	for now := time.Now(); timeout == 0 || now.Sub(began) < timeout; now = d.sleep() {
		d.observe(seen, now)
		for c, o := range seen {
			if o.changes%2 == 0 && now.Sub(o.since) >= drainQuiet {
				_ = c.Close()
			}
		}
		if len(seen) == 0 {
			break
		}
	}
	for c, o := range seen {
		if o.changes%2 == 1 {
			cut++
			reset(c)
		}
	}
	_ = d.server.Close()
	return cut
}

func (d *drainer) sleep() time.Time {
	time.Sleep(drainStep)
	return time.Now()
}

// observed is how many changes a connection had made, and when that was found out.
type observed struct {
	changes uint64
	since   time.Time
}

// observe brings seen up to date and reports whether a connection or a request was new.
func (d *drainer) observe(seen map[net.Conn]observed, now time.Time) (changed bool) {
	d.conns.Range(func(key, value any) bool {
		c, n := key.(net.Conn), value.(*connState).changes.Load()
		if o, ok := seen[c]; !ok || o.changes != n {
			seen[c] = observed{n, now}
			changed = true
		}
		return true
	})
	for c := range seen {
		if _, ok := d.conns.Load(c); !ok {
			delete(seen, c)
		}
	}
	return changed
}
