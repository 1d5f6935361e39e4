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

// listen keeps a listening connection until ctx is done.
func (w *Watcher) listen(ctx context.Context) {
	wait := w.newBackoff()
	for ctx.Err() == nil {
		again, listened := w.retried(), false
		channel, session := w.listening(ctx)
		if channel == "" {
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

// session listens on one connection until it fails; connected is called once it listens.
func (w *Watcher) session(ctx context.Context, channel string, connected func()) error {
	conn, err := w.Connect(ctx)
	if err != nil {
		return fmt.Errorf("introspect: connect to listen: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, "listen "+schema.QuoteIdentifier(channel)); err != nil {
		return fmt.Errorf("introspect: listen on channel %q: %w", channel, err)
	}
	connected()
	w.logger().InfoContext(ctx, "listening for notifications", "channel", channel)
	w.request(due{schema: true, config: true})
	for {
		n, err := w.wait(ctx, conn)
		if err != nil {
			return err
		}
		if n != nil {
			w.notified(ctx, n)
		}
	}
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
	switch n.Payload {
	case "":
		w.request(due{schema: true, config: true})
	case "reload schema":
		w.request(due{schema: true})
	case "reload config":
		w.request(due{config: true})
	default:
		w.logger().DebugContext(ctx, "ignored a notification", "channel", n.Channel, "payload", n.Payload)
	}
}
