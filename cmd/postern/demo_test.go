package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const demoIsReady = `^Ctrl-C ends it`

// The demo says what it does, its three commands can be pasted, and Ctrl-C leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := startProgram(t, nil, "demo", "--port", "0")
	p.await(&p.stdout, demoIsReady)
	shown := p.stdout.String()
	for _, step := range []string{"finding PostgreSQL", "initialising", "starting", "migrating 001_roles.sql", "migrating 002_chat.sql", "listening on http://127.0.0.1:", "alice eyJ", "bob   eyJ"} {
		if !strings.Contains(shown, step) {
			t.Errorf("it does not say %q:\n%s", step, shown)
		}
	}
	curls := regexp.MustCompile(`(?m)^curl .+$`).FindAllString(shown, -1)
	wants := []string{
		`^\[\{.*"message_subject":"Lunch\?".*\},\s+\{.*"message_subject":"Re: Lunch\?".*\}\]$`,
		`^\[\{.*"message_from":"bob","message_to":"alice","message_subject":"Hello".*\}\]$`,
		`^\{"code":"42501",.*\}$`,
	}
	if len(curls) != len(wants) {
		t.Fatalf("there are %d commands:\n%s", len(curls), shown)
	}
	for i, want := range wants {
		out, err := exec.Command("sh", "-c", curls[i]).CombinedOutput()
		if err != nil || !regexp.MustCompile(want).Match(out) {
			t.Errorf("%s\nprints %s, error %v, want %s", curls[i], out, err, want)
		}
	}

	work := workFolder(shown)
	pid, _, _ := postmaster(t, filepath.Join(work, "data"))
	if status := p.end(syscall.SIGINT); status != 0 {
		t.Errorf("status %d, %s", status, p.stderr.String())
	}
	if p.stderr.String() != "" {
		t.Errorf("on stderr: %s", p.stderr.String())
	}
	gone(t, pid)
	if _, err := os.Stat(work); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", work, err)
	}
}

// --data keeps messages and the secret, so tokens too, and the second start has little to do.
func TestDemoData(t *testing.T) {
	t.Parallel()
	data := filepath.Join(openDir(t), "chat")
	p := startProgram(t, nil, "demo", "--port", "0", "--data", data)
	url := p.await(&p.stdout, `^listening on (\S+)$`)
	alice := p.await(&p.stdout, `^alice (\S+)$`)
	if status, body := get(t, url+"/chat?select=message_subject&message_from=eq.alice", alice); status != http.StatusOK || body != `[{"message_subject":"Lunch?"}]` {
		t.Errorf("got %d %s", status, body)
	}

	// Meanwhile nobody else can have it.
	other := startProgram(t, nil, "demo", "--port", "0", "--data", data)
	other.await(&other.stderr, `\Apostern: .*already running.*\n\z`)
	<-other.ended
	if status := other.cmd.ProcessState.ExitCode(); status != exitFailure {
		t.Errorf("the second demo ended with status %d", status)
	}
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d, %s", status, p.stderr.String())
	}

	began := time.Now()
	p = startProgram(t, nil, "demo", "--port", "0", "--data", data)
	url = p.await(&p.stdout, `^listening on (\S+)$`)
	t.Logf("the second start took %s", time.Since(began)) // meant to be under 2 s, which a busy machine cannot promise
	p.await(&p.stdout, "The database and the secret stay in "+regexp.QuoteMeta(data))
	if strings.Contains(p.stdout.String(), "migrating") {
		t.Errorf("it migrates again:\n%s", p.stdout.String())
	}
	if status, body := get(t, url+"/chat?select=message_subject&message_from=eq.alice", alice); status != http.StatusOK || body != `[{"message_subject":"Lunch?"}]` {
		t.Errorf("with the token of before: %d %s", status, body)
	}
	info, err := os.Stat(filepath.Join(data, secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file is %v, error %v", info.Mode(), err)
	}
	if status := p.end(syscall.SIGINT); status != 0 {
		t.Errorf("status %d, %s", status, p.stderr.String())
	}
}

