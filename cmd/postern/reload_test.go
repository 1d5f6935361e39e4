package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

// TestReloadUnderLoad changes tables and parameters and reloads in all ways while clients read and write: nobody notices.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	admin := pg.URI(embedpg.Superuser, "postgres")
	file := filepath.Join(t.TempDir(), "postern.conf")
	write := func(lines string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("log-level = \"error\"\n"+lines), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	p := startProgram(t, []string{
		"PGRST_DB_URI=" + pg.URI("gate", "postgres"), "PGRST_DB_SCHEMAS=api", "PGRST_JWT_SECRET=" + loadSecret, "PGRST_SERVER_HOST=127.0.0.1",
		"PGRST_SERVER_PORT=0",
	}, "serve", "--config", file)
	url := "http://" + p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
	l := startLoad(t, url, 6, 1000)
	l.strict.Store(true)
	l.awaitGood("the start")
	signal := func(sig syscall.Signal) {
		t.Helper()
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	for range 8 {
		for _, typ := range []string{"bigint", "int"} {
			execSQL(t, admin, "alter table api.note alter size type "+typ)
			signal(syscall.SIGUSR1)
			signal(syscall.SIGUSR2)
			execSQL(t, admin, "notify pgrst; notify pgrst, 'reload schema'; notify pgrst, 'reload config'")
			time.Sleep(20 * time.Millisecond)
		}
	}
	l.awaitGood("the changes")

	// Another channel, a limit, and a parameter that takes a restart.
	write("db-channel = \"other\"\ndb-prepared-statements = false\ndb-max-rows = 1\ndb-pool = 3\nserver-port = 1\n")
	signal(syscall.SIGUSR2)
	p.await(&p.stderr, `only after a restart","parameters":"db-pool"`) // server-port is set in the environment
	p.await(&p.stderr, `"msg":"listening for notifications","channel":"other"`)
	execSQL(t, admin, "create table api.later (id int); grant select on api.later to alice; notify other, 'reload schema'")
	alice := newCaller(t, "alice")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		r, err := alice.send(t.Context(), http.MethodGet, url+"/later", "")
		if err == nil && r.status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new channel is not heard: %v, %d %s\n%s", err, r.status, r.body, p.stderr.String())
		}
	}
	write("db-channel-enabled = false\nlog-level = \"nonsense\"\n") // which is refused as a whole
	signal(syscall.SIGUSR2)
	p.await(&p.stderr, `could not reload the configuration.*nonsense`)
	time.Sleep(200 * time.Millisecond)
	l.stop()
	l.check(admin)
	if n := strings.Count(p.stderr.String(), "schema cache loaded"); n < 2 {
		t.Errorf("it was reloaded %d times", n)
	}
	t.Logf("%d good answers", l.good.Load())
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
}
