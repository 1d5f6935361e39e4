package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const slowAndLarge = `
create view library.slow_rows as
  select n, case when pg_sleep(0.005) is null then '' else repeat('x', 20000) end as filling from generate_series(1, 300) n;
create view library.many_rows as select n, repeat('x', 1000) as filling from generate_series(1, 200000) n;
grant select on library.slow_rows, library.many_rows to librarian, visitor;`

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
