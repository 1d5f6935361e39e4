// Package backlog lets logs be written without anyone waiting for the terminal, pipe or disk that takes them: lines queue up in
// memory, and those that find the queue full are lost and counted.
package backlog

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Config says how much may wait, and for how long.
type Config struct {
	// MaxBytes is how much may wait to be written. Defaults to 1 MiB.
	MaxBytes int
	// Patience is how long Close waits for what is left. Defaults to 2 s.
	Patience time.Duration
	// OnLost, if not nil, is told how many lines were lost, once the stream takes lines again. It may write to the Writer.
	OnLost func(lines uint64)
}

// Writer passes on what is written to it, in order, in the background. It is safe for concurrent use. Each Write should be one
// or more whole lines.
type Writer struct {
	config Config
	stream io.Writer

	mu       sync.Mutex
	waiting  []byte
	lost     uint64 // in all
	reported uint64 // of them
	failed   error  // of the stream, the last
	closed   bool

	wake chan struct{}
	done chan struct{}
}

// New starts a Writer to a stream, which must end with Close.
func New(stream io.Writer, cfg Config) *Writer {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 20
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 2 * time.Second
	}
	w := &Writer{config: cfg, stream: stream, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Write queues a line, or counts it as lost. It never waits and never fails.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	if w.closed || len(w.waiting)+len(line) > w.config.MaxBytes {
		w.lost++
		w.mu.Unlock()
		return len(line), nil
	}
	w.waiting = append(w.waiting, line...)
	w.mu.Unlock()
	w.poke()
	return len(line), nil
}

func (w *Writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Lost returns how many lines were lost so far.
func (w *Writer) Lost() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

// run writes what waits, all at once, until the Writer is closed and nothing is left.
func (w *Writer) run() {
	defer close(w.done)
	var batch []byte
	for range w.wake {
		for {
			w.mu.Lock()
			batch, w.waiting = w.waiting, batch[:0]
			closed := w.closed
			w.mu.Unlock()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			_, err := w.stream.Write(batch)
			w.written(err)
		}
	}
}

func (w *Writer) written(err error) {
	w.mu.Lock()
	w.failed = err
	if err != nil { // nobody can say how many lines got through
		w.lost++
	}
	lost := w.lost - w.reported
	if err == nil {
		w.reported = w.lost
	}
	w.mu.Unlock()
	if err == nil && lost > 0 && w.config.OnLost != nil {
		w.config.OnLost(lost)
	}
}

// Close writes what is left, as far as the stream takes it in time. Lines written later are lost.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.poke()
	timer := time.NewTimer(w.config.Patience)
	defer timer.Stop()
	select {
	case <-w.done:
		return w.failed
	case <-timer.C:
		return fmt.Errorf("backlog: the stream took nothing for %s", w.config.Patience)
	}
}
