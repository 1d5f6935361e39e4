package server_test

import (
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
)

// benchSchema is a table of ten thousand films with a column for each way in which values become JSON, their directors, a function
// and a table to insert into.
const benchSchema = `
create schema bench; grant usage on schema bench to visitor;
create table bench.director (id int generated always as identity primary key, name text not null);
create table bench.film (
  id int generated always as identity primary key, title text not null, year int not null, rating numeric(3,1), plot text,
  tags text[] not null, meta jsonb not null, director_id int not null references bench.director);
insert into bench.director (name) select 'Director ' || i from generate_series(1, 100) i;
insert into bench.film (title, year, rating, plot, tags, meta, director_id)
  select 'Film ' || i, 1950 + i % 75, (i % 100) / 10.0, repeat('plot ' || i || ' ', 12), array['t' || i % 7, 't' || i % 11],
    jsonb_build_object('lang', 'l' || i % 5), 1 + i % 100 from generate_series(1, 10000) i;
create function bench.add(a int, b int) returns int language sql immutable as 'select a + b';
create table bench.event (id bigint generated always as identity primary key, kind text not null, payload jsonb);
grant select on all tables in schema bench to visitor; grant insert on bench.event to visitor;
analyze bench.director, bench.film;`

// benchServer serves benchSchema.
func benchServer(tb testing.TB) *server.Server {
	tb.Helper()
	db := pgtest.New(tb, append(libraryScripts(tb), benchSchema)...)
	return newServer(tb, db, "db-schemas = \"bench\"\ndb-pool = 4\n")
}

// sink is a ResponseWriter that forgets the body, so that only the server's own allocations count.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { s.bytes += len(b); return len(b), nil }

// benchRequest is a request that can be sent again and again.
type benchRequest struct {
	name, method, target, body string
	headers                    []string
	status                     int
}

var benchRequests = []benchRequest{
	{"pk", "GET", "/film?id=eq.5", "", nil, 200},
	{"filter", "GET", "/film?select=id,title,rating&year=eq.1980&or=(rating.gte.5,meta->>lang.eq.l1)&order=rating.desc,id&limit=25", "", nil, 200},
	{"embed", "GET", "/film?select=title,year,director(name)&id=gte.77&order=id&limit=20", "", nil, 200},
	{"count", "GET", "/film?select=id,title&year=gte.1980&limit=10", "", []string{"Prefer", "count=exact"}, 206},
	{"big", "GET", "/film?limit=1000&offset=77", "", nil, 200},
	{"rpc", "GET", "/rpc/add?a=1&b=2", "", nil, 200},
	{"insert", "POST", "/event", `{"kind":"k","payload":{"n":5}}`, []string{"Content-Type", "application/json"}, 201},
}

// sender returns what sends the request once more.
func (b *benchRequest) sender(tb testing.TB, handler http.Handler) func() {
	tb.Helper()
	r := httptest.NewRequest(b.method, b.target, nil)
	r.Header.Set("Accept", "*/*")
	for i := 0; i < len(b.headers); i += 2 {
		r.Header.Set(b.headers[i], b.headers[i+1])
	}
	body := strings.NewReader(b.body)
	w := &sink{header: http.Header{}}
	return func() {
		if b.body != "" {
			body.Reset(b.body)
			r.Body, r.ContentLength = io.NopCloser(body), int64(len(b.body))
		}
		clear(w.header)
		handler.ServeHTTP(w, r)
		if w.status != b.status {
			tb.Fatalf("%s: status %s", b.name, strconv.Itoa(w.status))
		}
	}
}

// BenchmarkRequest measures whole requests over a real connection: all but net/http.
func BenchmarkRequest(b *testing.B) {
	handler := benchServer(b)
	for _, request := range benchRequests {
		b.Run(request.name, func(b *testing.B) {
			send := request.sender(b, handler)
			send() // prepares the statements
			b.ReportAllocs()
			for b.Loop() {
				send()
			}
		})
	}
}

// TestAllocationBudget holds a plain read, from the request to the response, to its budget. It is not parallel since
// testing.AllocsPerRun counts what all goroutines allocate.
func TestAllocationBudget(t *testing.T) {
	if underRace {
		t.Skip("the race detector makes sync.Pool drop what it is given, so that more is allocated")
	}
	const budget = 60
	send := benchRequests[0].sender(t, benchServer(t))
	// What the server does meanwhile in the background, as when it has just begun to listen for changes, counts as well: so the
	// least of several attempts tells.
	least := math.Inf(1)
	for range 10 {
		if least = min(least, testing.AllocsPerRun(200, send)); least <= budget {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Errorf("%v allocations, %d are allowed", least, budget)
}
