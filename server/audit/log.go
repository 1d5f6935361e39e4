package audit

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Config says where the log goes.
type Config struct {
	// Destination is "stdout", "table", or else the path of a file, which is made with mode 0600 if it is not there and
	// appended to if it is.
	Destination string

	// Stdout is what "stdout" means. Each call of its Write gets whole lines. Defaults to os.Stdout.
	Stdout io.Writer

	// Connect opens a connection as a role that may call postern_audit.write, see [Migration]. "table" needs it, and keeps
	// one connection open.
	Connect func(ctx context.Context) (*pgx.Conn, error)

	// Logger hears of outages and of lines lost. Defaults to slog.Default().
	Logger *slog.Logger
}

const (
	queueLines   = 32 * 1024        // lines that wait, at most
	queueBytes   = 16 * 1024 * 1024 // and their bytes
	batchLines   = 500
	tableDelay   = 200 * time.Millisecond // how long a row waits for others
	patience     = 5 * time.Second        // of Close
	grace        = time.Second            // of Close, for a write that cannot be interrupted
	reportPeriod = 10 * time.Second       // between two reports of lines lost
)

// Log is an audit log. Its methods are safe for concurrent use. On a nil *Log they do nothing: a server without an audit
// log has a nil one.
type Log struct {
	sink   sink
	prefix []byte // of each line; for a table it ends where the line's number follows
	number bool
	delay  time.Duration
	logger *slog.Logger

	mu       sync.RWMutex // held for writing to set closed, so that no line enters the queue after the last look
	closed   bool
	lines    chan []byte
	limit    int64        // of held
	held     atomic.Int64 // bytes of lines not yet dealt with
	stopping chan struct{}
	done     chan struct{} // closed when the writing goroutine has ended
	ctx      context.Context
	abandon  context.CancelFunc // ends ctx: the attempts to write
	close    func() error       // what Close does, once
	dropped  int                // lines lost because Close gave up; to be read when done is closed

	entries, written, lost atomic.Uint64
	reported               atomic.Int64 // when lines lost were last reported, in Unix nanoseconds
}

// sink is where lines end.
type sink interface {
	// write writes lines in their order. It returns how many it is done with, counted from the first one, how many of
	// these can never be written and are lost, and why it did not go on. It may be called again with the rest.
	write(ctx context.Context, lines [][]byte) (done, refused int, err error)
	check(ctx context.Context) error
	reopen() error
	close() error
}

// New opens the log. It refuses a file that cannot be opened for writing. It does not connect to the database, which may be
// away when the server starts; for that see [Log.Check]. Close it in the end.
func New(cfg Config) (*Log, error) {
	l := &Log{
		prefix:   []byte("{"),
		logger:   cfg.Logger,
		lines:    make(chan []byte, queueLines),
		limit:    queueBytes,
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}
	if l.logger == nil {
		l.logger = slog.Default()
	}
	switch cfg.Destination {
	case "":
		return nil, errors.New(`audit: no destination: allowed are "stdout", "table" and the path of a file`)
	case "stdout":
		w := cfg.Stdout
		if w == nil {
			w = os.Stdout
		}
		l.sink = &stream{w: w}
	case "table":
		if cfg.Connect == nil {
			return nil, errors.New("audit: the destination \"table\" needs a database to connect to")
		}
		id := make([]byte, 16)
		_, _ = rand.Read(id) // never fails: crypto/rand ends the process first
		l.prefix = []byte(`{"writer":"` + hex.EncodeToString(id) + `","number":`)
		l.number, l.delay = true, tableDelay
		l.sink = &table{connect: cfg.Connect}
	default:
		s, err := openFile(cfg.Destination)
		if err != nil {
			return nil, err
		}
		l.sink = s
	}
	l.ctx, l.abandon = context.WithCancel(context.Background())
	l.close = sync.OnceValue(l.finish)
	go l.run()
	return l, nil
}

// Write adds an entry to the log. It does not wait: if the queue is full, or the log closed, the entry is lost and counted.
// It keeps nothing of e.
func (l *Log) Write(e *Entry) {
	if l == nil {
		return
	}
	line := append(make([]byte, 0, lineBytes), l.prefix...)
	if n := l.entries.Add(1); l.number {
		line = append(strconv.AppendUint(line, n, 10), ',')
	}
	line = e.append(line)
	if !l.enqueue(line) {
		l.lose(1, errQueue)
	}
}

var errQueue = errors.New("the queue is full, or the log closed")

func (l *Log) enqueue(line []byte) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return false
	}
	if l.held.Add(int64(len(line))) <= l.limit {
		select {
		case l.lines <- line:
			return true
		default:
		}
	}
	l.held.Add(-int64(len(line)))
	return false
}

// lose counts lines lost and reports them, but not each time.
func (l *Log) lose(n int, why error) {
	lost := l.lost.Add(uint64(n))
	now, last := time.Now().UnixNano(), l.reported.Load()
	if now-last >= int64(reportPeriod) && l.reported.CompareAndSwap(last, now) {
		l.logger.Error("audit lines lost", "lost", lost, "error", why)
	}
}

// Stats counts the entries of a log since it was opened.
type Stats struct {
	Written uint64 // in the file or table
	Lost    uint64 // never written
	Waiting uint64 // in the queue or being written
}

// Stats returns the counts of this moment.
func (l *Log) Stats() Stats {
	if l == nil {
		return Stats{}
	}
	// In this order no entry is counted twice.
	s := Stats{Written: l.written.Load(), Lost: l.lost.Load()}
	s.Waiting = l.entries.Load() - s.Written - s.Lost
	return s
}

// Check tells whether the log can be written now. For a table it connects and calls postern_audit.write without rows, which
// shows that the function is there and may be used.
func (l *Log) Check(ctx context.Context) error {
	if l == nil {
		return nil
	}
	return l.sink.check(ctx)
}

// Reopen opens the log's file again by its name, after another program has renamed the old one. If that fails, the log goes
// on in the old file. Nothing happens for "stdout" and "table".
func (l *Log) Reopen() error {
	if l == nil {
		return nil
	}
	return l.sink.reopen()
}

// Close writes what is in the queue and ends the log. It gives up after about five seconds and returns an error if that
// lost entries. Entries written later are lost.
func (l *Log) Close() error {
	if l == nil {
		return nil
	}
	return l.close()
}

func (l *Log) finish() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stopping)

	timer := time.AfterFunc(patience, l.abandon)
	defer timer.Stop()
	defer l.abandon()
	select {
	case <-l.done:
	case <-time.After(patience + grace):
		// A write hangs in the kernel, of a pipe that nobody reads: neither can it be ended nor the file be closed.
		return fmt.Errorf("audit: close: %d lines are not written: the last write does not end", l.Stats().Waiting)
	}
	err := l.sink.close()
	if l.dropped > 0 {
		err = errors.Join(fmt.Errorf("audit: close: %d lines are lost", l.dropped), err)
	}
	return err
}
