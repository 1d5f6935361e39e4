package audit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/audit"
)

const grants = `grant usage on schema postern_audit to audit_login;
grant execute on function postern_audit.write(json) to audit_login;`

// newDatabase is a database with the log's table and a role that may only add to it.
func newDatabase(t *testing.T) *pgtest.Database {
	t.Helper()
	return pgtest.New(t, pgtest.Role("audit_login", "login noinherit"), audit.Migration(), audit.Migration(), grants)
}

func connector(db *pgtest.Database) func(context.Context) (*pgx.Conn, error) {
	return func(ctx context.Context) (*pgx.Conn, error) { return pgx.Connect(ctx, db.URI("audit_login")) }
}

func count(t *testing.T, db *pgtest.Database) (n uint64) {
	t.Helper()
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select count(*) from postern_audit.request_log").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTable(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	l, events := open(t, audit.Config{Destination: "table", Connect: connector(db)})
	if err := l.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Write(full())
	l.Write(&audit.Entry{Time: full().Time, Subject: "a\x00b\n\u2028🙂\"\\", Rows: -1, Filters: []string{"a,b", "{}", `"`, ""}})
	await(t, "two rows", written(2, l))

	const query = `select string_agg((to_jsonb(l) - 'writer' - 'written' || jsonb_build_object('time', time at time zone 'utc'))::text, e'\n' order by number)
		from postern_audit.request_log l where written <= now() and writer is not null`
	var got string
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), query).Scan(&got); err != nil {
		t.Fatal(err)
	}
	want := `{"code": "PGRST116", "role": "web_user", "rows": 25, "time": "2026-03-01T12:00:00.120345", "action": "read", ` +
		`"issuer": "https://id.example.org/", "number": 1, "remote": "192.0.2.7", "schema": "api", "status": 200, "filters": ["room_id", "sent"], ` +
		`"subject": "ann", "resource": "message", "token_id": "t-1", "request_id": "0b8c", "duration_ms": 3.042}` + "\n" +
		`{"code": null, "role": null, "rows": null, "time": "2026-03-01T12:00:00.120345", "action": null, "issuer": null, "number": 2, ` +
		`"remote": null, "schema": null, "status": 0, "filters": ["a,b", "{}", "\"", ""], "subject": "a` + "\ufffd" + `b\n` + "\u2028" + `🙂\"\\", ` +
		`"resource": null, "token_id": null, "request_id": null, "duration_ms": 0.000}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if events.String() != "" {
		t.Errorf("logged %s", events)
	}
}

// TestTableRights tells what the login role may do, and others.
func TestTableRights(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	login, other := db.Conn(t, "audit_login"), pgtest.Role("audit_other", "login")
	db.Exec(t, other)
	for _, statement := range []string{
		"select from postern_audit.request_log",
		"insert into postern_audit.request_log (writer, number, time) values (gen_random_uuid(), 1, now())",
		"update postern_audit.request_log set subject = ''",
		"delete from postern_audit.request_log",
		"truncate postern_audit.request_log",
		"create table postern_audit.t ()",
	} {
		if _, err := login.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	// A function of the caller's must not run with the owner's rights.
	_, err := login.Exec(t.Context(), `create function pg_temp.nullif(text, text) returns text language sql as $$ select 'mine' $$;
		create temp table json_to_recordset (); set search_path = pg_temp; select postern_audit.write('[]')`)
	if err != nil {
		t.Error(err)
	}
	if _, err := db.Conn(t, "audit_other").Exec(t.Context(), "select postern_audit.write('[]')"); err == nil {
		t.Error("any role may write")
	}
}

func TestTableBatches(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.Exec(t, `create view batches as select xmin::text, count(*) from postern_audit.request_log group by 1`)
	l, _ := open(t, audit.Config{Destination: "table", Connect: connector(db)})
	const lines = 2600
	for range lines {
		l.Write(full())
	}
	if err := l.Close(); err != nil { // flushes
		t.Fatal(err)
	}
	var n, batches, largest int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select sum(count), count(*), max(count) from batches").Scan(&n, &batches, &largest); err != nil {
		t.Fatal(err)
	}
	if n != lines || batches > 12 || largest != 500 {
		t.Errorf("%d rows in %d batches of %d at most", n, batches, largest)
	}
}

// TestDatabaseAway cuts the connection and lets no new one in. Entries wait; those that find no room are counted; when the
// database is back, the rest arrives, each once.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	l, events := open(t, audit.Config{Destination: "table", Connect: connector(db)})
	l.SetLimit(32 * 1024)
	l.Write(full())
	await(t, "a row", written(1, l))

	admin := pgtest.New(t).Conn(t, "postgres")
	away := func(away bool) {
		for _, statement := range []string{
			fmt.Sprintf("alter database %s with allow_connections %v", db.Name, !away),
			fmt.Sprintf("select pg_terminate_backend(pid) from pg_stat_activity where %v and datname = '%s'", away, db.Name),
		} {
			if _, err := admin.Exec(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	}
	away(true)
	for range 500 {
		l.Write(full())
	}
	await(t, "notice of it", func() bool { return strings.Contains(events.String(), "cannot be written") })
	if s := l.Stats(); s.Lost == 0 || s.Waiting == 0 || s.Written != 1 {
		t.Errorf("away: %+v", s)
	}
	away(false)
	await(t, "the rows", func() bool { return l.Stats().Waiting == 0 })
	s := l.Stats()
	if n := count(t, db); n != s.Written || s.Written+s.Lost != 501 {
		t.Errorf("%d rows, %+v", n, s)
	}
	await(t, "word of it", func() bool { return strings.Contains(events.String(), "can be written again") })
	if !strings.Contains(events.String(), "audit lines lost\" lost=") {
		t.Errorf("logged %s", events)
	}
}

// TestConnectionCut cuts an idle connection, which is no outage.
func TestConnectionCut(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	l, events := open(t, audit.Config{Destination: "table", Connect: connector(db)})
	for i := range uint64(3) {
		l.Write(full())
		await(t, "a row", written(i+1, l))
		db.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'audit_login' and datname = current_database()")
	}
	if n := count(t, db); n != 3 || events.String() != "" {
		t.Errorf("%d rows; logged %s", n, events)
	}
}

// TestMigratedLater starts the server before the migration ran.
func TestMigratedLater(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("audit_login", "login noinherit"))
	l, events := open(t, audit.Config{Destination: "table", Connect: connector(db)})
	if err := l.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "postern_audit") {
		t.Errorf("got %v", err)
	}
	l.Write(full())
	await(t, "notice of it", func() bool { return strings.Contains(events.String(), "3F000") })
	db.Exec(t, audit.Migration())
	if err := l.Check(t.Context()); err == nil {
		t.Error("the log may be written without a grant")
	}
	db.Exec(t, grants)
	if err := l.Check(t.Context()); err != nil {
		t.Error(err)
	}
	await(t, "the row", written(1, l))
}

// TestLockedTable holds the table, so that attempts hang. Requests do not, and Close gives up.
func TestLockedTable(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	l, err := audit.New(audit.Config{Destination: "table", Connect: connector(db), Logger: logger(&buffer{})})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Conn(t, "postgres").Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table postern_audit.request_log in exclusive mode"); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for range 700 {
		l.Write(full())
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("700 entries took %v", took)
	}
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "700 lines are lost") {
		t.Errorf("got %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOtherEncoding has a database that cannot keep all characters. What it cannot is replaced; no row is lost.
func TestOtherEncoding(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, pgtest.Role("audit_login", "login noinherit"))
	name := db.Name + "_latin1"
	admin := db.Conn(t, "postgres")
	if _, err := admin.Exec(t.Context(), "create database "+name+" template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), db.URI("postgres"))
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), "drop database "+name+" with (force)"); err != nil {
			t.Error(err)
		}
	})
	connect := func(role string) (*pgx.Conn, error) {
		return pgx.Connect(context.Background(), strings.Replace(db.URI(role), db.Name, name, 1))
	}
	owner, err := connect("postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Close(context.Background()) }()
	if _, err := owner.Exec(t.Context(), "set client_encoding = 'UTF8';"+audit.Migration()+grants); err != nil {
		t.Fatal(err)
	}
	l, _ := open(t, audit.Config{Destination: "table", Connect: func(context.Context) (*pgx.Conn, error) { return connect("audit_login") }})
	for _, subject := range []string{"plain", "é", "é 東京", "\u2028"} {
		l.Write(&audit.Entry{Subject: subject})
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := owner.QueryRow(t.Context(), "select string_agg(subject, '|' order by number) from postern_audit.request_log").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if want := "plain|é|? ??|?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkTable(b *testing.B) {
	db := pgtest.New(b, pgtest.Role("audit_login", "login noinherit"), audit.Migration(), grants)
	l, err := audit.New(audit.Config{Destination: "table", Connect: connector(db)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.Write(full())
		if l.Stats().Waiting > 10_000 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
