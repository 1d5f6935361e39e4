package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Halt ends the server process, but keeps the data, the port and the socket for Resume. sig is SIGINT for a fast shutdown or
// SIGQUIT for an immediate one (PostgreSQL manual, Shutting Down the Server). It must not be called while another method is.
func (s *Server) Halt(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("embedpg: halt PostgreSQL: %w", err)
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("embedpg: process %d does not end after %v", s.cmd.Process.Pid, sig)
	}
}

// Resume starts the server again after Halt and returns when it accepts connections.
func (s *Server) Resume(ctx context.Context) error { return s.launch(ctx) }

// Pid is the number of the server process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Standby starts a second server that follows s by streaming replication and answers queries that only read (PostgreSQL
// manual, 27.2 Log-Shipping Standby Servers). It is a copy of s, which is halted for the moment it takes to make it. pg_promote
// makes it a primary. The caller must call Stop for it as well.
func (s *Server) Standby(ctx context.Context) (*Server, error) {
	cfg := s.cfg
	cfg.DataDir = ""
	cfg.Settings = map[string]string{}
	for name, value := range s.cfg.Settings {
		cfg.Settings[name] = value
	}
	cfg.Settings["primary_conninfo"] = fmt.Sprintf("host=%s port=%d user=%s", s.SocketDir(), s.port, Superuser)
	b := &Server{cfg: cfg, acc: s.acc, bin: s.bin, password: s.password, standby: true}
	var err error
	if b.work, err = makeWorkDir(b.acc); err != nil {
		return nil, err
	}
	b.dataDir = b.work.dataDir()
	if b.dog, err = startWatchdog(b.work); err == nil {
		err = s.copyTo(ctx, b)
	}
	if err == nil {
		err = b.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, b.Stop(ctx))
	}
	return b, nil
}

// copyTo copies the data to another server's folder, while nothing changes them.
func (s *Server) copyTo(ctx context.Context, b *Server) error {
	if err := s.Halt(syscall.SIGINT); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "cp", "-a", s.dataDir+"/.", b.dataDir).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("embedpg: copy %s: %w: %s", s.dataDir, err, lastLines(out))
	}
	if err := errors.Join(err, s.Resume(ctx)); err != nil {
		return err
	}
	signal := filepath.Join(b.dataDir, "standby.signal")
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		return fmt.Errorf("embedpg: make a standby: %w", err)
	}
	return b.acc.own(signal)
}
