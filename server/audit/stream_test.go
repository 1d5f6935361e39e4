package audit_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/postern-db/postern/server/audit"
)

// subjects are the subjects of the lines of a file, each of which must be JSON.
func subjects(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var found []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var e struct{ Subject string }
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %q: %v", path, lines.Text(), err)
		}
		found = append(found, e.Subject)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	for _, run := range []string{"first", "second"} {
		l, _ := open(t, audit.Config{Destination: path})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 250 {
					l.Write(&audit.Entry{Subject: run})
				}
			})
		}
		wg.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if s := l.Stats(); s != (audit.Stats{Written: 2000}) {
			t.Errorf("%+v", s)
		}
	}
	if n := len(subjects(t, path)); n != 4000 {
		t.Errorf("%d lines", n)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, destination := range map[string]string{
		"nothing":               "",
		"a table without a way": "table",
		"a folder":              dir,
		"no folder":             filepath.Join(dir, "none", "audit.log"),
		"a pipe nobody reads":   fifo,
	} {
		if l, err := audit.New(audit.Config{Destination: destination}); err == nil || !strings.HasPrefix(err.Error(), "audit: ") {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
}

// TestRotation renames the file, as logrotate does, while lines are written. None is lost.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.log")
	l, _ := open(t, audit.Config{Destination: path})
	const lines = 3000
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range lines {
			l.Write(&audit.Entry{Subject: fmt.Sprint(i)})
		}
	})
	var found []string
	for i := range 5 {
		await(t, "some lines", func() bool { return l.Stats().Written > uint64(i*lines/10) })
		if err := os.Rename(path, fmt.Sprintf("%s.%d", path, i)); err != nil {
			t.Fatal(err)
		}
		if err := l.Reopen(); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		found = append(found, subjects(t, fmt.Sprintf("%s.%d", path, i))...)
	}
	found = append(found, subjects(t, path)...)
	if len(found) != lines {
		t.Fatalf("%d lines", len(found))
	}
	for i, subject := range found {
		if subject != fmt.Sprint(i) {
			t.Fatalf("line %d is %s", i, subject)
		}
	}
}

func TestReopenFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "logs")
	path := filepath.Join(dir, "audit.log")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, audit.Config{Destination: path})
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err == nil {
		t.Error("a file in a folder that is not there was opened")
	}
	l.Write(&audit.Entry{Subject: "goes on"})
	await(t, "the line", written(1, l))
	if got := subjects(t, filepath.Join(dir+".old", "audit.log")); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

// TestTornLine starts with a file whose last line was never ended.
func TestTornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(`{"subject":"a"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, audit.Config{Destination: path})
	l.Write(&audit.Entry{Subject: "b"})
	await(t, "the line", written(1, l))
	if got := fmt.Sprint(subjects(t, path)); got != "[a b]" {
		t.Errorf("got %s", got)
	}
}

// disk is a writer with little room.
type disk struct {
	buffer
	room int
}

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(d.room, len(p))
	d.room -= n
	d.b.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// TestDiskHasRoomAgain runs out of room within a line. That line is written again, whole, and no other twice.
func TestDiskHasRoomAgain(t *testing.T) {
	t.Parallel()
	for _, room := range []int{0, 1, 300, 1000, 5000} {
		t.Run(fmt.Sprint(room), func(t *testing.T) {
			t.Parallel()
			out := &disk{room: room}
			l, events := open(t, audit.Config{Destination: "stdout", Stdout: out})
			for i := range 30 {
				l.Write(&audit.Entry{Subject: fmt.Sprint(i)})
			}
			await(t, "a full disk", func() bool { return strings.Contains(events.String(), "cannot be written") })
			out.mu.Lock()
			out.room = 1 << 30
			out.mu.Unlock()
			await(t, "all lines", written(30, l))
			i, torn := 0, 0
			for line := range strings.Lines(out.String()) {
				var e struct{ Subject string }
				if json.Unmarshal([]byte(line), &e) != nil {
					torn++
					continue
				}
				if e.Subject != fmt.Sprint(i) {
					t.Errorf("line %d is %s", i, line)
				}
				i++
			}
			if i != 30 || torn > 1 {
				t.Errorf("%d lines, %d torn", i, torn)
			}
		})
	}
}

// processEnv makes TestProcess, in a child process, write to the file it names.
const processEnv = "AUDIT_TEST_FILE"

// TestProcess is one of the processes of TestProcesses.
func TestProcess(t *testing.T) {
	t.Parallel()
	path := os.Getenv(processEnv)
	if path == "" {
		return
	}
	l, _ := open(t, audit.Config{Destination: path})
	for i := range 2000 {
		l.Write(&audit.Entry{Subject: strings.Repeat("x", i)})
	}
}

// TestProcesses has several processes write lines of all lengths to one file.
func TestProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.log")
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcess$")
			cmd.Env = append(os.Environ(), processEnv+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if n := len(subjects(t, path)); n != 6000 {
		t.Errorf("%d lines", n)
	}
}
