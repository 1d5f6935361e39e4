package rls

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// cancelTimeout bounds the time to cancel a statement, after which its connection is given up.
const cancelTimeout = 5 * time.Second

// canceler cancels the statement under way when its caller is gone.
//
// pgconn.CancelRequestContextWatcherHandler breaks off its request to cancel if the statement ends meanwhile. PostgreSQL may have
// taken it all the same, and carries it out when it comes to it: on the statement of whoever has the connection by then.
type canceler struct {
	conn *pgconn.PgConn
	done chan struct{} // closed when the request to cancel has been carried out
}

// HandleCancel is called when the caller is gone.
func (c *canceler) HandleCancel(context.Context) {
	deadline := time.Now().Add(cancelTimeout)
	_ = c.conn.Conn().SetDeadline(deadline)
	done := make(chan struct{})
	c.done = done
	go func() {
		defer close(done)
		cancelRequest(c.conn, deadline)
	}()
}

// HandleUnwatchAfterCancel is called when the statement has ended since.
func (c *canceler) HandleUnwatchAfterCancel() {
	<-c.done
	_ = c.conn.Conn().SetDeadline(time.Time{})
}

// cancelRequest cancels the statement under way. PostgreSQL has sent the signal when it answers by closing the connection that the
// request came on; one that finds its session idle does nothing. If it does not answer in time nobody knows what the signal will
// meet, so the connection is closed.
func cancelRequest(conn *pgconn.PgConn, deadline time.Time) {
	ctx, done := context.WithDeadline(context.Background(), deadline)
	defer done()
	_ = conn.CancelRequest(ctx)
	if ctx.Err() != nil {
		_ = conn.Conn().Close()
	}
}
