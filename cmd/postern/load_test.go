package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/embedpg"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/auth"
)

const loadSecret = "only for tests, only for tests, only for tests"

// notes is what load runs against: each of two roles sees and writes its own notes.
const notes = `create role gate login noinherit;
create role alice; create role bob;
grant alice, bob to gate;
create schema api;
grant usage on schema api to alice, bob;
create table api.note (id bigint primary key, owner name not null default current_user, size int default 7);
alter table api.note enable row level security;
create policy own on api.note using (owner = current_user) with check (owner = current_user);
grant select, insert on api.note to alice, bob;
insert into api.note values (1, 'alice', 7), (2, 'bob', 7);
create function api.sleep(seconds float) returns text language sql stable as $$ select current_user::text from pg_sleep(seconds) $$;
create function api.leave() returns text language plpgsql volatile as $$
begin
  perform set_config('my.left', current_user, false), set_config('timezone', 'Asia/Tokyo', false), pg_advisory_lock(7 + pg_backend_pid());
  if not exists (select from pg_prepared_statements where name = 'left_behind') then
    execute 'prepare left_behind as select 1';
  end if;
  return current_user;
end $$;
create function api.leave_and_fail() returns text language plpgsql volatile as $$
begin return api.leave() || 1/(length(api.leave()) - length(current_user)); end $$;
create function api.found() returns text language sql volatile as $$
  select coalesce(nullif(current_setting('my.left', true), ''), 'nothing') ||
    (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) ||
    case when current_setting('timezone') = 'Asia/Tokyo' then ' in Tokyo' else '' end ||
    case when exists (select from pg_prepared_statements where name = 'left_behind') then ' prepared' else '' end $$;`

// noteServer starts a PostgreSQL of its own with the notes in it.
func noteServer(t *testing.T) *embedpg.Server {
	t.Helper()
	// A temporary server may forget what it has acknowledged when it crashes, unless it is told not to.
	pg := pgtest.StartServer(t, map[string]string{"max_connections": "40", "synchronous_commit": "on"})
	execSQL(t, pg.URI(embedpg.Superuser, "postgres"), notes)
	return pg
}

// execSQL runs a script.
func execSQL(t *testing.T, uri, script string) {
	t.Helper()
	if err := tryExec(t.Context(), uri, script); err != nil {
		t.Fatal(err)
	}
}

// tryExec is execSQL for other goroutines than the test's.
func tryExec(ctx context.Context, uri, script string) error {
	conn, err := pgx.Connect(ctx, uri)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.PgConn().Exec(ctx, script).ReadAll()
	return err
}