// Ctrl-C ends the demo in time even if a request hangs in the database.
func TestDemoEndsHangingRequests(t *testing.T) {
	t.Parallel()
	p := startProgram(t, nil, "demo", "--port", "0")
	url := p.await(&p.stdout, `^listening on (\S+)$`)
	alice := p.await(&p.stdout, `^alice (\S+)$`)
	work := workFolder(p.stdout.String())
	pid, port, socketDir := postmaster(t, filepath.Join(work, "data"))
	conn, err := pgx.Connect(t.Context(), fmt.Sprintf("host=%s port=%s user=postgres dbname=chat", socketDir, port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "begin; lock table api.chat"); err != nil {
		t.Fatal(err)
	}
	hanging := make(chan struct{})
	go func() {
		defer close(hanging)
		req, err := http.NewRequest(http.MethodGet, url+"/chat", nil)
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+alice)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	for waiting := false; !waiting; time.Sleep(5 * time.Millisecond) {
		if err := conn.QueryRow(t.Context(), "select exists (select from pg_locks where not granted)").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	p.end(syscall.SIGINT)
	<-hanging
	gone(t, pid)
	if _, err := os.Stat(work); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", work, err)
	}
}

// Ctrl-C during the start leaves nothing either.
func TestDemoInterruptedStart(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"initialising", "starting", "migrating"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			p := startProgram(t, nil, "demo", "--port", "0")
			p.await(&p.stdout, step)
			status := p.end(syscall.SIGINT)
			if got := p.stderr.String(); status != exitOK && (status != exitFailure || got != "postern: interrupted\n") {
				t.Errorf("status %d, %s", status, got)
			}
			if work := workFolder(p.stdout.String()); work != "" {
				if _, err := os.Stat(work); !os.IsNotExist(err) {
					t.Errorf("%s is left: %v", work, err)
				}
			}
		})
	}
}

// When PostgreSQL ends by itself, so does the demo.
func TestDemoWithoutDatabase(t *testing.T) {
	t.Parallel()
	p := startProgram(t, nil, "demo", "--port", "0")
	p.await(&p.stdout, demoIsReady)
	pid, _, _ := postmaster(t, filepath.Join(workFolder(p.stdout.String()), "data"))
	var number int
	if _, err := fmt.Sscan(pid, &number); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.await(&p.stderr, `^postern: the private PostgreSQL ended by itself$`)
	<-p.ended
	if status := p.cmd.ProcessState.ExitCode(); status != exitFailure {
		t.Errorf("status %d", status)
	}
}

func TestDemoPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := startProgram(t, nil, "demo", "--port", port)
	p.await(&p.stderr, `\Apostern: cannot listen on port `+port+`; choose another with --port: .*address already in use\n\z`)
	<-p.ended
	if status := p.cmd.ProcessState.ExitCode(); status != exitFailure || p.stdout.String() != "" {
		t.Errorf("status %d, output %s", status, p.stdout.String())
	}
}

// --open hands the address to the desktop.
func TestDemoOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	for _, name := range []string{"xdg-open", "open"} {
		script := "#!/bin/sh\necho \"$1\" > '" + opened + ".new' && mv '" + opened + ".new' '" + opened + "'\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	p := startProgram(t, []string{"PATH=" + dir + ":" + os.Getenv("PATH")}, "demo", "--port", "0", "--open")
	url := p.await(&p.stdout, `^listening on (\S+)$`)
	var got []byte
	for deadline := time.Now().Add(20 * time.Second); got == nil && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		got, _ = os.ReadFile(opened)
	}
	if strings.TrimSpace(string(got)) != url {
		t.Errorf("opened %q, want %q", got, url)
	}
	if status := p.end(syscall.SIGINT); status != 0 {
		t.Errorf("status %d, %s", status, p.stderr.String())
	}
}
