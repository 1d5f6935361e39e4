package rls_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/rls"
)

const setup = `
create table note (id int primary key, owner name not null, body text);
alter table note enable row level security;
create policy own on note using (owner = current_user) with check (owner = current_user);
grant all on note to rls_ann, rls_ben;
grant rls_ann, rls_ben to rls_login;
insert into note values (1, 'rls_ann', 'a'), (2, 'rls_ben', 'b'), (3, 'rls_ann', 'c');
create table parent (id int primary key);
create table child (id int references parent deferrable initially deferred);
grant all on parent, child to rls_ann;
`

func newPool(t *testing.T, cfg rls.Config) (*rls.Pool, *pgtest.Database) {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("rls_login", "login noinherit"), pgtest.Role("rls_ann", ""), pgtest.Role("rls_ben", ""), setup)
	cfg.URI = db.URI("rls_login")
	pool, err := rls.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, db
}

func as(role, sql string, args ...string) *rls.Transaction {
	tx := &rls.Transaction{
		Role: role, SearchPath: `"public"`, Claims: `{"sub":"` + role + `"}`, Method: "GET", Path: "/", Headers: "{}", Cookies: "{}",
		Main: rls.Query{SQL: sql},
	}
	for _, a := range args {
		tx.Main.Args = append(tx.Main.Args, []byte(a))
	}
	return tx
}

// read runs a transaction and returns its rows, values joined by commas.
func read(ctx context.Context, p *rls.Pool, tx *rls.Transaction) ([]string, *rls.Outcome, error) {
	var rows []string
	out, err := p.Run(ctx, tx, func(r *rls.Rows) error {
		rows = nil
		for r.Next() {
			rows = append(rows, strings.TrimSpace(fmt.Sprintf("%s", r.Values())))
		}
		return nil
	})
	return rows, out, err
}

func mustRead(t *testing.T, p *rls.Pool, tx *rls.Transaction) string {
	t.Helper()
	rows, _, err := read(t.Context(), p, tx)
	if err != nil {
		t.Fatalf("%s: %v", tx.Main.SQL, err)
	}
	return strings.Join(rows, " ")
}

func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return fmt.Sprint(err)
}

func TestRolesSeeTheirOwnRows(t *testing.T) {
	t.Parallel()
	for _, unprepared := range []bool{false, true} {
		p, _ := newPool(t, rls.Config{MaxConnections: 1, Unprepared: unprepared})
		const list = "select id from note order by id"
		for range 3 { // the second and third time with the statements of the first
			if got := mustRead(t, p, as("rls_ann", list)); got != "[1] [3]" {
				t.Errorf("ann sees %s", got)
			}
			if got := mustRead(t, p, as("rls_ben", list)); got != "[2]" {
				t.Errorf("ben sees %s", got)
			}
		}
	}
}

func TestSettingsEndWithTheTransaction(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1})
	tx := as("rls_ann", `select current_user, current_setting('request.jwt.claims'), current_setting('request.method'),
		current_setting('search_path'), current_setting('timezone'), current_setting('work_mem'), current_setting('transaction_read_only')`)
	tx.Settings = []rls.Setting{{Name: "timezone", Value: "Asia/Tokyo"}}
	tx.LoginSettings = []rls.Setting{{Name: "work_mem", Value: "5MB"}}
	tx.ReadOnly = true
	if got := mustRead(t, p, tx); got != `[rls_ann {"sub":"rls_ann"} GET "public" Asia/Tokyo 5MB on]` {
		t.Errorf("in the transaction: %s", got)
	}
	for _, fails := range []string{"select 1/0", "insert into note values (9, 'rls_ben')", "nonsense"} {
		if _, _, err := read(t.Context(), p, as("rls_ann", fails)); err == nil {
			t.Errorf("%s did not fail", fails)
		}
	}
	// Only the preamble of this one says who it is.
	after := as("rls_ben", `select current_user, session_user, current_setting('timezone') <> 'Asia/Tokyo', current_setting('work_mem') <> '5MB',
		current_setting('transaction_read_only')`)
	if got := mustRead(t, p, after); got != "[rls_ben rls_login t t off]" {
		t.Errorf("in the next transaction: %s", got)
	}
}

func TestManySettings(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{})
	tx := as("rls_ann", "select current_setting('app.n0'), current_setting('app.n199'), current_user")
	for i := range 200 {
		tx.Settings = append(tx.Settings, rls.Setting{Name: fmt.Sprintf("app.n%d", i), Value: fmt.Sprint(i)})
	}
	if got := mustRead(t, p, tx); got != "[0 199 rls_ann]" {
		t.Error(got)
	}
}

