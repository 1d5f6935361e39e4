package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

const slowAndLarge = `
create view library.slow_rows as
  select n, case when pg_sleep(0.005) is null then '' else repeat('x', 20000) end as filling from generate_series(1, 300) n;
create view library.slower_rows as
  select n, case when pg_sleep(0.05) is null then '' else repeat('x', 20000) end as filling from generate_series(1, 10000) n;
create view library.many_rows as select n, repeat('x', 1000) as filling from generate_series(1, 200000) n;
grant select on library.slow_rows, library.slower_rows, library.many_rows to librarian, visitor;`

// TestStreaming checks that a large answer begins before it is complete.
func TestStreaming(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, slowAndLarge)
	web := httptest.NewServer(newServer(t, db, ""))
	t.Cleanup(web.Close)
	for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			response := get(t, web.URL+"/slow_rows", accept)
			firstByte := time.Since(began)
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			all := time.Since(began)
			if firstByte > all/2 {
				t.Errorf("the first byte came after %s of %s", firstByte, all)
			}
			if rows := strings.Count(string(body), strings.Repeat("x", 20000)); rows != 300 {
				t.Errorf("%d rows", rows)
			}
			if accept == "application/json" && !json.Valid(body) {
				t.Error("the body is no JSON")
			}
			if got := response.Header.Get("Content-Range"); got != "0-*/*" {
				t.Errorf("Content-Range is %q", got)
			}
		})
	}
}

// TestLateError checks that an answer in which an error occurs is broken off, so that no client takes part of it for the whole.
func TestLateError(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(newServer(t, newLibrary(t), ""))
	t.Cleanup(web.Close)
	t.Run("after the first byte", func(t *testing.T) {
		t.Parallel()
		for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
			response := get(t, web.URL+"/broken_tail", accept)
			body, err := io.ReadAll(response.Body)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: status %d, %d bytes, the end %v is no sign of the error", accept, response.StatusCode, len(body), err)
			}
			if accept == "application/json" && json.Valid(body) {
				t.Error("the body passes for a whole one")
			}
		}
	})
	t.Run("before it", func(t *testing.T) {
		t.Parallel()
		response := get(t, web.URL+"/broken_tail?n=gt.15000", "application/json")
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "22012") {
			t.Errorf("got %d %.100s, %v", response.StatusCode, body, err)
		}
	})
	t.Run("the server goes on", func(t *testing.T) {
		t.Parallel()
		if response := get(t, web.URL+"/genres", "application/json"); response.StatusCode != http.StatusOK {
			t.Errorf("got %d", response.StatusCode)
		}
	})
}

// TestLargeAnswer checks that an answer of 200 MB takes little memory. It runs alone, for it measures the memory of the process.
func TestLargeAnswer(t *testing.T) {
	onceForAllVersions(t)
	db := newLibrary(t)
	db.Exec(t, slowAndLarge)
	web := httptest.NewServer(newServer(t, db, ""))
	t.Cleanup(web.Close)
	var size int64
	began := time.Now()
	grew := peakHeap(func() {
		response := get(t, web.URL+"/many_rows", "application/json")
		var err error
		if size, err = io.Copy(io.Discard, response.Body); err != nil {
			t.Error(err)
		}
	})
	t.Logf("%d bytes in %s, the heap grew by %d MiB", size, time.Since(began).Round(time.Millisecond), grew/mebibyte)
	if size < 200_000_000 || grew > 20*mebibyte {
		t.Errorf("for %d bytes the heap grew by %d MiB", size, grew/mebibyte)
	}
}

func get(t *testing.T, url, accept string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// TestLateErrorOverHTTP10 checks the same over HTTP/1.0, where the regular end of an answer is that of its connection, and
// that an answer which the server's end cuts off cannot be taken for a whole one either.
func TestLateErrorOverHTTP10(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, slowAndLarge)
	ask := func(address, path, accept, encoding string) (int, error) {
		client := dialRaw(t, address)
		client.send("GET " + path + " HTTP/1.0\r\nAccept: " + accept + "\r\nAccept-Encoding: " + encoding + "\r\n\r\n")
		got, err := io.ReadAll(client.reader)
		return len(got), err
	}
	for _, timeout := range []string{"0", "30"} {
		address := runServer(t, db, "server-write-timeout = "+timeout+"\n")
		for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
			for _, encoding := range []string{"identity", "gzip", "zstd"} {
				if n, err := ask(address, "/broken_tail", accept, encoding); !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s %s: %d bytes, the end %v is no sign of the error", accept, encoding, n, err)
				}
			}
		}
		if _, err := ask(address, "/genres", "application/json", "identity"); err != nil {
			t.Errorf("a whole answer: %v", err)
		}
	}
	t.Run("the server's end", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, db, "server-host = \"127.0.0.1\"\nserver-port = 0\nserver-shutdown-timeout = 1\nserver-buffer-bytes = 1000\n")
		ctx, end := context.WithCancel(t.Context())
		defer end()
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		eventually(t, 10*time.Second, "the server to listen", func() bool { return s.Addr() != "" })
		client := dialRaw(t, s.Addr())
		client.send("GET /slower_rows HTTP/1.0\r\n\r\n")
		if _, err := client.reader.Peek(1); err != nil {
			t.Fatal(err)
		}
		end()
		if n, err := io.Copy(io.Discard, client.reader); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%d bytes, the end %v is no sign that they are not all", n, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestLateErrorOverHTTP2 checks the same over HTTP/2, where a stream is reset instead of a connection cut.
func TestLateErrorOverHTTP2(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	web := httptest.NewUnstartedServer(newServer(t, db, "server-buffer-bytes = 100000\n"))
	web.EnableHTTP2 = true
	web.StartTLS()
	t.Cleanup(web.Close)
	for _, accept := range []string{"application/json", "text/csv", "application/x-ndjson"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/broken_tail", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		response, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if response.ProtoMajor != 2 || err == nil || len(body) == 0 {
			t.Errorf("%s over %s: status %d, %d bytes, the end %v is no sign of the error", accept, response.Proto, response.StatusCode, len(body), err)
		}
		_ = response.Body.Close()
	}
}

// brokenWriter panics when the body is written, as a program's own middleware may.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { panic("broken") }

// TestPanicWithinTheBody checks that an answer whose head is sent is broken off when something panics, and not ended as if it were whole.
func TestPanicWithinTheBody(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	w := httptest.NewRecorder()
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("panicked with %v after %d %s", err, w.Code, w.Body)
		}
	}()
	handler.ServeHTTP(brokenWriter{w}, httptest.NewRequest(http.MethodGet, "/genres", nil))
}

// Unwrap lets the server find the connection.
func (w brokenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestPanicOverHTTP10 checks that the connection is reset then, where its end would be the regular end of the answer.
func TestPanicOverHTTP10(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "server-buffer-bytes = 0\n")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(brokenWriter{w}, r) }))
	t.Cleanup(web.Close)
	client := dialRaw(t, web.Listener.Addr().String())
	client.send("GET /genres HTTP/1.0\r\n\r\n")
	if got, err := io.ReadAll(client.reader); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%q, the end %v is no sign of the panic", got, err)
	}
}
