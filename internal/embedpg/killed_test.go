package embedpg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// unprivileged is how to run a helper that is not root: as nobody where the tests run as root, else as the tests do.
func unprivileged() *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

func TestParentKilled(t *testing.T) {
	t.Parallel()
	for name, attr := range map[string]*syscall.SysProcAttr{
		"same user": nil, "unprivileged user": unprivileged(),
		"with its process group": {Setpgid: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startParent(t, "", attr)
			if p.Query != Superuser || !runs(p.Server) || !runs(p.Watchdog) || !exists(p.Work) {
				t.Fatalf("the helper has no server: %+v", p)
			}
			pid := p.cmd.Process.Pid
			if attr != nil && attr.Setpgid {
				pid = -pid
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			eventually(t, "all gone", func() bool { return !runs(p.Server) && !runs(p.Watchdog) && !exists(p.Work) })
		})
	}
}

func TestParentStopsInOrder(t *testing.T) {
	t.Parallel()
	p := startParent(t, "", unprivileged())
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if runs(p.Server) || runs(p.Watchdog) || exists(p.Work) {
		t.Errorf("something is left: %+v", p)
	}
}

func TestParentKilledKeepsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "data")
	p := startParent(t, dir, nil)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// At once, while the watchdog may still be stopping the old server.
	s := start(t, Config{DataDir: dir})
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
	if runs(p.Server) {
		t.Error("the old server runs")
	}
	eventually(t, "cleared up", func() bool { return !runs(p.Watchdog) && !exists(p.Work) })
	query(t, s.URI(Superuser, "postgres"), "select 'still here'")
}

func TestEverythingKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "data")
	p := startParent(t, dir, nil)
	for _, pid := range []int{p.Watchdog, p.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	_ = p.cmd.Wait() // reports the signal
	// The server has outlived both: it is not this call's to stop.
	if _, err := Start(t.Context(), Config{DataDir: dir}); !errors.Is(err, ErrRunning) || !runs(p.Server) {
		t.Fatalf("got error %v, want ErrRunning and the server alive", err)
	}
	if err := syscall.Kill(p.Server, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "dead", func() bool { return !runs(p.Server) })
	if !exists(filepath.Join(dir, "postmaster.pid")) {
		t.Fatal("a killed server leaves postmaster.pid; the test tests nothing")
	}
	s := start(t, Config{DataDir: dir})
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
	if exists(p.Work) {
		t.Error("the next start did not remove the abandoned work folder")
	}
}

func TestStaleProcessNumber(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "data")
	stop(t, start(t, Config{DataDir: dir}))
	acc, err := serverAccount(dir)
	if err != nil {
		t.Fatal(err)
	}
	// An unrelated process of the same account has the number that a dead server has left in its file.
	stranger := exec.Command("sleep", "600")
	stranger.SysProcAttr = acc.attr()
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = stranger.Process.Kill()
		_ = stranger.Wait()
	}()
	file := filepath.Join(dir, "postmaster.pid")
	text := strings.Join([]string{strconv.Itoa(stranger.Process.Pid), dir, "1700000000", "5432", "/nowhere", "localhost", "  1 2", "ready   ", ""}, "\n")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := acc.own(file); err != nil {
		t.Fatal(err)
	}
	s := start(t, Config{DataDir: dir})
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
	if !runs(stranger.Process.Pid) {
		t.Error("the stranger was killed")
	}
}

func TestServerDies(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	if err := syscall.Kill(s.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	stop(t, s)
	if exists(s.work.path) {
		t.Error("the work folder is left")
	}
}
