package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

// findPgBouncer returns the path of PgBouncer, which PGBOUNCER names where it is not on the PATH, and its minor version: of 1.21,
// 21.
func findPgBouncer(t *testing.T) (path string, minor int) {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv("PGBOUNCER"), "pgbouncer"))
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/pgbouncer") // where Debian has it, which is seldom on the PATH
	}
	if err != nil {
		t.Skip("PgBouncer is not installed; apt-get install pgbouncer, or name it in PGBOUNCER")
	}
	out, err := exec.Command(path, "--version").Output()
	found := regexp.MustCompile(`PgBouncer 1\.(\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%s --version: %v, %s", path, err, out)
	}
	if minor, err = strconv.Atoi(string(found[1])); err != nil {
		t.Fatal(err)
	}
	return path, minor
}

// startPgBouncer runs PgBouncer in front of a server, with two sessions for all its clients, and returns the URI for the login
// role. settings are lines of its configuration.
func startPgBouncer(t *testing.T, pg *embedpg.Server, path, settings string) (uri string) {
	t.Helper()
	dir := openDir(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pgbouncer.ini")
	ini := fmt.Sprintf("[databases]\npostgres = host=%s port=%d\n[pgbouncer]\nlisten_addr =\nlisten_port = %d\nunix_socket_dir = %s\n"+
		"auth_type = trust\nauth_file = %s\ndefault_pool_size = 2\nmax_client_conn = 100\nlogfile = %s\n%s\n",
		pg.SocketDir(), pg.Port(), port, dir, filepath.Join(dir, "users"), filepath.Join(dir, "log"), settings)
	for name, text := range map[string]string{file: ini, filepath.Join(dir, "users"): "\"gate\" \"\"\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, file)
	if os.Geteuid() == 0 { // which PgBouncer refuses; the server's account may open its socket
		info, err := os.Stat(pg.DataDir())
		if err != nil {
			t.Fatal(err)
		}
		owner := info.Sys().(*syscall.Stat_t)
		if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not start: %s", out.String())
		}
	}
	return fmt.Sprintf("host=%s port=%d user=gate dbname=postgres sslmode=disable", dir, port)
}

// TestPgBouncer serves through PgBouncer in all its modes: answers stay right while callers of two roles share two sessions, and
// what code leaves in a session is not there for the next.
func TestPgBouncer(t *testing.T) {
	t.Parallel()
	path, minor := findPgBouncer(t)
	for _, c := range []struct{ name, bouncer, prepared string }{
		{"transaction mode", "pool_mode = transaction\nmax_prepared_statements = 0", "false"},
		{"transaction mode, not said", "pool_mode = transaction\nmax_prepared_statements = 0", "true"},
		{"transaction mode, prepared statements", "pool_mode = transaction\nmax_prepared_statements = 50", "true"},
		{"session mode", "pool_mode = session\ndefault_pool_size = 20\nmax_prepared_statements = 0", "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if minor < 21 {
				if strings.HasSuffix(c.bouncer, "50") {
					t.Skipf("PgBouncer 1.%d has no max_prepared_statements; 1.21 and newer do. Name one in PGBOUNCER", minor)
				}
				c.bouncer = strings.Replace(c.bouncer, "max_prepared_statements = 0", "", 1)
			}
			behindPgBouncer(t, path, c.bouncer, c.prepared)
		})
	}
}

func behindPgBouncer(t *testing.T, path, settings, prepared string) {
	t.Helper()
	pg := noteServer(t)
	admin := pg.URI(embedpg.Superuser, "postgres")
	p, url, _ := serveNotes(t, startPgBouncer(t, pg, path, settings),
		"PGRST_DB_PREPARED_STATEMENTS="+prepared, "PGRST_DB_CHANNEL_ENABLED=false", "PGRST_DB_POOL=8")
	l := startLoad(t, url, 6, 1000)
	l.strict.Store(true)
	var clients sync.WaitGroup
	for i := range 4 {
		c := newCaller(t, []string{"alice", "bob"}[i%2])
		clients.Go(func() {
			for n := range 40 {
				function, want := "found", `"nothing0"`
				switch {
				case i > 1:
				case n%3 == 2:
					function, want = "leave_and_fail", ""
				default:
					function, want = "leave", strconv.Quote(c.role)
				}
				r, err := c.send(t.Context(), http.MethodPost, url+"/rpc/"+function, "{}")
				if err != nil || want != "" && (r.status != http.StatusOK || r.body != want) || want == "" && r.code() != "22012" {
					t.Errorf("%s as %s: %v, %d %s", function, c.role, err, r.status, r.body)
				}
			}
		})
	}
	time.Sleep(300 * time.Millisecond)
	for _, typ := range []string{"bigint", "int", "bigint", "int"} {
		execSQL(t, admin, "alter table api.note alter size type "+typ)
		time.Sleep(100 * time.Millisecond)
	}
	clients.Wait()
	for range 3 { // the configuration is read through it, too
		if err := p.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		time.Sleep(150 * time.Millisecond)
	}
	l.awaitGood("the changes")
	l.stop()
	l.check(admin)
	if log := p.stderr.String(); strings.Contains(log, "could not reload") {
		t.Errorf("%s", log)
	}
	t.Logf("%d good answers", l.good.Load())
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, p.stderr.String())
	}
}
