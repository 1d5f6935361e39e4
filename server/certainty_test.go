package server_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// post sends a body as the librarian.
func post(t testing.TB, handler http.Handler, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, handler, http.MethodPost, target, body, append([]string{"Content-Type", "application/json"}, headers...)...)
}

// send sends a request as the librarian; headers are names and values in turn.
func send(t testing.TB, handler http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": "librarian"}))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// TestDeferredConstraint checks that a write is answered only when it is certain: a constraint that fails at the commit gives
// its error, whatever the client wants to see.
func TestDeferredConstraint(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "db-tx-end = \"commit-allow-override\"\n")
	for _, prefer := range []string{
		"return=minimal", "return=headers-only", "return=representation", "tx=rollback", "handling=strict, max-affected=5",
	} {
		t.Run(prefer, func(t *testing.T) {
			t.Parallel()
			w := post(t, handler, "/reservations", `{"id": 1, "book_id": 999}`, "Prefer", prefer)
			if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "23503") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if loc := w.Header().Get("Location"); loc != "" {
				t.Errorf("an error with Location %q", loc)
			}
			if w := send(t, handler, http.MethodGet, "/reservations", ""); w.Body.String() != "[]" {
				t.Errorf("stored: %s", w.Body)
			}
		})
	}
}

// TestKilledBackends has clients insert known ids while the server's connections are terminated one after the other. What
// was answered with 201 is in the table; what was answered with an error is not.
//
// A connection that breaks while it commits leaves the outcome open, and no answer could be right then. A backend that is told
// to terminate is no such case: it either reports so before it commits, or reports the commit.
func TestKilledBackends(t *testing.T) {
	t.Parallel()
	const inserts, clients = 2000, 20
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 8\ndb-pool-acquisition-timeout = 60\n")

	done := make(chan struct{})
	var killed atomic.Int64
	var killer sync.WaitGroup
	conn := db.Conn(t, "postgres")
	killer.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(rand.IntN(6000)) * time.Microsecond):
			}
			tag, err := conn.Exec(t.Context(), "select pg_terminate_backend(pid) from pg_stat_activity "+
				"where datname = current_database() and usename = 'door' and query not ilike 'listen%' order by random() limit 1")
			if err != nil {
				t.Errorf("terminate a backend: %v", err)
				return
			}
			killed.Add(tag.RowsAffected())
		}
	})

	status := make([]int, inserts)
	bodies := make([]string, inserts)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for n := next.Add(1) - 1; n < inserts; n = next.Add(1) - 1 {
				w := post(t, handler, "/genres", fmt.Sprintf(`{"id": %d, "name": "genre %[1]d"}`, 10_000+n))
				status[n], bodies[n] = w.Code, w.Body.String()
			}
		})
	}
	wg.Wait()
	close(done)
	killer.Wait()

	stored := map[int]int{}
	rows, err := conn.Query(t.Context(), "select id from library.genres where id >= 10000")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		stored[id]++
	}
	failed := map[string]int{}
	for n, s := range status {
		count := stored[10_000+n]
		switch {
		case s == http.StatusCreated && count != 1:
			t.Errorf("id %d was answered with 201 and is stored %d times", n, count)
		case s != http.StatusCreated && count != 0:
			t.Errorf("id %d was answered with %d %s and is stored", n, s, bodies[n])
		case s != http.StatusCreated && s != http.StatusServiceUnavailable:
			t.Errorf("id %d: a lost connection was answered with %d %s", n, s, bodies[n])
		}
		if s != http.StatusCreated {
			failed[strconv.Itoa(s)+" "+bodies[n]]++
		}
	}
	t.Logf("%d backends killed, %d stored, failed: %v", killed.Load(), len(stored), failed)
	if killed.Load() < 20 || len(failed) == 0 {
		t.Errorf("only %d backends were killed, %d requests failed: the test shows nothing", killed.Load(), len(failed))
	}
	// Connections that died idle are in the pool until somebody meets them.
	eventually(t, 10*time.Second, "an answer afterwards", func() bool {
		return send(t, handler, http.MethodGet, "/genres?select=id&id=eq.1", "").Code == http.StatusOK
	})
}
