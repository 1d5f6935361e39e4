package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

// status is the status of an answer that needs no token.
func status(t *testing.T, url string) int {
	t.Helper()
	code, _ := get(t, url, "")
	return code
}

// TestServeBeforeDatabase starts the program while PostgreSQL is down.
func TestServeBeforeDatabase(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	if err := pg.Halt(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p, url, admin := serveNotes(t, pg.URI("gate", "postgres"))
	alice := newCaller(t, "alice")
	for range 3 {
		r, err := alice.send(t.Context(), http.MethodGet, url+"/note", "")
		if err != nil || !r.unavailable() || r.code() != "PGRST002" {
			t.Errorf("without a database: %v, %d %v %s", err, r.status, r.header, r.body)
		}
	}
	// Who may do what is not known either, since the database may hold the secret and the anonymous role.
	if code, body := get(t, url+"/note", ""); code != http.StatusServiceUnavailable || !strings.Contains(body, "PGRST002") {
		t.Errorf("without a database and a token: %d %s", code, body)
	}
	if live, ready := status(t, admin+"/live"), status(t, admin+"/ready"); live != http.StatusOK || ready != http.StatusServiceUnavailable {
		t.Errorf("without a database: live %d, ready %d", live, ready)
	}
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil { // which must not harm it
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	if r, err := alice.send(t.Context(), http.MethodGet, url+"/note", ""); err != nil || r.header.Get("Retry-After") < "2" {
		t.Errorf("after seconds without a database: %v, Retry-After %s", err, r.header.Get("Retry-After"))
	}
	if err := pg.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for {
		r, err := alice.send(t.Context(), http.MethodGet, url+"/note?select=id", "")
		if err == nil && r.status == http.StatusOK && r.body == `[{"id":1}]` {
			break
		}
		if err != nil || !r.unavailable() || time.Since(began) > 30*time.Second {
			t.Fatalf("after the database came up: %v, %d %s", err, r.status, r.body)
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("the first good answer came %s after PostgreSQL", time.Since(began).Round(time.Millisecond))
	if ready := status(t, admin+"/ready"); ready != http.StatusOK {
		t.Errorf("with a database: ready %d", ready)
	}
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d", status)
	}
}

// TestRestartsUnderLoad stops, crashes and starts PostgreSQL while clients read and write.
func TestRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	admin := pg.URI(embedpg.Superuser, "postgres")
	for _, channel := range []string{"true", "false"} {
		p, url, adminURL := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_DB_CHANNEL_ENABLED="+channel)
		l := startLoad(t, url, 8, int64(1_000_000*len(channel)))
		l.awaitGood("the start")
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
			if err := pg.Halt(sig); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond)
			if ready := status(t, adminURL+"/ready"); ready != http.StatusServiceUnavailable {
				t.Errorf("after %v: ready %d", sig, ready)
			}
			if err := pg.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Logf("channel %s, %v: the first good answer came %s after PostgreSQL", channel, sig, l.awaitGood("the restart").Round(time.Millisecond))
		}
		for range 3 { // PostgreSQL ends all backends when one is killed, and recovers
			var backend int
			if backend = queryInt(t, admin, "select coalesce(max(pid), 0) from pg_stat_activity where usename = 'gate' and query like '%note%'"); backend == 0 {
				continue
			}
			if err := syscall.Kill(backend, syscall.SIGKILL); err != nil {
				t.Logf("kill: %v", err)
			}
			time.Sleep(50 * time.Millisecond)
			t.Logf("channel %s, kill -9: a good answer %s later", channel, l.awaitGood("kill -9").Round(time.Millisecond))
			time.Sleep(500 * time.Millisecond)
		}
		execSQL(t, admin, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gate'")
		l.awaitGood("pg_terminate_backend")
		time.Sleep(2 * time.Second)
		l.strict.Store(true) // all has healed
		time.Sleep(500 * time.Millisecond)
		l.stop()
		l.check(admin)
		t.Logf("channel %s: %d good answers, %d refused", channel, l.good.Load(), l.failed.Load())
		if status := p.end(syscall.SIGTERM); status != exitOK {
			t.Errorf("status %d: %s", status, p.stderr.String())
		}
	}
}

// TestFailover lets a standby take over, which a URI of two hosts names.
func TestFailover(t *testing.T) {
	t.Parallel()
	first := noteServer(t)
	second, err := first.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Stop(context.Background()) })
	uri := "host=" + first.SocketDir() + "," + second.SocketDir() + " user=gate dbname=postgres sslmode=disable target_session_attrs=read-write port=" +
		ports(first, second)
	p, url, _ := serveNotes(t, uri)
	l := startLoad(t, url, 6, 1000)
	l.awaitGood("the start")
	// What was acknowledged last may not have reached the standby: replication is asynchronous.
	l.strict.Store(true)
	time.Sleep(time.Second)
	l.strict.Store(false)
	if err := first.Halt(syscall.SIGINT); err != nil { // which sends all to the standby before it ends
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	admin := second.URI(embedpg.Superuser, "postgres")
	execSQL(t, admin, "select pg_promote()")
	t.Logf("the first good answer came %s after the promotion", l.awaitGood("the promotion").Round(time.Millisecond))
	execSQL(t, admin, "create table api.later (id int); grant select on api.later to alice; notify pgrst, 'reload schema'")
	alice := newCaller(t, "alice")
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r, err := alice.send(t.Context(), http.MethodGet, url+"/later", "")
		if err == nil && r.status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not listen at the new primary: %v, %d %s", err, r.status, r.body)
		}
	}
	l.strict.Store(true)
	time.Sleep(500 * time.Millisecond)
	l.stop()
	l.check(admin)
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, p.stderr.String())
	}
}

func ports(servers ...*embedpg.Server) string {
	text := ""
	for i, s := range servers {
		if i > 0 {
			text += ","
		}
		text += strconv.Itoa(s.Port())
	}
	return text
}

// TestWithoutRecovery ends the program with an error when the database is lost, as db-pool-automatic-recovery says, and checks
// what else ends it.
func TestWithoutRecovery(t *testing.T) {
	t.Parallel()
	pg := noteServer(t)
	p, _, _ := serveNotes(t, pg.URI("gate", "postgres"), "PGRST_DB_POOL_AUTOMATIC_RECOVERY=false")
	p.await(&p.stderr, `"msg":"listening for notifications"`)
	execSQL(t, pg.URI(embedpg.Superuser, "postgres"), "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gate'")
	p.await(&p.stderr, `^postern: .*db-pool-automatic-recovery.*$`)
	<-p.ended
	if status := p.cmd.ProcessState.ExitCode(); status != exitFailure {
		t.Errorf("status %d", status)
	}
	for parameter, why := range map[string]string{"password=wrong": "password authentication failed", "no_such_setting=1": "no_such_setting"} {
		wrong := startProgram(t, []string{"PGRST_DB_URI=" + pg.TCPURI("postgres") + "&" + parameter}, "serve")
		wrong.await(&wrong.stderr, `^postern: .*`+why+`.*$`)
		<-wrong.ended
		if status := wrong.cmd.ProcessState.ExitCode(); status != exitFailure {
			t.Errorf("%s: status %d", parameter, status)
		}
	}
}
