package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/embedpg"
)

var soak = flag.Duration("soak", 0, "how long TestSoak loads the program, 2m for example")

// figures are what a process must not have ever more of.
type figures struct{ goroutines, descriptors, memory float64 } // memory in MiB

// measure reads them.
func measure(t *testing.T, p *process, admin string) (f figures) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	f.descriptors = float64(len(entries))
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	f.memory = number(t, status, `VmRSS:\s+(\d+) kB`) / 1024
	_, metrics := get(t, admin+"/metrics", "")
	f.goroutines = number(t, []byte(metrics), `(?m)^go_goroutines (\S+)$`)
	return f
}

func number(t *testing.T, text []byte, pattern string) float64 {
	t.Helper()
	found := regexp.MustCompile(pattern).FindSubmatch(text)
	if found == nil {
		t.Fatalf("there is no %s", pattern)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSoak loads the program for a while with all that it is likely to meet: reads and writes, errors, large answers, tokens
// that are new each time, clients that hang up, connections that are used once, reloads, and backends that are ended. Goroutines,
// descriptors and memory must not grow.
func TestSoak(t *testing.T) {
	t.Parallel()
	if *soak == 0 {
		t.Skip("it takes long: run it with -soak=2m")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the figures of a process are read from /proc")
	}
	pg := noteServer(t)
	uri := pg.URI(embedpg.Superuser, "postgres")
	execSQL(t, uri, "create table api.big as select n, repeat('x', 400) as text from generate_series(1, 5000) n; grant select on api.big to alice, bob")
	p, url, admin := serveNotes(t, pg.URI("gate", "postgres"))
	l := startLoad(t, url, 4, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	every := func(pause time.Duration, do func(n int)) {
		others.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				do(n)
				time.Sleep(pause)
			}
		})
	}
	stop := func() {
		cancel()
		others.Wait()
		l.stop()
	}
	defer stop()
	var cut, ended atomic.Int64 // answers, and at most so many backends, which may be in the middle of one that is streamed
	once := newCaller(t, "alice")
	once.client.Transport.(*http.Transport).DisableKeepAlives = true
	every(5*time.Millisecond, func(n int) {
		path := []string{
			"/big?limit=4000", "/note?id=eq." + strconv.Itoa(n), "/note?select=nothing", "/rpc/found", "/", "/nowhere",
			"/note?select=id,id" + strconv.Itoa(n%700) + ":id&limit=1", "/note?id=lt.(", "/big?select=n&order=n.desc&limit=10",
		}[n%9]
		switch r, err := once.send(ctx, http.MethodGet, url+path, ""); {
		case ctx.Err() != nil:
		case errors.Is(err, io.ErrUnexpectedEOF):
			cut.Add(1)
		case err != nil || r.status >= 500 && !r.unavailable():
			t.Errorf("%s: %v, %d %s", path, err, r.status, r.body)
		}
	})
	every(20*time.Millisecond, func(int) { // a new token each time
		c := newCaller(t, "bob")
		c.client = once.client
		if r, err := c.send(ctx, http.MethodPost, url+"/rpc/leave", "{}"); ctx.Err() == nil && (err != nil || r.status >= 500 && !r.unavailable()) {
			t.Errorf("with a new token: %v, %d %s", err, r.status, r.body)
		}
	})
	every(30*time.Millisecond, func(n int) { // one that hangs up, before or in the answer
		impatient, hangUp := context.WithTimeout(ctx, time.Duration(n%40)*time.Millisecond)
		defer hangUp()
		path := []string{"/rpc/sleep?seconds=600", "/big?limit=5000"}[n%2]
		req, err := http.NewRequestWithContext(impatient, http.MethodGet, url+path, http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+once.token)
		if resp, err := once.client.Do(req); err == nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 100) // and no more
			_ = resp.Body.Close()
		}
	})
	run := func(script string) {
		if err := tryExec(ctx, uri, script); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	every(3*time.Second, func(n int) {
		run(fmt.Sprintf("alter table api.note add column if not exists c%d int; alter table api.note drop column if exists c%d; notify pgrst", n+1, n))
		_ = p.cmd.Process.Signal([]syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2}[n%2])
	})
	every(7*time.Second, func(int) {
		ended.Add(2)
		run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'gate' limit 2")
	})

	// The second quarter is compared with the last; in the first caches and heap fill.
	var early, late figures
	const samples = 10
	time.Sleep(*soak / 4)
	collect := func(into *figures) {
		for range samples {
			f := measure(t, p, admin)
			into.goroutines += f.goroutines / samples
			into.descriptors += f.descriptors / samples
			into.memory += f.memory / samples
			time.Sleep(*soak / 4 / samples)
		}
	}
	collect(&early)
	time.Sleep(*soak / 4)
	collect(&late)
	stop()
	time.Sleep(time.Second)
	rest := measure(t, p, admin)
	t.Logf("%d good answers, %d refused, %d cut off", l.good.Load(), l.failed.Load(), cut.Load())
	t.Logf("second quarter %+.1f, last quarter %+.1f, at rest %+.1f", early, late, rest)
	if cut.Load() > ended.Load() {
		t.Errorf("%d answers were cut off, though only %d backends were ended", cut.Load(), ended.Load())
	}
	for what, grown := range map[string]bool{
		"goroutines":  late.goroutines > 1.2*early.goroutines+20,
		"descriptors": late.descriptors > 1.2*early.descriptors+10,
		"memory":      late.memory > 1.15*early.memory+10,
	} {
		if grown {
			t.Errorf("the %s grow", what)
		}
	}
	l.check(uri)
	if status := p.end(syscall.SIGTERM); status != exitOK {
		t.Errorf("status %d: %s", status, p.stderr.String())
	}
}
