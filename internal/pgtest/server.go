// Package pgtest gives tests databases on a real PostgreSQL that they start themselves.
//
// A test binary has one private server, started when a test first asks for it. Each test has databases of its own on it, so
// tests run in parallel. Roles belong to the whole server: tests of one package share them, see [Role].
//
// The environment variable PG_BIN chooses the PostgreSQL; see embedpg.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

// patience bounds every step that a test does not bound itself. Slow machines under -race need much of it.
const patience = 2 * time.Minute

// binary is what the tests of one test binary share. There is no other way from TestMain to a test than a variable.
var binary shared

type shared struct {
	mu      sync.Mutex
	main    bool // Main is running
	server  *embedpg.Server
	err     error // of the first start; the next test need not wait for a second
	serial  int
	setupMu sync.Mutex
	setups  map[string]setup
}

// Main runs a package's tests and then stops the server, if one of them started it. It is used as
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// and does not return. An interrupted run stops the server too.
func Main(m *testing.M) {
	binary.mu.Lock()
	binary.main = true
	binary.mu.Unlock()

	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		sig := <-interrupts
		_ = binary.stop()
		// End as any test binary does that is interrupted.
		signal.Reset(sig)
		_ = syscall.Kill(os.Getpid(), sig.(syscall.Signal))
	}()

	code := m.Run()
	if err := binary.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = 1
	}
	os.Exit(code)
}

// Server is the server of this test binary. Tests must leave it running and its configuration as it is; a test that cannot
// do so takes one from [StartServer].
func Server(tb testing.TB) *embedpg.Server {
	tb.Helper()
	server, err := binary.start()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	return server
}

// StartServer starts a server for one test alone, with further settings, and stops it when the test ends. It takes about a
// second: it is for tests that stop a server, change its configuration or make roles of fixed names their own way.
func StartServer(tb testing.TB, settings map[string]string) *embedpg.Server {
	tb.Helper()
	server, err := launch(settings)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return server
}

func launch(settings map[string]string) (*embedpg.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	all := map[string]string{
		"shared_buffers": "32MB",
		"jit":            "off", // compiling costs more than it saves in queries this small
	}
	for name, value := range settings {
		all[name] = value
	}
	return embedpg.Start(ctx, embedpg.Config{Settings: all})
}

func (s *shared) start() (*embedpg.Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.main {
		return nil, fmt.Errorf("nothing would stop the server: add func TestMain(m *testing.M) { pgtest.Main(m) } to the package")
	}
	if s.server == nil && s.err == nil {
		s.server, s.err = launch(nil)
	}
	return s.server, s.err
}

// stop stops the server and keeps a late test from starting another.
func (s *shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.main = false
	if s.server == nil {
		return nil
	}
	return s.server.Stop(context.Background())
}

// next is a name that no other database of the server has.
func (s *shared) next(prefix string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return fmt.Sprintf("%s_%d", prefix, s.serial)
}
