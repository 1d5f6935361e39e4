package main

import (
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

// runProgram carries out a command line to its end, with parameters in the environment.
func runProgram(t *testing.T, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := startProgram(t, environ, args...)
	<-p.ended
	return p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()
}

// TestAsPostgREST starts the program as PostgREST is started, with a database behind it.
func TestAsPostgREST(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, pgtest.Role("visitor", ""), pgtest.Role("gate", "login noinherit"), shop)
	db.Exec(t, `do $$ begin execute format('alter role gate in database %I set pgrst.db_max_rows = ''77''', current_database()); end $$`)
	const jwt = "only-for-tests-only-for-tests-only-for-tests"
	conf := "db-uri = \"" + db.URI("gate") + "\"\ndb-schemas = \"api\"\ndb-anon-role = \"visitor\"\nserver-host = \"127.0.0.1\"\n" +
		"server-port = 0\njwt-secret = \"" + jwt + "\"\nadmin-server-port = " + admin + "\n"
	file := filepath.Join(t.TempDir(), "postgrest.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "http://127.0.0.1:" + admin + "/ready"

	if status, stdout, stderr := runProgram(t, nil, "--ready", file); status != 1 || stdout != "" || !strings.Contains(stderr, "ERROR: connection refused to "+url) {
		t.Errorf("--ready before the start: %d %s %s", status, stdout, stderr)
	}
	p := startProgram(t, nil, file)
	p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
	for _, args := range [][]string{{"--ready", file}, {file, "--ready"}, {"ready", "--config", file}} {
		if status, stdout, stderr := runProgram(t, nil, args...); status != 0 || stdout != "OK: "+url+"\n" {
			t.Errorf("%v: %d %s %s", args, status, stdout, stderr)
		}
	}
	if status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("status %d: %s", status, p.stderr.String())
	}

	status, dumped, stderr := runProgram(t, nil, "--dump-config", file)
	if status != 0 || !strings.Contains(dumped, "\ndb-max-rows = 77\n") || !strings.Contains(dumped, jwt) {
		t.Errorf("--dump-config: %d %s %s", status, dumped, stderr)
	}
	_, shown, _ := runProgram(t, nil, "config", file)
	if strings.Contains(shown, jwt) || !strings.Contains(shown, "db-max-rows = 77 ") || !strings.Contains(shown, "pgrst.db_max_rows") {
		t.Errorf("config: %s", shown)
	}
	if _, shown, _ := runProgram(t, nil, "config", "--offline", file); strings.Contains(shown, "db-max-rows = 77") {
		t.Errorf("config --offline asks the database: %s", shown)
	}
	unreachable := []string{"PGRST_DB_URI=postgresql://gate@127.0.0.1:1/none"}
	if status, shown, stderr := runProgram(t, unreachable, "config", file); status != 0 || !strings.Contains(shown, "server-port") ||
		!strings.Contains(stderr, "what the database sets is not shown") {
		t.Errorf("config without a database: %d %s %s", status, shown, stderr)
	}
	// What was dumped reads back as the same.
	again := filepath.Join(t.TempDir(), "again.conf")
	if err := os.WriteFile(again, []byte(dumped), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, twice, stderr := runProgram(t, nil, "--dump-config", again); twice != dumped {
		t.Errorf("dumped again: %s %s", twice, stderr)
	}

	for _, args := range [][]string{{"--dump-schema", file}, {"schema", "--config", file}} {
		var cache map[string][]json.RawMessage
		status, stdout, stderr := runProgram(t, nil, args...)
		if err := json.Unmarshal([]byte(stdout), &cache); status != 0 || err != nil || len(cache["dbTables"]) != 1 {
			t.Errorf("%v: %d %v %s %s", args, status, err, stdout, stderr)
		}
	}
	if status, stdout, stderr := runProgram(t, unreachable, "--dump-schema", file); status != 1 || stdout != "" || !strings.Contains(stderr, "127.0.0.1:1") {
		t.Errorf("--dump-schema without a database: %d %s %s", status, stdout, stderr)
	}

	// Nothing but the environment, as in a container.
	environ := []string{"PGRST_DB_URI=" + db.URI("gate"), "PGRST_DB_SCHEMAS=api", "PGRST_SERVER_HOST=127.0.0.1", "PGRST_SERVER_PORT=0"}
	bare := startProgram(t, environ)
	bare.await(&bare.stderr, `"msg":"listening"`)
	bare.end(syscall.SIGTERM)
}

func TestReadyRefusals(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string]string{
		"PGRST_SERVER_PORT=3000":       "ERROR: Admin server is not running. Please check admin-server-port config",
		"PGRST_ADMIN_SERVER_PORT=3999": "ERROR: The `--ready` flag cannot be used when server-host is configured as \"!4\"",
	} {
		if status, _, stderr := runProgram(t, []string{environ}, "--ready"); status != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %s", environ, status, stderr)
		}
	}
}

// TestReadyAsksLoopback checks the command of the Dockerfile's HEALTHCHECK against hosts that stand for all addresses.
func TestReadyAsksLoopback(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"", "!4", "*", "*4", "*6", "0.0.0.0"} {
		admin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(admin.Close)
		_, port, err := net.SplitHostPort(admin.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		environ := []string{"PGRST_ADMIN_SERVER_PORT=" + port, "PGRST_SERVER_HOST=" + host}
		if status, stdout, stderr := runProgram(t, environ, "ready"); status != exitOK || !strings.HasPrefix(stdout, "OK: http://") {
			t.Errorf("%q: %d %s %s", host, status, stdout, stderr)
		}
	}
}

func TestFlagsOfPostgREST(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-v": "postern ", "--version": "postern ", "-e": "# db-schemas", "--example": "# db-schemas", "config -e": "# db-schemas",
		"": "Start here:", "--help": "As PostgREST:",
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), strings.Fields(args), &stdout, &stderr)
		if status != exitOK || !strings.Contains(stdout.String(), want) {
			t.Errorf("%q: %d %s %s", args, status, stdout.String(), stderr.String())
		}
	}
	for args, want := range map[string]int{
		"--version +RTS -T -RTS": exitOK, "+RTS -T -RTS --version": exitOK, "--version +RTS -T": exitOK,
		"--dump-config --dump-schema": exitUsage, "--ready --dump-config": exitUsage,
	} {
		var stdout, stderr bytes.Buffer
		if status := run(t.Context(), strings.Fields(args), &stdout, &stderr); status != want ||
			want == exitUsage && !strings.Contains(stderr.String(), "exclude each other") {
			t.Errorf("%q: %d %s %s", args, status, stdout.String(), stderr.String())
		}
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"config", "a.conf", "--config", "b.conf"}, &stdout, &stderr); status != exitUsage {
		t.Errorf("two files: %d %s", status, stderr.String())
	}
}
