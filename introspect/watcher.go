package introspect

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Watcher reloads the catalog and the configuration when it is told to, by NOTIFY or by the methods Reload and
// ReloadConfig. Its fields must not change once Run was called; its zero value watches nothing and logs to slog's default.
//
// A burst of notifications costs two reloads at most: one at once, and one after Debounce that sees the end of the burst. Reloads
// never overlap. If one fails, what was loaded before stays in use, the error is logged, and it is tried again, each time after
// twice as long, until it succeeds.
type Watcher struct {
	// Connect opens the connection that listens, which is then the Watcher's own. It must reach the primary server (a standby
	// refuses LISTEN) and must not go through a pooler in transaction mode, which loses notifications. If nil, nothing is
	// listened to.
	Connect func(context.Context) (*pgx.Conn, error)
	// Channel is the name of the channel to LISTEN on. Defaults to "pgrst".
	Channel string
	// OnLost, if not nil, is told that the connection which listened broke. It must not block.
	OnLost func(error)
	// OnSchema reads the catalog and puts it to use.
	OnSchema func(context.Context) error
	// OnConfig reads the configuration and puts it to use. Where both are due it comes first, since it may change which schemas
	// are read.
	OnConfig func(context.Context) error
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// Debounce is the time from the end of a reload to the start of the next. Defaults to 100 ms.
	Debounce time.Duration
	// MinBackoff and MaxBackoff bound the time between attempts to connect, and between attempts to reload after a failure.
	// Default to 500 ms and 32 s.
	MinBackoff time.Duration
	MaxBackoff time.Duration

	quiet time.Duration // for tests: quietTime

	mu       sync.Mutex
	pending  due
	signal   chan struct{}
	retry    chan struct{} // closed and replaced by Retry
	channel  *string       // what Listen has set in place of Channel
	unlisten func()        // ends the session under way
	begun    *listener     // by Begin, for Run to take over
}

// due tells which reloads are to be done.
type due struct{ schema, config bool }

// Reload asks for a reload of the catalog and returns at once. It may be called at any time, also from a signal handler's
// goroutine.
func (w *Watcher) Reload() { w.request(due{schema: true}) }

// ReloadConfig asks for a reload of the configuration and returns at once.
func (w *Watcher) ReloadConfig() { w.request(due{config: true}) }

// Listen listens on another channel than Channel from now on, or on none if it is "". It may be called before Run and while it
// runs.
func (w *Watcher) Listen(channel string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.channel = &channel
	if w.unlisten != nil {
		w.unlisten()
	}
}

// listening returns the channel to listen on, "" for none, and a context that ends when there is to be another.
func (w *Watcher) listening(ctx context.Context) (string, context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx, w.unlisten = context.WithCancel(ctx)
	return w.currentChannel(), ctx
}

func (w *Watcher) currentChannel() string {
	switch {
	case w.channel != nil:
		return *w.channel
	case w.Channel != "":
		return w.Channel
	default:
		return "pgrst"
	}
}

// Retry tries at once what failed and waits to be tried again: to connect, and to reload. It is for who knows that the database
// is back.
func (w *Watcher) Retry() {
	w.mu.Lock()
	if w.retry != nil {
		close(w.retry)
		w.retry = nil
	}
	again := w.pending
	w.mu.Unlock()
	if again != (due{}) {
		w.request(again)
	}
}

// retried is closed by the next Retry.
func (w *Watcher) retried() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.retry == nil {
		w.retry = make(chan struct{})
	}
	return w.retry
}

// Run listens and reloads until ctx is done. All that it started has ended, and the connection is closed, when it returns.
//
// Both are reloaded whenever it begins to listen, since what was notified before has been missed; the first time too, unless Begin
// has begun before.
func (w *Watcher) Run(ctx context.Context) {
	var joined sync.WaitGroup
	if w.Connect != nil {
		joined.Go(func() { w.listen(ctx) })
	}
	w.work(ctx)
	joined.Wait()
}

func (w *Watcher) request(d due) {
	w.mu.Lock()
	w.pending.schema = w.pending.schema || d.schema
	w.pending.config = w.pending.config || d.config
	w.mu.Unlock()
	select {
	case w.wake() <- struct{}{}:
	default: // it is awake already and will see what is pending
	}
}

func (w *Watcher) wake() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.signal == nil {
		w.signal = make(chan struct{}, 1)
	}
	return w.signal
}

func (w *Watcher) take() due {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.pending
	w.pending = due{}
	return d
}

// work does what is requested, one after the other.
func (w *Watcher) work(ctx context.Context) {
	wait := w.newBackoff()
	var retry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake():
		case <-retry:
		}
		retry = nil
		failed := w.reload(ctx, w.take())
		if ctx.Err() != nil {
			return
		}
		if failed == (due{}) {
			wait.reset()
			pause(ctx, or(w.Debounce, 100*time.Millisecond))
			continue
		}
		// What failed is done again with whatever is requested next, or by itself.
		w.mu.Lock()
		w.pending.schema = w.pending.schema || failed.schema
		w.pending.config = w.pending.config || failed.config
		w.mu.Unlock()
		retry = time.After(wait.next())
	}
}

// reload returns what failed.
func (w *Watcher) reload(ctx context.Context, d due) (failed due) {
	if d.config {
		failed.config = !w.run(ctx, "configuration", w.OnConfig)
	}
	if d.schema {
		failed.schema = !w.run(ctx, "schema cache", w.OnSchema)
	}
	return failed
}

func (w *Watcher) run(ctx context.Context, what string, hook func(context.Context) error) bool {
	if hook == nil {
		return true
	}
	start := time.Now()
	err := hook(ctx)
	switch {
	case err == nil:
		w.logger().InfoContext(ctx, "reloaded the "+what, "took", time.Since(start).Round(time.Millisecond))
	case ctx.Err() == nil:
		w.logger().ErrorContext(ctx, "could not reload the "+what+"; the one before stays in use, if any", "error", err)
	}
	return err == nil
}

func (w *Watcher) logger() *slog.Logger {
	if w.Logger != nil {
		return w.Logger
	}
	return slog.Default()
}

func (w *Watcher) newBackoff() *backoff {
	return &backoff{min: or(w.MinBackoff, 500*time.Millisecond), max: or(w.MaxBackoff, 32*time.Second)}
}

// backoff doubles from min to max.
type backoff struct{ min, max, last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, b.min), b.max)
	return b.last
}

func (b *backoff) reset() { b.last = 0 }

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func or(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}