func TestRolesThatCannotBeAssumed(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{})
	for role, want := range map[string]string{"postgres": "42501", "rls_nobody": "22023", `rls_ann"; drop table note; --`: "22023"} {
		if _, _, err := read(t.Context(), p, as(role, "select 1")); sqlState(err) != want {
			t.Errorf("role %s: %v, want %s", role, err, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{})
	tx := as("rls_ann", "update note set body = 'x'")
	tx.ReadOnly = true
	for _, isolation := range []rls.Isolation{rls.DefaultIsolation, rls.Serializable} {
		tx.Isolation = isolation
		if _, _, err := read(t.Context(), p, tx); sqlState(err) != "25006" {
			t.Errorf("%s: %v", isolation, err)
		}
	}
	if n := count(t, db, "select count(*) from note where body = 'x'"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func count(t *testing.T, db *pgtest.Database, sql string) (n int) {
	t.Helper()
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1})
	for _, level := range []rls.Isolation{rls.ReadCommitted, rls.RepeatableRead, rls.Serializable} {
		tx := as("rls_ann", "select current_setting('transaction_isolation')")
		tx.Isolation = level
		if got := mustRead(t, p, tx); got != "["+string(level)+"]" {
			t.Errorf("%s: %s", level, got)
		}
	}
}

func TestEndings(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 1})
	refused := errors.New("refused")
	insert := func(id int) *rls.Transaction {
		return as("rls_ann", "insert into note values ($1, 'rls_ann')", fmt.Sprint(id))
	}
	for name, c := range map[string]struct {
		tx     *rls.Transaction
		stored int
		err    error
	}{
		"committed": {insert(10), 1, nil},
		"checked": {func() *rls.Transaction {
			tx := insert(11)
			tx.Check = func(*rls.Outcome) error { return nil }
			return tx
		}(), 1, nil},
		"refused": {func() *rls.Transaction {
			tx := insert(12)
			tx.Check = func(*rls.Outcome) error { return refused }
			return tx
		}(), 0, refused},
		"undone": {func() *rls.Transaction { tx := insert(13); tx.Rollback = true; return tx }(), 0, nil},
	} {
		_, out, err := read(t.Context(), p, c.tx)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && out.Tag.RowsAffected() != 1 {
			t.Errorf("%s: %d rows affected", name, out.Tag.RowsAffected())
		}
		id := string(c.tx.Main.Args[0])
		if n := count(t, db, "select count(*) from note where id = "+id); n != c.stored {
			t.Errorf("%s: %d rows stored", name, n)
		}
	}
}

func TestDeferredConstraintFailsTheTransaction(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 1})
	for name, change := range map[string]func(*rls.Transaction){
		"implicit": func(*rls.Transaction) {},
		"explicit": func(tx *rls.Transaction) { tx.Isolation = rls.Serializable },
		"undone":   func(tx *rls.Transaction) { tx.Rollback = true },
	} {
		tx := as("rls_ann", "insert into child values (1)")
		change(tx)
		if _, _, err := read(t.Context(), p, tx); sqlState(err) != "23503" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, db, "select count(*) from child"); n != 0 {
		t.Errorf("%d rows stored", n)
	}
	if got := mustRead(t, p, as("rls_ann", "select 1")); got != "[1]" {
		t.Error(got)
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{})
	tx := as("rls_ann", "select set_config('response.status', '418', true)")
	tx.PreRequest = "select set_config('app.pre', 'yes', true)"
	tx.After = []rls.Query{
		{SQL: "select current_setting('response.status'), null, current_setting('app.pre')"},
		{SQL: "select 1 where false"},
	}
	_, out, err := read(t.Context(), p, tx)
	if err != nil {
		t.Fatal(err)
	}
	row := out.After[0]
	if len(out.After) != 2 || string(row[0]) != "418" || row[1] != nil || string(row[2]) != "yes" || out.After[1] != nil {
		t.Errorf("%q", out.After)
	}
}

func TestStatementsAreBounded(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1, StatementCacheSize: 5})
	for i := range 40 {
		if got := mustRead(t, p, as("rls_ann", fmt.Sprintf("select %d + id from note where id = 1", i))); got != fmt.Sprintf("[%d]", i+1) {
			t.Fatal(got)
		}
	}
	tx := as("rls_ann", "select count(*) <= 7 from pg_prepared_statements")
	if got := mustRead(t, p, tx); got != "[t]" {
		t.Errorf("more statements than allowed are kept")
	}
}

func TestStatementOutOfDate(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 1})
	db.Exec(t, "create table changing (v int); insert into changing values (7); grant select on changing to rls_ann")
	const sql = "select * from changing"
	for range 2 {
		if got := mustRead(t, p, as("rls_ann", sql)); got != "[7]" {
			t.Fatal(got)
		}
	}
	db.Exec(t, "alter table changing alter v type text using 'seven'")
	if got := mustRead(t, p, as("rls_ann", sql)); got != "[seven]" {
		t.Errorf("after the change: %s", got)
	}
	if got := mustRead(t, p, as("rls_ann", "deallocate all")); got != "" {
		t.Fatal(got)
	}
	if got := mustRead(t, p, as("rls_ann", sql)); got != "[seven]" {
		t.Errorf("after deallocate: %s", got)
	}
}

