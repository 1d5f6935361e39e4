package embedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// prepareDataDir makes dir a data folder of a PostgreSQL of bin's major version, unless it is one.
func (s *Server) prepareDataDir(ctx context.Context, dir string) error {
	version, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	switch {
	case err == nil:
		return s.checkDataDir(dir, strings.TrimSpace(string(version)))
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("embedpg: read data folder: %w", err)
	}
	if err := s.makeDataDir(dir); err != nil {
		return err
	}
	s.cfg.Progress(fmt.Sprintf("initialising PostgreSQL %s in %s", s.bin.Version, dir))
	return s.initdb(ctx, dir)
}

func (s *Server) checkDataDir(dir, version string) error {
	if version != fmt.Sprint(s.bin.Major) {
		return fmt.Errorf("embedpg: %s was made by PostgreSQL %s, but %s holds PostgreSQL %s; "+
			"name the folder of the other's programs, in the environment variable PG_BIN for example", dir, version, s.bin.Dir, s.bin.Version)
	}
	// initdb writes the version early and this file late.
	if _, err := os.Stat(filepath.Join(dir, "global", "pg_control")); err != nil {
		return fmt.Errorf("embedpg: %s is only half initialised; remove it and start again: %w", dir, err)
	}
	return claimDataDir(dir, s.acc)
}

// makeDataDir makes an empty folder that belongs to the server's account and that only it may enter.
func (s *Server) makeDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("embedpg: make data folder: %w", err)
	}
	if !s.acc.reaches(filepath.Dir(dir)) {
		return fmt.Errorf("embedpg: the account %s, which runs PostgreSQL for root, cannot enter %s; choose another data folder",
			s.acc.name, filepath.Dir(dir))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("embedpg: read data folder: %w", err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("embedpg: %s is neither empty nor a data folder of PostgreSQL", dir)
	}
	if err := errors.Join(os.Chmod(dir, 0o700), s.acc.own(dir)); err != nil {
		return fmt.Errorf("embedpg: make data folder private: %w", err)
	}
	return nil
}

// initdb fills the empty folder dir. The locale C sorts and compares alike on every system.
func (s *Server) initdb(ctx context.Context, dir string) error {
	args := []string{
		"--pgdata=" + dir, "--username=" + Superuser, "--encoding=UTF8", "--locale=C", "--no-instructions",
		// For a server that someone else starts on this folder; this package brings rules of its own.
		"--auth-local=peer", "--auth-host=scram-sha-256",
	}
	if s.cfg.DataDir == "" {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin.Dir, "initdb"), args...)
	// initdb removes what it has made when it is asked to end.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = s.acc.attr()
	cmd.Dir = "/"
	cmd.Env = environ()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("embedpg: run initdb: %w", err)
	}
	guardErr := s.dog.guard(cmd.Process.Pid)
	err := cmd.Wait()
	guardErr = errors.Join(guardErr, s.dog.guard(0))
	if ctx.Err() != nil {
		return fmt.Errorf("embedpg: initialise %s: %w", dir, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("embedpg: initialise %s: %w: %s", dir, err, lastLines(out.Bytes()))
	}
	return guardErr
}

// lastLines is the end of a program's output, for an error message.
func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], "; ")
}
