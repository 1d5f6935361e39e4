package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBytes is how much a pipe takes in one piece, with nothing of other processes in between (PIPE_BUF of Linux). Files
// that are appended to take any size.
const pipeBytes = 4096

// stream writes lines to a file or to standard output.
type stream struct {
	path string // "" for standard output

	mu   sync.Mutex
	w    io.Writer
	file *os.File // the same as w, or nil for standard output
	torn bool     // what was written last ends within a line
	buf  []byte
}

func openFile(path string) (*stream, error) {
	s := &stream{path: path}
	if err := s.reopen(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *stream) reopen() error {
	if s.path == "" {
		return nil
	}
	// O_NONBLOCK is for named pipes: to open one without a reader fails rather than waits.
	f, err := os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return fmt.Errorf("audit: open the log: %w", err)
	}
	torn := endsWithin(s.path)
	s.mu.Lock()
	old := s.file
	s.w, s.file, s.torn = f, f, torn
	s.mu.Unlock()
	if old != nil {
		if err := old.Close(); err != nil {
			return fmt.Errorf("audit: close the old log: %w", err)
		}
	}
	return nil
}

// settle is how long another process may take for a write under way, of which a reader sees the beginning.
const settle = 10 * time.Millisecond

// endsWithin tells whether a file ends within a line, as after a full disk and a restart, and not because another process is writing
// to it. What cannot be read does not.
func endsWithin(path string) bool {
	for range 10 {
		size, last := end(path)
		if size == 0 || last == '\n' {
			return false
		}
		time.Sleep(settle)
		if again, _ := end(path); again == size {
			return true
		}
	}
	return false // it grows all the time, so others write, whole lines
}

// end returns the size of a file and its last byte; size is 0 for what cannot be read or is no regular file.
func end(path string) (size int64, last byte) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return 0, 0
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return 0, 0
	}
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, info.Size()-1); err != nil {
		return 0, 0
	}
	return info.Size(), b[0]
}

// write writes lines, each whole in one write(2) and as many with it as a pipe takes in one piece, so that lines of several
// processes do not mix. A line longer than pipeBytes keeps that promise in files, not in pipes.
func (s *stream) write(_ context.Context, lines [][]byte) (done, _ int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for done < len(lines) {
		s.buf = s.buf[:0]
		if s.torn {
			s.buf = append(s.buf, '\n')
		}
		before := len(s.buf)
		next := done
		for next < len(lines) && (next == done || len(s.buf)+len(lines[next]) <= pipeBytes) {
			s.buf = append(s.buf, lines[next]...)
			next++
		}
		n, err := s.w.Write(s.buf)
		if err == nil && n < len(s.buf) {
			err = io.ErrShortWrite
		}
		if n > 0 {
			s.torn = s.buf[n-1] != '\n'
		}
		for n -= before; done < next && n >= len(lines[done]); done++ {
			n -= len(lines[done])
		}
		if err != nil {
			return done, 0, fmt.Errorf("audit: write: %w", err)
		}
	}
	return done, 0, nil
}

func (s *stream) check(context.Context) error { return nil }

func (s *stream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("audit: close the log: %w", err)
	}
	return nil
}
