package rls_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/rls"
)

// wipeSetup has a function that leaves everything behind, ways to reach it, and one that tells what is in the session.
const wipeSetup = `
create table public.item (id int generated always as identity primary key, name text);
create function public.leave() returns int language plpgsql as $$
begin
  perform set_config('timezone', 'Asia/Tokyo', false), set_config('search_path', 'private', false),
    set_config('request.jwt.claims', '{"sub": "left"}', false), set_config('my.secret', 'left', false),
    set_config('statement_timeout', '1h', false), set_config('default_transaction_read_only', 'on', false),
    set_config('row_security', 'off', false), set_config('work_mem', '1MB', false), set_config('role', 'rls_ben', false),
    set_config('application_name', 'left', false), pg_advisory_lock(42), pg_advisory_lock_shared(43), setseed(0.5);
  return 1;
end $$;
create function public.leave_more() returns int language plpgsql as $$
begin
  create temporary table note (word text);
  insert into note values ('left');
  insert into item (name) values ('x');
  listen left_behind;
  execute 'declare left_cursor cursor with hold for select 1';
  execute 'prepare left_prepared as select 1';
  return public.leave();
end $$;
create function public.found() returns text language sql volatile as $$
  select concat_ws('|', current_setting('timezone'), coalesce(current_setting('my.secret', true), ''),
    current_setting('statement_timeout'),
    current_setting('request.jwt.claims'), current_setting('search_path'), current_setting('default_transaction_read_only'),
    current_setting('row_security'), current_setting('work_mem'), current_setting('application_name'), current_user, session_user,
    to_regclass('pg_temp.note')::oid, (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
    (select count(*) from pg_listening_channels()), (select string_agg(name, ',') from pg_cursors where name like 'left%'),
    (select string_agg(name, ',') from pg_prepared_statements where name like 'left%'))
$$;
create table public.triggered (id int);
create function public.fire() returns trigger language plpgsql as 'begin perform public.leave_more(); return new; end';
create trigger fire before insert on public.triggered for each row execute function public.fire();
create table public.policed (id int); insert into public.policed values (1);
alter table public.policed enable row level security;
create policy p on public.policed using (public.leave() = 1);
create table public.defaulted (id int default public.leave_more());
create view public.shown as select public.leave() as id;
create function public.computed(public.item) returns int language sql as 'select public.leave()';
insert into public.item (name) values ('first');
grant all on all tables in schema public to rls_ann, rls_ben;
grant usage on all sequences in schema public to rls_ann;`

func newWipePool(t *testing.T, cfg rls.Config, parameters string) *rls.Pool {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("rls_login", "login noinherit"), pgtest.Role("rls_ann", ""), pgtest.Role("rls_ben", ""), setup, wipeSetup)
	db.Exec(t, "grant temporary on database "+db.Name+" to public")
	cfg.URI = db.URI("rls_login")
	if parameters != "" {
		cfg.URI += map[bool]string{true: "&", false: "?"}[strings.Contains(cfg.URI, "?")] + parameters
	}
	pool, err := rls.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func running(role, sql string, args ...string) *rls.Transaction {
	tx := as(role, sql, args...)
	tx.RunsCode = true
	return tx
}

