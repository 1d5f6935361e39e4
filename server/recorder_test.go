package server

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/sql"
)

// wrapped is a layer between the recorder and the handler.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestRecorder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handle func(http.ResponseWriter)
		status int
		bytes  int64
	}{
		"nothing":        {func(http.ResponseWriter) {}, 200, 0},
		"head":           {func(w http.ResponseWriter) { w.WriteHeader(404) }, 404, 0},
		"two heads":      {func(w http.ResponseWriter) { w.WriteHeader(201); w.WriteHeader(500) }, 201, 0},
		"early hints":    {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(206) }, 206, 0},
		"body alone":     {func(w http.ResponseWriter) { _, _ = w.Write([]byte("abc")) }, 200, 3},
		"head and body":  {func(w http.ResponseWriter) { w.WriteHeader(203); _, _ = io.WriteString(w, "abcd") }, 203, 4},
		"copied":         {func(w http.ResponseWriter) { _, _ = io.Copy(w, strings.NewReader("abcde")) }, 200, 5},
		"flushed":        {func(w http.ResponseWriter) { w.(http.Flusher).Flush(); w.WriteHeader(404) }, 200, 0},
		"by controller":  {func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, 200, 0},
		"through layers": {func(w http.ResponseWriter) { w = wrapped{w}; w.WriteHeader(418); _, _ = w.Write([]byte("a")) }, 418, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recorded := make(chan recorder, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				rec := newRecorder(w, new(atomic.Bool))
				if recorderOf(wrapped{wrapped{rec}}) != rec || recorderOf(w) != nil || innermost(wrapped{rec}) != w {
					t.Error("the recorder is not found, or the writer below it")
				}
				c.handle(rec)
				rec.done()
				recorded <- *rec
				rec.free()
			}))
			defer s.Close()
			resp, err := http.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.Body.Close() != nil {
				t.Fatal(err)
			}
			got := <-recorded
			if got.status != c.status || got.bytes != c.bytes || resp.StatusCode != c.status || int64(len(body)) != c.bytes {
				t.Errorf("recorded %d and %d bytes, sent %d and %d, want %d and %d", got.status, got.bytes, resp.StatusCode, len(body),
					c.status, c.bytes)
			}
		})
	}
}

// readerFrom is a writer that can be copied to without a buffer, as a TCP connection can.
type readerFrom struct {
	*httptest.ResponseRecorder
	used bool
}

func (w *readerFrom) ReadFrom(r io.Reader) (int64, error) {
	w.used = true
	return io.Copy(w.ResponseRecorder, r)
}

func TestRecorderReadFrom(t *testing.T) {
	t.Parallel()
	below := &readerFrom{ResponseRecorder: httptest.NewRecorder()}
	rec := newRecorder(below, new(atomic.Bool))
	n, err := io.Copy(rec, struct{ io.Reader }{strings.NewReader("abc")}) // a reader that cannot write itself
	if err != nil || n != 3 || !below.used || rec.bytes != 3 {
		t.Errorf("copied %d, recorded %d, below %t, %v", n, rec.bytes, below.used, err)
	}
}

// hijackable is a writer that gives its connection away.
type hijackable struct{ http.ResponseWriter }

func (hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, nil }

func TestRecorderHidesNothing(t *testing.T) {
	t.Parallel()
	if _, _, err := http.NewResponseController(newRecorder(hijackable{httptest.NewRecorder()}, new(atomic.Bool))).Hijack(); err != nil {
		t.Error(err)
	}
	plain := struct{ http.ResponseWriter }{httptest.NewRecorder()}
	if err := http.NewResponseController(newRecorder(plain, new(atomic.Bool))).Flush(); err == nil {
		t.Error("flushing a writer that cannot be flushed says that it worked")
	}
}

// TestRecorderAllocations checks that recording and counting cost no memory.
func TestRecorderAllocations(t *testing.T) {
	s := &Server{requests: newRequestMetrics(prometheus.NewRegistry())}
	s.state.Store(&state{config: &config.Config{LogLevel: config.LogError}})
	s.requests.on.Store(true)
	h := s.observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n >= 1 {
		t.Errorf("%v allocations a request", n)
	}
}

// BenchmarkObserve tells what the observation of a request costs by itself, without the request.
func BenchmarkObserve(b *testing.B) {
	for name, on := range map[string]bool{"on": true, "off": false} {
		b.Run("metrics "+name, func(b *testing.B) {
			s := &Server{requests: newRequestMetrics(prometheus.NewRegistry())}
			st := &state{config: &config.Config{LogLevel: config.LogError}}
			s.state.Store(st)
			s.requests.on.Store(on)
			x := &exchange{server: s, state: st, request: &sql.Request{Action: sql.Read}}
			for p := range x.timing {
				x.timing[p].took = time.Microsecond
			}
			h := s.observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				recorderOf(w).exchange = x
				w.WriteHeader(http.StatusOK)
			}))
			r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
