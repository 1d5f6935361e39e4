package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
)

// TestLargeAnswer checks that the memory of the program hardly grows with an answer of 81 MB, whatever its form, and that its first
// byte does not wait for the last.
func TestLargeAnswer(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the peak of a process's memory is read from Linux's /proc")
	}
	// PostgreSQL keeps all that a function yields before it gives the first row, but not in a list of outputs.
	db := pgtest.New(t, pgtest.Role("visitor", ""), pgtest.Role("gate", "login noinherit"), shop,
		`create view api.large as select n, repeat('x', 80) as filling from (select generate_series(1, 800000) as n) _; grant select on api.large to visitor`)
	for _, form := range []string{"application/json", "text/csv", "application/x-ndjson"} {
		p := startProgram(t, []string{
			"PGRST_DB_URI=" + db.URI("gate"), "PGRST_DB_SCHEMAS=api", "PGRST_DB_ANON_ROLE=visitor", "PGRST_SERVER_HOST=127.0.0.1", "PGRST_SERVER_PORT=0",
		}, "serve")
		url := "http://" + p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
		for range 20 {
			get(t, url+"/item", "")
		}
		before := peakMemory(t, p)

		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/large", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", form)
		request.Header.Set("Accept-Encoding", "identity")
		began := time.Now()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		first := time.Since(began)
		size, err := io.Copy(io.Discard, response.Body)
		all := time.Since(began)
		if closeErr := response.Body.Close(); err != nil || closeErr != nil {
			t.Fatal(err, closeErr)
		}
		grew := peakMemory(t, p) - before
		t.Logf("%s: %d bytes, the first after %s of %s, and %d KiB more memory", form, size, first, all, grew)
		// The bounds leave room for a slow machine and the race detector; without them it is half a megabyte of rows and 10 MiB.
		if size < 70_000_000 || grew > 64<<10 || first > all/2 {
			t.Errorf("%s: %d bytes, the first after %s of %s, and %d KiB more memory", form, size, first, all, grew)
		}
		p.end(syscall.SIGTERM)
	}
}

// peakMemory is the most memory that the process has had at a time, in KiB.
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmHWM: %s", status)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
