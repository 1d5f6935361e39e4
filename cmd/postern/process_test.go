package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is the program, running.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
}

// output collects what a process writes, to be read meanwhile.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// startProgram starts the program, which is killed when the test ends, if it still runs.
func startProgram(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := newProcess(t, environ, args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.start()
	return p
}

// newProcess is the program, to be started.
func newProcess(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(filepath.Join(program(t), "postern"), args...), ended: make(chan struct{})}
	p.cmd.Env = slices.Concat(os.Environ(), []string{"GORACE=" + quickRaces}, environ)
	return p
}

func (p *process) start() {
	t := p.t
	t.Helper()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // the status is in ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended, as a rule
		<-p.ended
	})
}

// await waits until the pattern is found in the output and returns its first group, or all of it.
func (p *process) await(o *output, pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		found := re.FindStringSubmatch(o.String())
		if found != nil {
			return found[len(found)-1]
		}
		select {
		case <-p.ended:
			if found := re.FindStringSubmatch(o.String()); found != nil {
				return found[len(found)-1]
			}
			p.t.Fatalf("it ended without %q:\n%s\n%s", pattern, p.stdout.String(), p.stderr.String())
		default:
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waited in vain for %q:\n%s\n%s", pattern, p.stdout.String(), p.stderr.String())
		}
	}
}

// end sends the signal and waits for the end, which must come within 5 seconds. It returns the exit status.
func (p *process) end(sig syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		p.t.Errorf("it still runs 5 s after %v", sig)
		<-p.ended
	}
	return p.cmd.ProcessState.ExitCode()
}

// workFolder is the temporary folder of a demo's PostgreSQL without --data.
func workFolder(stdout string) string {
	found := regexp.MustCompile(`initialising PostgreSQL \S+ in (\S+)/data`).FindStringSubmatch(stdout)
	if found == nil {
		return ""
	}
	return found[1]
}

// postmaster is what PostgreSQL tells of itself in its data folder: process number, port and the folder of its socket.
func postmaster(t *testing.T, dataDir string) (pid, port, socketDir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 5 {
		t.Fatalf("postmaster.pid holds only %q", text)
	}
	return lines[0], lines[3], lines[4]
}

// gone checks that there is no process of that number.
func gone(t *testing.T, pid string) {
	t.Helper()
	if _, err := os.Stat("/proc/" + pid); err == nil {
		t.Errorf("process %s is left", pid)
	}
}

// openDir is a folder that any account can enter: as root, PostgreSQL runs under another.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "postern-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
