package mdtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds a block; the first may compile the program.
const patience = 5 * time.Minute

// shell is a bash that runs blocks one after the other.
type shell struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	dir    string // for the outputs of what runs in the background
	jobs   []job
}

// job is a block in the background: a process group of its own, as on a terminal.
type job struct {
	pid    string
	output string // a file
}

// mark ends the output of a block, before its status.
const mark = "mdtest-7d0f3a-end"

func openShell(t *testing.T, o Options) *shell {
	t.Helper()
	s := &shell{t: t, dir: t.TempDir(), cmd: exec.Command("bash", "--norc", "--noprofile")}
	s.cmd.Dir = o.Dir
	s.cmd.Env = append(os.Environ(), o.Env...)
	// A group of its own, to be ended with all that it left behind.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r, w := io.Pipe()
	s.cmd.Stdout, s.cmd.Stderr = w, w
	s.stdout = bufio.NewReader(r)
	var err error
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		_ = w.Close()
	}()
	s.script("set -m")
	return s
}

// run runs a block to its end and returns its output.
func (s *shell) run(b block) string {
	s.t.Helper()
	output, failed := s.script("trap 'mdtest_failed=$?' ERR\n" + b.script)
	if failed != "0" {
		s.t.Fatalf("line %d: a command ended with status %s; the output is\n%s", b.line, failed, output)
	}
	return output
}

// background starts a block and waits for the text in its output.
func (s *shell) background(b block) string {
	s.t.Helper()
	file := filepath.Join(s.dir, fmt.Sprint("output-", b.line))
	pid, _ := s.script("{ " + b.script + "\n} </dev/null >'" + file + "' 2>&1 &\necho $!")
	lines := strings.Fields(pid)
	if len(lines) == 0 {
		s.t.Fatalf("line %d: the block was not started", b.line)
	}
	j := job{pid: lines[len(lines)-1], output: file}
	s.jobs = append(s.jobs, j)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		output, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(output), b.background) {
			break
		}
		if time.Now().After(deadline) || !s.alive(j) {
			s.t.Fatalf("line %d: waited in vain for %q; the output is\n%s", b.line, b.background, output)
		}
	}
	time.Sleep(50 * time.Millisecond) // for the lines after it
	output, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, pattern := range b.captures {
		found := regexp.MustCompile("(?m)" + pattern).FindStringSubmatch(string(output))
		if len(found) < 2 {
			s.t.Fatalf("line %d: nothing matches %q in\n%s", b.line, pattern, output)
		}
		s.script(name + "='" + found[1] + "'")
	}
	return string(output)
}

func (s *shell) alive(j job) bool {
	_, status := s.script("kill -0 " + j.pid)
	return status == "0"
}

// script sends commands and reads up to the mark after them. status is that of the last command that failed, else 0.
func (s *shell) script(text string) (output, status string) {
	s.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	if _, err := fmt.Fprintf(s.stdin, "mdtest_failed=0\n%s\nprintf '\\n%%s %%s\\n' %s \"${mdtest_failed}\"\n", text, mark); err != nil {
		s.t.Fatalf("write to bash: %v", err)
	}
	var b strings.Builder
	for {
		line, err := s.stdout.ReadString('\n')
		if rest, ok := strings.CutPrefix(line, mark+" "); ok {
			return strings.TrimSuffix(b.String(), "\n"), strings.TrimSpace(rest)
		}
		b.WriteString(line)
		if err != nil {
			s.t.Fatalf("bash ended; the output is\n%s", b.String())
		}
	}
}

// close ends the jobs as Ctrl-C does, the last first, and then bash.
func (s *shell) close() {
	for i := len(s.jobs) - 1; i >= 0; i-- {
		s.interrupt(s.jobs[i])
	}
	_ = s.stdin.Close()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM) // it may have ended
}

func (s *shell) interrupt(j job) {
	var pid int
	if _, err := fmt.Sscan(j.pid, &pid); err != nil || pid <= 1 {
		s.t.Errorf("%q is not the number of a process", j.pid)
		return
	}
	_ = syscall.Kill(-pid, syscall.SIGINT) // it may have ended
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(-pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Errorf("process %d runs on after Ctrl-C", pid)
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			return
		}
	}
}
