package introspect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/schema"
)

// How long a quiet connection is trusted, and how long a probe may take: a firewall that forgot the connection would otherwise
// leave it silent for good.
const (
	quietTime = 30 * time.Second
	probeTime = 10 * time.Second
)

// listener is a connection that listens on a channel.
type listener struct {
	conn    *pgx.Conn
	channel string
}

func (l *listener) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = l.conn.Close(ctx)
}

// Begin begins to listen before Run, so that what is loaded after it misses no notification: Run goes on with the connection and
// does not reload by itself. It makes one attempt; if that fails, or Listen names another channel afterwards, all is as without it. Who
// never calls Run calls Close.
func (w *Watcher) Begin(ctx context.Context) {
	w.mu.Lock()
	channel := w.currentChannel()
	w.mu.Unlock()
	if w.Connect == nil || channel == "" {
		return
	}
	l, err := w.dial(ctx, channel)
	if err != nil {
		w.logger().WarnContext(ctx, "cannot listen for notifications yet; will try again", "error", err)
		return
	}
	w.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = l
}

// Close closes the connection of Begin unless Run has taken it over.
func (w *Watcher) Close() {
	if l := w.takeBegun(); l != nil {
		l.close()
	}
}

func (w *Watcher) takeBegun() *listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.begun
	w.begun = nil
	return l
}

// listen keeps a listening connection until ctx is done.
func (w *Watcher) listen(ctx context.Context) {
	defer w.Close()
	wait := w.newBackoff()
	for ctx.Err() == nil {
		again, listened := w.retried(), false
		channel, session := w.listening(ctx)
		if channel == "" {
			w.Close()
			<-session.Done()
			continue
		}
		err := w.session(session, channel, func() {
			listened = true
			wait.reset()
		})
		if session.Err() != nil { // it is over, or there is another channel
			continue
		}
		if listened && w.OnLost != nil {
			w.OnLost(err)
		}
		delay := wait.next()
		w.logger().WarnContext(ctx, "stopped listening for notifications; will connect again", "error", err, "after", delay)
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-again:
			wait.reset()
		}
		timer.Stop()
	}
}

// session listens on one connection until it fails, on that of Begin if there is one; connected is called once it listens.
func (w *Watcher) session(ctx context.Context, channel string, connected func()) error {
	l := w.takeBegun()
	if l != nil && l.channel != channel {
		l.close()
		l = nil
	}
	if l == nil {
		var err error
		if l, err = w.dial(ctx, channel); err != nil {
			return err
		}
		w.request(due{schema: true, config: true}) // what was notified before has been missed
	}
	defer l.close()
	connected()
	for {
		n, err := w.wait(ctx, l.conn)
		if err != nil {
			return err
		}
		if n != nil {
			w.notified(ctx, n)
		}
	}
}

// dial makes a connection that listens.
func (w *Watcher) dial(ctx context.Context, channel string) (*listener, error) {
	conn, err := w.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("introspect: connect to listen: %w", err)
	}
	l := &listener{conn, channel}
	if _, err := conn.Exec(ctx, "LISTEN "+schema.QuoteIdentifier(channel)); err != nil {
		l.close()
		return nil, fmt.Errorf("introspect: listen on channel %q: %w", channel, err)
	}
	w.logger().InfoContext(ctx, "listening for notifications", "channel", channel)
	return l, nil
}

// wait returns the next notification, or nil if none came for a while and the connection still answers.
func (w *Watcher) wait(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	quiet, cancel := context.WithTimeout(ctx, or(w.quiet, quietTime))
	n, err := conn.WaitForNotification(quiet)
	cancel()
	if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return n, err
	}
	probe, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	return nil, conn.Ping(probe)
}

// notified asks for what the payload says (PostgREST reference, Schema Cache Reloading): "reload schema", "reload config", or,
// without one, both.
func (w *Watcher) notified(ctx context.Context, n *pgconn.Notification) {
	var asked due
	switch n.Payload {
	case "":
		asked = due{schema: true, config: true}
	case "reload schema":
		asked = due{schema: true}
	case "reload config":
		asked = due{config: true}
	default:
		w.logger().DebugContext(ctx, "ignored a notification", "channel", n.Channel, "payload", n.Payload)
		return
	}
	w.logger().InfoContext(ctx, "received a reload message", "channel", n.Channel, "payload", n.Payload)
	w.request(asked)
}