// TestNothingStaysBehind reaches, in all the ways that a request can, a function that leaves what SQL can leave in a session, lets
// the transaction end in all the ways that it can, and looks at what the next one finds on the same connection.
func TestNothingStaysBehind(t *testing.T) {
	t.Parallel()
	for _, unprepared := range []bool{false, true} {
		p := newWipePool(t, rls.Config{MaxConnections: 1, Unprepared: unprepared}, "application_name=mine&work_mem=7MB")
		found := func() string { return mustRead(t, p, running("rls_ann", "select public.found(), pg_backend_pid()")) }
		before := found()
		if !strings.Contains(before, "7MB|mine|rls_ann|rls_login") {
			t.Fatalf("before: %s", before)
		}
		for name, sql := range map[string]string{
			"function":   "select public.leave_more()",
			"trigger":    "insert into public.triggered values (1)",
			"policy":     "select id from public.policed",
			"default":    "insert into public.defaulted default values",
			"view":       "select id from public.shown",
			"computed":   "select public.computed(item) from public.item",
			"failure":    "select public.leave_more(), 1/0 from public.item",
			"statement":  "select public.leave(), pg_sleep(0.01)",
			"only locks": "select pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock(2)",
			"prepare":    "prepare left_alone as select 1",
			"session":    "set session my.secret = 'left'",
			"role":       "set role rls_ben",
			"timeout":    "select set_config('statement_timeout', '1ms', false)",
		} {
			for ending, change := range map[string]func(*rls.Transaction) context.Context{
				"committed": func(*rls.Transaction) context.Context { return t.Context() },
				"undone":    func(tx *rls.Transaction) context.Context { tx.Rollback = true; return t.Context() },
				"explicit":  func(tx *rls.Transaction) context.Context { tx.Isolation = rls.RepeatableRead; return t.Context() },
				"cancelled": func(tx *rls.Transaction) context.Context {
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
					t.Cleanup(cancel)
					tx.After = []rls.Query{{SQL: "select pg_sleep(10)"}}
					return ctx
				},
				"pre-request": func(tx *rls.Transaction) context.Context {
					tx.PreRequest, tx.Main.SQL = tx.Main.SQL, "select 1"
					return t.Context()
				},
			} {
				tx := running("rls_ann", sql)
				_, _, err := read(change(tx), p, tx)
				wantError := name == "failure" || ending == "cancelled"
				if late := name == "timeout" && canceled(err); (err != nil) != wantError && !late { // what came after it in its own transaction
					t.Errorf("%s, %s: %v", name, ending, err)
				}
				after := found()
				if name == "timeout" || ending == "cancelled" {
					// Where the time-out or a late cancellation also ends the wiping, another connection comes in its place.
					before = withoutProcess(before) + after[len(withoutProcess(after)):]
				}
				if after != before {
					t.Errorf("%s, %s: the next finds\n%s\nbefore it was\n%s", name, ending, after, before)
					before = found()
				}
			}
		}
	}
}

// canceled reports whether PostgreSQL ended a statement for its time-out.
func canceled(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "57014"
}

// withoutProcess is what was found but for the process at its end.
func withoutProcess(found string) string { return found[:strings.LastIndexByte(found, ' ')] }

// TestSequencesAreForgotten proves that currval and lastval tell nothing of another's insert, though plain inserts are not
// wiped.
func TestSequencesAreForgotten(t *testing.T) {
	t.Parallel()
	p := newWipePool(t, rls.Config{MaxConnections: 1}, "")
	for _, isolation := range []rls.Isolation{rls.DefaultIsolation, rls.RepeatableRead} {
		for _, readOnly := range []bool{false, true} {
			mustRead(t, p, as("rls_ann", "insert into public.item (name) values ('plain')"))
			tx := running("rls_ann", "select lastval()")
			tx.Isolation, tx.ReadOnly = isolation, readOnly
			if rows, _, err := read(t.Context(), p, tx); sqlState(err) != "55000" {
				t.Errorf("lastval gave %s, %v", rows, err)
			}
		}
	}
	tx := running("rls_ann", "with i as (insert into public.item (name) values ('own') returning id) select id = lastval() from i")
	if got := mustRead(t, p, tx); got != "[t]" {
		t.Errorf("one's own value: %s", got)
	}
}

