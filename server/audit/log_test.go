package audit_test

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/server/audit"
)

func written(n uint64, l *audit.Log) func() bool {
	return func() bool { return l.Stats().Written == n }
}

func TestStdout(t *testing.T) {
	t.Parallel()
	var out buffer
	l, events := open(t, audit.Config{Destination: "stdout", Stdout: &out})
	l.Write(full())
	await(t, "the line", written(1, l))
	if got := out.String(); got != string(audit.Line(full())) {
		t.Errorf("got %s", got)
	}
	if err := l.Reopen(); err != nil {
		t.Error(err)
	}
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if events.String() != "" {
		t.Errorf("logged %s", events)
	}
}

// TestFullDisk writes to a disk that is always full: requests go on, and what is lost is told.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	events := &buffer{}
	l, err := audit.New(audit.Config{Destination: "/dev/full", Logger: logger(events)})
	if err != nil {
		t.Fatal(err)
	}
	l.SetLimit(64 * 1024)
	start := time.Now()
	for range 1000 {
		l.Write(full())
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("1,000 lines took %v", took)
	}
	s := l.Stats()
	if s.Written != 0 || s.Lost < 500 || s.Waiting < 100 || s.Lost+s.Waiting != 1000 {
		t.Errorf("%+v", s)
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d lines are lost", s.Waiting)) {
		t.Errorf("got %v", err)
	}
	if s := l.Stats(); s.Lost != 1000 || s.Waiting != 0 {
		t.Errorf("closed: %+v", s)
	}
	l.Write(full())
	for _, want := range []string{"cannot be written", "no space left", "audit lines lost"} {
		if !strings.Contains(events.String(), want) {
			t.Errorf("logged %s, without %q", events, want)
		}
	}
	if n := strings.Count(events.String(), "audit lines lost"); n > 3 {
		t.Errorf("reported %d times", n)
	}
}

// TestStuckPipe writes to a pipe that nobody reads. Requests go on and Close ends.
func TestStuckPipe(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer func() { _ = r.Close() }() // which ends the goroutine that writes
	l, err := audit.New(audit.Config{Destination: "stdout", Stdout: w, Logger: logger(&buffer{})})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		l.Write(full())
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "100 lines are not written") {
		t.Errorf("got %v", err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	l, _ := open(t, audit.Config{Destination: path})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				l.Write(full())
			}
		})
	}
	for range 2 {
		wg.Go(func() { _ = l.Close() })
	}
	wg.Wait()
	s := l.Stats()
	if n := uint64(len(subjects(t, path))); s.Written != n || s.Written+s.Lost != 2000 || s.Waiting != 0 {
		t.Errorf("%+v, %d lines", s, n)
	}
}

func TestNil(t *testing.T) {
	t.Parallel()
	var l *audit.Log
	l.Write(full())
	if l.Reopen() != nil || l.Check(t.Context()) != nil || l.Close() != nil || l.Stats() != (audit.Stats{}) {
		t.Error("a nil log does something")
	}
}

func BenchmarkWrite(b *testing.B) {
	l, err := audit.New(audit.Config{Destination: filepath.Join(b.TempDir(), "audit.log")})
	if err != nil {
		b.Fatal(err)
	}
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		l.Write(e)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(l.Stats().Lost)/float64(b.N), "lost/op")
}
