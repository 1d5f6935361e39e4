package backlog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/backlog"
)

func TestOrder(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := backlog.New(&out, backlog.Config{})
	var want strings.Builder
	for i := range 1000 {
		line := fmt.Sprintf("line %d\n", i)
		want.WriteString(line)
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.String() != want.String() || w.Lost() != 0 {
		t.Errorf("%d lines lost, got %d bytes, want %d", w.Lost(), out.Len(), want.Len())
	}
	if _, err := w.Write([]byte("late\n")); err != nil || w.Lost() != 1 {
		t.Errorf("a line after Close: %v, %d lost", err, w.Lost())
	}
}

// TestBlockedStream checks that nobody waits for a stream that takes nothing, that no more than allowed is kept, and that the
// loss is told when it takes lines again.
func TestBlockedStream(t *testing.T) {
	t.Parallel()
	r, stream := io.Pipe()
	told := make(chan uint64, 1)
	w := backlog.New(stream, backlog.Config{MaxBytes: 100, OnLost: func(n uint64) { told <- n }})
	const lines = 10_000
	var writers sync.WaitGroup
	for range 10 {
		writers.Go(func() {
			for range lines / 10 {
				_, _ = w.Write([]byte("0123456789\n"))
			}
		})
	}
	writers.Wait() // would wait for ever if Write did
	lost := w.Lost()
	if lost < lines-20 {
		t.Errorf("%d of %d lines lost with room for 9", lost, lines)
	}
	got := make(chan []byte)
	go func() {
		text, _ := io.ReadAll(r) // ends when the stream is closed
		got <- text
	}()
	if n := <-told; n != lost {
		t.Errorf("told of %d lost lines, not %d", n, lost)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	_ = stream.Close()
	if text := <-got; uint64(bytes.Count(text, []byte("\n")))+lost != lines {
		t.Errorf("%d lines written and %d lost", bytes.Count(text, []byte("\n")), lost)
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	r, stream := io.Pipe()
	t.Cleanup(func() { _ = r.Close() })
	w := backlog.New(stream, backlog.Config{Patience: 10 * time.Millisecond})
	_, _ = w.Write([]byte("never read\n"))
	if err := w.Close(); err == nil {
		t.Error("no error though a line was not written")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestBrokenStream(t *testing.T) {
	t.Parallel()
	w := backlog.New(broken{}, backlog.Config{})
	_, _ = w.Write([]byte("a\n"))
	if err := w.Close(); err == nil || w.Lost() != 1 {
		t.Errorf("%v, %d lost", err, w.Lost())
	}
}
