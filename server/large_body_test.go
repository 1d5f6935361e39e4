package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const mebibyte = 1 << 20

// peakHeap runs f and returns by how many bytes the heap grew meanwhile, at most. It counts what is not yet collected too, as
// the operating system does.
func peakHeap(f func()) uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before, peak := stats.HeapInuse, stats.HeapInuse
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		var stats runtime.MemStats
		for {
			runtime.ReadMemStats(&stats)
			peak = max(peak, stats.HeapInuse)
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	})
	f()
	close(done)
	wg.Wait()
	return peak - before
}

// raceDetector reports whether the race detector is built in, with which memory is not what it is without.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// rowWatch records how many rows each insert into authors has, and how long its text is.
const rowWatch = `
create table private.statements (n int generated always as identity, rows bigint, length int);
create function private.watch() returns trigger language plpgsql security definer as $$
begin
  insert into private.statements (rows, length) select count(*), max(length(current_query())) from new_rows;
  return null;
end $$;
create trigger watch after insert on library.authors referencing new table as new_rows
  for each statement execute function private.watch();`

// TestLargeBody inserts 100,000 rows by one request. Server and client are one process here: the bodies are made before the
// measurement begins. It runs alone, for it measures the memory of the process.
func TestLargeBody(t *testing.T) {
	onceForAllVersions(t)
	const rows = 100_000
	limit := uint64(100 * mebibyte)
	if raceDetector() {
		limit *= 2
	}
	db := newLibrary(t)
	db.Exec(t, rowWatch)
	handler := newServer(t, db, "max-body-bytes = 0\n")
	conn := db.Conn(t, "postgres")

	var js, csv bytes.Buffer
	for n := range rows {
		before := byte(',')
		if n == 0 {
			before = '['
		}
		js.WriteByte(before)
		fmt.Fprintf(&js, `{"name": "%s %06d", "country": "a country", "born": "1970-01-01"}`, strings.Repeat("n", 140), n)
	}
	js.WriteByte(']')
	csv.WriteString("name,country,born\n")
	for n := range rows {
		fmt.Fprintf(&csv, "%s %06d,\"a, country\",1970-01-01\n", strings.Repeat("n", 75), n)
	}
	for _, body := range []struct {
		name, contentType, one string
		all                    *bytes.Buffer
		size                   int
	}{
		{"JSON", "application/json", `[{"name": "x", "country": "y", "born": "1970-01-01"}]`, &js, 20_000_000},
		{"CSV", "text/csv", "name,country,born\nx,y,1970-01-01\n", &csv, 10_000_000},
	} {
		if body.all.Len() < body.size {
			t.Fatalf("the %s body has only %d bytes", body.name, body.all.Len())
		}
		if w := send(t, handler, http.MethodPost, "/authors", body.one, "Content-Type", body.contentType); w.Code != http.StatusCreated {
			t.Fatalf("%s: one row got %d %s", body.name, w.Code, w.Body)
		}
		var w *httptest.ResponseRecorder
		began := time.Now()
		grew := peakHeap(func() {
			r := httptest.NewRequest(http.MethodPost, "/authors", bytes.NewReader(body.all.Bytes()))
			r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": "librarian"}))
			r.Header.Set("Content-Type", body.contentType)
			w = httptest.NewRecorder()
			handler.ServeHTTP(w, r)
		})
		t.Logf("%s: %d bytes in %s, the heap grew by %d MiB", body.name, body.all.Len(), time.Since(began).Round(time.Millisecond), grew/mebibyte)
		if w.Code != http.StatusCreated {
			t.Fatalf("%s: got %d %s", body.name, w.Code, w.Body)
		}
		if grew > limit {
			t.Errorf("%s: the heap grew by %d MiB", body.name, grew/mebibyte)
		}
		result, err := conn.Query(t.Context(), "select length from private.statements order by n desc limit 2")
		if err != nil {
			t.Fatal(err)
		}
		lengths, err := pgx.CollectRows(result, pgx.RowTo[int])
		if err != nil || len(lengths) != 2 || lengths[0] != lengths[1] {
			t.Errorf("%s: the statements for %d rows and one have the lengths %v, %v", body.name, rows, lengths, err)
		}
	}
	var stored int
	if err := conn.QueryRow(t.Context(), "select count(*) from library.authors where name like 'nnn%'").Scan(&stored); err != nil || stored != 2*rows {
		t.Errorf("%d rows are stored, %v", stored, err)
	}
}

// countingReader counts what is read of an endless body.
type countingReader struct{ read int }

func (r *countingReader) Read(p []byte) (int, error) {
	r.read += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestBodyLimit checks that a body beyond max-body-bytes is refused before it is read to its end: what says its length before
// any of it is read, what does not soon after the limit.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	handler := newServer(t, newLibrary(t), "max-body-bytes = "+strconv.Itoa(limit)+"\n")
	for _, test := range []struct {
		name     string
		length   int64
		mostRead int
	}{
		{"known length", limit + 1, 0},
		{"chunked", -1, 2 * limit},
	} {
		for _, target := range []string{"/genres", "/rpc/keep_json", "/rpc/shout"} {
			t.Run(test.name+" "+target, func(t *testing.T) {
				t.Parallel()
				body := &countingReader{}
				r := httptest.NewRequest(http.MethodPost, target, io.NopCloser(body))
				r.ContentLength = test.length
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				checkClientError(t, w)
				if w.Code != http.StatusRequestEntityTooLarge {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
				if body.read > test.mostRead {
					t.Errorf("%d bytes were read", body.read)
				}
			})
		}
	}
	t.Run("just at the limit", func(t *testing.T) {
		t.Parallel()
		body := `{"id": 70, "name": "x"}`
		w := post(t, handler, "/genres", body+strings.Repeat(" ", limit-len(body)))
		if w.Code != http.StatusCreated {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
	})
	t.Run("shorter than it says", func(t *testing.T) {
		t.Parallel()
		r := httptest.NewRequest(http.MethodPost, "/genres", strings.NewReader(`{"id": 71`))
		r.ContentLength = 1000
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		checkClientError(t, w)
	})
}
