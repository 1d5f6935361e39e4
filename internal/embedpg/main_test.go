package embedpg

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// helperEnv makes the test binary a parent that starts one server, tells about it and waits to be killed.
const helperEnv = "EMBEDPG_TEST_HELPER"

func TestMain(m *testing.M) {
	if text := os.Getenv(helperEnv); text != "" {
		if err := helper(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// parent is a helper process as the test sees it.
type parent struct {
	Server, Watchdog  int
	Work, Data, Query string

	cmd *exec.Cmd
	in  io.WriteCloser
}

// helper starts a server on the data folder named after "data=" and stops it when its input ends.
func helper(text string) error {
	// The goroutine that starts the server ends, and its thread with it: that must not stop the server.
	type result struct {
		s   *Server
		err error
	}
	started := make(chan result)
	go func() {
		runtime.LockOSThread()
		s, err := Start(context.Background(), Config{DataDir: strings.TrimPrefix(text, "data=")})
		started <- result{s, err}
	}()
	r := <-started
	if r.err != nil {
		return r.err
	}
	time.Sleep(100 * time.Millisecond)
	answer, err := ask(context.Background(), r.s.URI(Superuser, "postgres"), "select current_user::text")
	if err != nil {
		return err
	}
	err = json.NewEncoder(os.Stdout).Encode(parent{
		Server: r.s.cmd.Process.Pid, Watchdog: r.s.dog.cmd.Process.Pid, Work: r.s.work.path, Data: r.s.DataDir(), Query: answer,
	})
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return r.s.Stop(context.Background())
}

func ask(ctx context.Context, uri, query string) (answer string, err error) {
	conn, err := pgx.Connect(ctx, uri)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, query).Scan(&answer)
	return answer, err
}

// startParent starts a helper process, as the account if it is not nil.
func startParent(t *testing.T, dataDir string, attr *syscall.SysProcAttr) *parent {
	t.Helper()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	// The go command's own folder is closed to other accounts.
	path := filepath.Join(openDir(t), "parent.test")
	writeProgram(t, path, program)
	cmd := exec.Command(path)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperEnv+"=data="+dataDir)
	cmd.SysProcAttr = attr
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &parent{cmd: cmd, in: in}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("helper told nothing: %v", err)
	}
	if err := json.Unmarshal(line, p); err != nil {
		t.Fatalf("helper said %q: %v", line, err)
	}
	return p
}

// writeProgram writes a file to be run. No process is forked meanwhile: a child that held the file open for writing, until it
// executes its own program, would keep this one from running.
func writeProgram(t *testing.T, path string, text []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
}

// openDir is a temporary folder that every account can enter; those of t.TempDir are closed.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "embedpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func query(t *testing.T, uri, sql string) string {
	t.Helper()
	answer, err := ask(t.Context(), uri, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// runs reports whether a process lives; one that has ended and waits for init to reap it does not.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// eventually waits up to 10 seconds for ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 seconds: not %s", what)
		}
	}
}
