package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestHangUp checks that a client that hangs up cancels its query within a second, and that the connection to the database
// lives on.
func TestHangUp(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 1\n")
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	conn := db.Conn(t, "postgres")
	sleeping := func() bool {
		var n int
		if err := conn.QueryRow(t.Context(), "select count(*) from pg_stat_activity "+
			"where datname = current_database() and usename = 'door' and wait_event = 'PgSleep'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
	backend := send(t, handler, http.MethodGet, "/rpc/backend", "").Body.String()
	for range 3 {
		ctx, hangUp := context.WithCancel(t.Context())
		answered := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, web.URL+"/rpc/sleep", strings.NewReader(`{"seconds": 600}`))
			if err != nil {
				answered <- err
				return
			}
			response, err := http.DefaultClient.Do(r)
			if err == nil {
				err = response.Body.Close()
			}
			answered <- err
		}()
		eventually(t, 10*time.Second, "the query", sleeping)
		hangUp()
		began := time.Now()
		eventually(t, 5*time.Second, "the query's end", func() bool { return !sleeping() })
		if took := time.Since(began); took > time.Second {
			t.Errorf("the query was cancelled only after %s", took)
		}
		if err := <-answered; err == nil {
			t.Error("the request that was hung up was answered")
		}
		w := send(t, handler, http.MethodGet, "/rpc/backend", "")
		if w.Body.String() != backend {
			t.Errorf("the connection did not live on: the backend was %s, now %d %s", backend, w.Code, w.Body)
		}
	}
}

// TestHangUpWhileWaiting checks that a client that hangs up while it waits for a connection leaves nothing behind.
func TestHangUpWhileWaiting(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "db-pool = 1\ndb-pool-acquisition-timeout = 1\n")
	done := make(chan struct{})
	go func() {
		defer close(done)
		send(t, handler, http.MethodPost, "/rpc/sleep", `{"seconds": 2.5}`)
	}()
	time.Sleep(100 * time.Millisecond)
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/genres", http.NoBody))
		cancel()
	}
	w := send(t, handler, http.MethodGet, "/genres", "")
	if w.Code != http.StatusGatewayTimeout || !strings.Contains(w.Body.String(), "PGRST003") {
		t.Errorf("one who waited for a second got %d %s", w.Code, w.Body)
	}
	<-done
	if w := send(t, handler, http.MethodGet, "/genres", ""); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}
