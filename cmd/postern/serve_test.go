package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
)

const shop = `create schema api;
grant usage on schema api to visitor;
create table api.item (name text);
grant select on api.item to visitor;
insert into api.item values ('tea'), ('tea');
grant visitor to gate;`

// get sends a request and returns the answer. token may be "".
func get(t *testing.T, url, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// serve serves until a signal; it reloads on others.
func TestServe(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("visitor", ""), pgtest.Role("gate", "login noinherit"), shop)
	file := filepath.Join(t.TempDir(), "postgrest.conf")
	conf := `db-uri = "` + db.URI("gate") + `"
db-schemas = "api"
db-anon-role = "visitor"
db-channel-enabled = false
server-host = "127.0.0.1"
server-port = 0
`
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--config", file}, {"serve", file}, {file}} {
		p := startProgram(t, nil, args...)
		url := "http://" + p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
		if status, body := get(t, url+"/item", ""); status != http.StatusOK || body != "[{\"name\":\"tea\"},\n {\"name\":\"tea\"}]" {
			t.Errorf("%v: got %d %s", args, status, body)
		}
		if status := p.end(syscall.SIGTERM); status != 0 {
			t.Errorf("%v: status %d, %s", args, status, p.stderr.String())
		}
	}

	p := startProgram(t, nil, file)
	url := "http://" + p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
	db.Exec(t, `create table api.later (n int); insert into api.later values (1); grant select on api.later to visitor`)
	if status, _ := get(t, url+"/later", ""); status != http.StatusNotFound {
		t.Errorf("before the reload: status %d", status)
	}
	signalUntil(t, p, syscall.SIGUSR1, func() bool {
		status, _ := get(t, url+"/later", "")
		return status == http.StatusOK
	})
	if err := os.WriteFile(file, []byte(conf+"db-max-rows = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	signalUntil(t, p, syscall.SIGUSR2, func() bool {
		_, body := get(t, url+"/item", "")
		return body == `[{"name":"tea"}]`
	})
	if status := p.end(syscall.SIGINT); status != 0 {
		t.Errorf("status %d, %s", status, p.stderr.String())
	}
	for _, line := range []string{
		`"msg":"starting Postern","version":"`, `"msg":"schema cache loaded",.*"took":"[0-9.]+m?s","postgresql":"1[0-9]`,
		`"msg":"shutting down","cause":"SIGINT"`,
	} {
		if !regexp.MustCompile(line).MatchString(p.stderr.String()) {
			t.Errorf("no %s in the log: %s", line, p.stderr.String())
		}
	}
}

// signalUntil sends a signal and waits for what it is to bring about.
func signalUntil(t *testing.T, p *process, sig syscall.Signal, ok func() bool) {
	t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%v has no effect: %s", sig, p.stderr.String())
		}
	}
}

func TestServePortInUse(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("visitor", ""), pgtest.Role("gate", "login noinherit"), shop)
	environ := []string{"PGRST_DB_URI=" + db.URI("gate"), "PGRST_DB_SCHEMAS=api", "PGRST_SERVER_HOST=127.0.0.1", "PGRST_SERVER_PORT=0"}
	first := startProgram(t, environ, "serve")
	address := first.await(&first.stderr, `"msg":"listening","address":"127.0.0.1:(\d+)"`)
	environ[3] = "PGRST_SERVER_PORT=" + address
	second := startProgram(t, environ, "serve")
	second.await(&second.stderr, `^postern: .*address already in use$`)
	<-second.ended
	if status := second.cmd.ProcessState.ExitCode(); status != exitFailure {
		t.Errorf("status %d", status)
	}
}

// TestLogReadersGo checks that the program goes on when what reads its logs ends.
func TestLogReadersGo(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(openDir(t), "s")
	p := newProcess(t, []string{
		"PGRST_DB_URI=host=/nowhere user=gate dbname=postgres", "PGRST_LOG_LEVEL=info", "PGRST_SERVER_UNIX_SOCKET=" + socket,
	}, "serve")
	for _, stream := range []*io.Writer{&p.cmd.Stdout, &p.cmd.Stderr} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		*stream = writer
	}
	p.start()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	answered := func() bool {
		r, err := client.Get("http://postern/")
		return err == nil && r.Body.Close() == nil && r.StatusCode == http.StatusServiceUnavailable
	}
	for deadline := time.Now().Add(time.Minute); !answered() && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	for range 20 {
		if !answered() {
			t.Fatal("no answer")
		}
		time.Sleep(20 * time.Millisecond) // until the line is written
	}
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
}