// queryInt returns the integer that a query yields.
func queryInt(t *testing.T, uri, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// serveNotes starts the program over a database with the notes and returns it with its address and the admin server's.
func serveNotes(t *testing.T, uri string, more ...string) (p *process, url, admin string) {
	t.Helper()
	p = startProgram(t, append([]string{
		"PGRST_DB_URI=" + uri, "PGRST_DB_SCHEMAS=api", "PGRST_JWT_SECRET=" + loadSecret, "PGRST_SERVER_HOST=127.0.0.1",
		"PGRST_SERVER_PORT=0", "PGRST_ADMIN_SERVER_PORT=0", "PGRST_DB_POOL=5",
	}, more...), "serve")
	admin = "http://" + p.await(&p.stderr, `"msg":"admin server listening","address":"([^"]+)"`)
	url = "http://" + p.await(&p.stderr, `"msg":"listening","address":"([^"]+)"`)
	return p, url, admin
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	last   bool // on its connection: Connection: close, which Go's client takes out of the header
}

// code is the member "code" of an error's body.
func (r reply) code() string {
	var e struct{ Code, Message string }
	if json.Unmarshal([]byte(r.body), &e) != nil || e.Message == "" {
		return ""
	}
	return e.Code
}

// unavailable reports whether the answer says, as it should, that the database cannot be used now.
func (r reply) unavailable() bool {
	wait, err := strconv.Atoi(r.header.Get("Retry-After"))
	code := r.code()
	return r.status == http.StatusServiceUnavailable && err == nil && wait >= 1 && wait <= 32 &&
		strings.HasPrefix(r.header.Get("Content-Type"), "application/json") &&
		(strings.HasPrefix(code, "PGRST00") || strings.HasPrefix(code, "57P"))
}

// caller is a client of the API with a token.
type caller struct {
	role, token string
	client      *http.Client
}

func newCaller(t *testing.T, role string) *caller {
	t.Helper()
	token, err := auth.Sign([]byte(loadSecret), map[string]any{"role": role, "exp": time.Now().Add(time.Hour).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{role: role, token: token, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	t.Cleanup(c.client.CloseIdleConnections)
	return c
}

func (c *caller) send(ctx context.Context, method, url, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text), resp.Close}, err
}

// load is clients that read and write all the time and look at every answer: it must be the right one for the role, or say that
// the database is away.
type load struct {
	t       *testing.T
	url     string
	stopped context.CancelFunc
	clients sync.WaitGroup
	// strict is set while no answer but a good one is allowed.
	strict       atomic.Bool
	serial       atomic.Int64
	good, failed atomic.Int64
	lastGood     atomic.Int64 // Unix nanoseconds

	mu      sync.Mutex
	written []int64 // acknowledged with 201
}

// startLoad starts clients whose writes have numbers from first on.
func startLoad(t *testing.T, url string, clients int, first int64) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{t: t, url: url, stopped: cancel}
	l.serial.Store(first)
	for i := range clients {
		c := newCaller(t, []string{"alice", "bob"}[i%2])
		l.clients.Go(func() {
			for n := i; ctx.Err() == nil; n++ {
				if n%4 == 0 {
					l.write(c)
				} else {
					l.read(c, n)
				}
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

// stop ends the clients, each after the answer it waits for.
func (l *load) stop() {
	l.stopped()
	l.clients.Wait()
}

func (l *load) read(c *caller, n int) {
	want := map[string]string{"alice": `[{"id":1,"owner":"alice","size":7}]`, "bob": `[{"id":2,"owner":"bob","size":7}]`}[c.role]
	path := "/note?select=id,owner,size&id=lte.2"
	if n%8 == 5 {
		path, want = "/rpc/sleep?seconds=0.02", strconv.Quote(c.role)
	}
	r, err := c.send(context.Background(), http.MethodGet, l.url+path, "")
	l.judge("GET "+path+" as "+c.role, r, err, r.status == http.StatusOK && r.body == want)
}

func (l *load) write(c *caller) {
	id := l.serial.Add(1)
	r, err := c.send(context.Background(), http.MethodPost, l.url+"/note", fmt.Sprintf(`{"id": %d}`, id))
	created := r.status == http.StatusCreated
	if created {
		l.mu.Lock()
		l.written = append(l.written, id)
		l.mu.Unlock()
	}
	// One that ran twice would be a 409.
	l.judge("POST as "+c.role, r, err, created)
}

func (l *load) judge(what string, r reply, err error, good bool) {
	switch {
	case good:
		l.good.Add(1)
		l.lastGood.Store(time.Now().UnixNano())
	case err == nil && r.unavailable() && !l.strict.Load():
		l.failed.Add(1)
		time.Sleep(time.Millisecond) // not to take all of the machine
	default:
		l.t.Errorf("%s: %v, %d %v %s", what, err, r.status, r.header, r.body)
		time.Sleep(50 * time.Millisecond)
	}
}

// awaitGood waits until there is a good answer and returns how long that took.
func (l *load) awaitGood(what string) time.Duration {
	l.t.Helper()
	began, before := time.Now(), l.good.Load()
	for l.good.Load() == before {
		if time.Since(began) > 30*time.Second {
			l.t.Fatalf("no good answer 30 s after %s", what)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

// check compares what was acknowledged with what is stored.
func (l *load) check(uri string) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := make([]string, len(l.written))
	for i, id := range l.written {
		ids[i] = strconv.FormatInt(id, 10)
	}
	if stored := queryInt(l.t, uri, "select count(*)::int from api.note where id in (0,"+strings.Join(append(ids, "0"), ",")+")"); stored != len(ids) {
		l.t.Errorf("%d writes were acknowledged, %d are stored", len(ids), stored)
	}
}