func TestHangUpCancelsTheQuery(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 1})
	pid := mustRead(t, p, as("rls_ann", "select pg_backend_pid()"))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, _, err := read(ctx, p, as("rls_ann", "select pg_sleep(30)")); err == nil {
		t.Fatal("was not cancelled")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if n := count(t, db, "select count(*) from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()"); n != 0 {
		t.Errorf("%d queries still run", n)
	}
	if again := mustRead(t, p, as("rls_ann", "select pg_backend_pid()")); again != pid {
		t.Errorf("the connection was lost: %s, then %s", pid, again)
	}
}

func TestPoolTimeout(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1, AcquireTimeout: 3 * time.Second})
	var busy sync.WaitGroup
	ctx, hangUp := context.WithCancel(t.Context())
	busy.Go(func() {
		if _, _, err := read(ctx, p, as("rls_ann", "select pg_sleep(600)")); ctx.Err() == nil {
			t.Error(err)
		}
	})
	for p.Stat().AcquiredConns() == 0 && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := read(t.Context(), p, as("rls_ann", "select 1")); !errors.Is(err, rls.ErrPoolTimeout) {
		t.Errorf("%v", err)
	}
	hangUp()
	busy.Wait()
}

func TestNoDatabase(t *testing.T) {
	t.Parallel()
	p, err := rls.New(t.Context(), rls.Config{URI: "postgres://x@127.0.0.1:1/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var connect *rls.ConnectError
	if _, _, err := read(t.Context(), p, as("x", "select 1")); !errors.As(err, &connect) {
		t.Errorf("%v", err)
	}
}

func TestConcurrentRoles(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 3})
	want := map[string]string{"rls_ann": "[1 rls_ann] [3 rls_ann]", "rls_ben": "[2 rls_ben]"}
	var clients sync.WaitGroup
	for i := range 16 {
		role := []string{"rls_ann", "rls_ben"}[i%2]
		clients.Go(func() {
			for n := range 60 {
				tx := as(role, "select id, current_setting('request.jwt.claims')::json->>'sub' from note order by id")
				switch {
				case n%7 == 3:
					tx = as(role, "select 1/0")
				case n%7 == 5:
					tx.Rollback = true
				}
				ctx, cancel := context.WithCancel(t.Context())
				if n%7 == 6 {
					cancel()
				}
				rows, _, err := read(ctx, p, tx)
				cancel()
				if got := strings.Join(rows, " "); err == nil && got != want[role] {
					t.Errorf("%s got %s", role, got)
				}
			}
		})
	}
	clients.Wait()
}

func TestReaderGivesUp(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1})
	pid := mustRead(t, p, as("rls_ann", "select pg_backend_pid()"))
	enough := errors.New("enough")
	for _, rollback := range []bool{false, true} {
		tx := as("rls_ann", "select generate_series(1, 100000000), repeat('x', 1000)")
		tx.Rollback = rollback
		_, err := p.Run(t.Context(), tx, func(r *rls.Rows) error {
			r.Next()
			return enough
		})
		if !errors.Is(err, enough) {
			t.Errorf("%v", err)
		}
	}
	if again := mustRead(t, p, as("rls_ann", "select pg_backend_pid()")); again != pid {
		t.Errorf("the connection was lost: %s, then %s", pid, again)
	}
}

func TestLostConnections(t *testing.T) {
	t.Parallel()
	p, db := newPool(t, rls.Config{MaxConnections: 2})
	kill := func() {
		db.Exec(t, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = 'rls_login'")
	}
	tx := as("rls_ann", "select id from note order by id")
	tx.ReadOnly = true
	for range 10 {
		if got := mustRead(t, p, tx); got != "[1] [3]" {
			t.Fatal(got)
		}
		kill()
	}
	// The connection that the write gets may be one of those that were killed, and the write be over at once.
	written := make(chan struct{})
	var died sync.WaitGroup
	died.Go(func() {
		for p.Stat().AcquiredConns() == 0 {
			select {
			case <-written:
				return
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(50 * time.Millisecond)
		kill()
	})
	// A write whose connection dies is never sent again.
	_, _, err := read(t.Context(), p, as("rls_ann", "insert into note select 100, 'rls_ann' from pg_sleep(5)"))
	close(written)
	died.Wait()
	var lost *rls.LostError
	if sqlState(err) != "57P01" && !errors.As(err, &lost) {
		t.Errorf("%v", err)
	}
	if n := count(t, db, "select count(*) from note where id = 100"); n != 0 {
		t.Errorf("%d rows stored", n)
	}
}