// TestForeignStatements proves that code which puts a prepared statement of its own in the place of ours changes nothing for others.
func TestForeignStatements(t *testing.T) {
	t.Parallel()
	p := newWipePool(t, rls.Config{MaxConnections: 1}, "")
	const sql = "select current_user, count(*) from note"
	replace := func(with string) string {
		return `do $$
			declare s record;
			begin
				for s in select * from pg_prepared_statements loop
					execute 'deallocate ' || quote_ident(s.name);
					` + with + `
				end loop;
			end $$`
	}
	for _, with := range []string{
		"", "execute format('prepare %I as select ''rls_ben'', 99', s.name);",
		`execute format('prepare %I%s as select %L, 99', s.name, replace(replace(s.parameter_types::text, '{', '('), '}', ')'), 'x');`,
	} {
		for range 2 {
			if got := mustRead(t, p, as("rls_ann", sql)); got != "[rls_ann 2]" {
				t.Errorf("got %s", got)
			}
			if _, _, err := read(t.Context(), p, running("rls_ben", replace(with))); err != nil {
				t.Logf("refused: %v", err)
			}
			if got := mustRead(t, p, as("rls_ann", sql)); got != "[rls_ann 2]" {
				t.Errorf("after %q: got %s", with, got)
			}
		}
	}
}

// TestOwnStatementsSurvive proves that a wipe drops no prepared statement of ours.
func TestOwnStatementsSurvive(t *testing.T) {
	t.Parallel()
	p := newWipePool(t, rls.Config{MaxConnections: 1}, "")
	const count = "select count(*) from pg_prepared_statements"
	mustRead(t, p, running("rls_ann", "select public.leave()"))
	first := mustRead(t, p, running("rls_ann", count))
	for range 3 {
		mustRead(t, p, running("rls_ann", "select public.leave()"))
		if again := mustRead(t, p, running("rls_ann", count)); again != first {
			t.Errorf("%s statements, then %s", first, again)
		}
	}
}

// TestCloseWaitsForTheWipe closes a pool right after its last transaction.
func TestCloseWaitsForTheWipe(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("rls_login", "login noinherit"), pgtest.Role("rls_ann", ""), pgtest.Role("rls_ben", ""), setup, wipeSetup)
	for range 20 {
		p, err := rls.New(t.Context(), rls.Config{URI: db.URI("rls_login")})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(t.Context(), p, running("rls_ann", "select public.leave()")); err != nil {
			t.Fatal(err)
		}
		p.Close()
		if n := p.Stat().TotalConns(); n != 0 {
			t.Fatalf("%d connections are open", n)
		}
	}
}

// TestSessionsOfManyClients has 64 clients leave what they can over a pool of four, hang up, fail and time out, and look at what
// they find.
func TestSessionsOfManyClients(t *testing.T) {
	t.Parallel()
	p := newWipePool(t, rls.Config{MaxConnections: 4, AcquireTimeout: time.Minute}, "application_name=mine&work_mem=7MB")
	// What a transaction without a trace of others finds; the empty setting may be known to the session or not.
	clean := func(role string) string {
		return fmt.Sprintf(`[UTC||0|{"sub":"%s"}|"public"|off|on|7MB|mine|%s|rls_login|0|0]`, role, role)
	}
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			role := []string{"rls_ann", "rls_ben"}[rand.IntN(2)]
			for range 60 {
				ctx, cancel := context.WithCancel(t.Context())
				var tx *rls.Transaction
				switch rand.IntN(6) {
				case 0:
					tx = running("rls_ann", "select public.leave_more()")
				case 1:
					tx = running(role, "select public.leave(), 1/0")
				case 2:
					tx = running(role, "select public.leave(), pg_sleep(1)")
					cancel()
					ctx, cancel = context.WithTimeout(t.Context(), time.Duration(rand.IntN(6))*time.Millisecond)
				case 3:
					tx = running(role, "select public.leave(), pg_sleep(1)")
					tx.Settings = []rls.Setting{{Name: "statement_timeout", Value: "2ms"}}
				case 4:
					tx = running(role, "select set_config('statement_timeout', '1ms', false)")
				default:
					tx = as(role, "select public.found()")
				}
				rows, _, err := read(ctx, p, tx)
				cancel()
				if tx.RunsCode {
					continue
				}
				if err != nil {
					t.Errorf("could not look: %v", err)
				} else if got := strings.ReplaceAll(rows[0], "Etc/UTC", "UTC"); got != clean(role) && got != strings.Replace(clean(role), "||", "|", 1) {
					t.Errorf("%s finds %s, want %s", role, got, clean(role))
				}
			}
		})
	}
	clients.Wait()
}
