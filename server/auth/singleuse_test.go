package auth_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/auth"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// newSingleUse is a database with the migration, a login role and a role of the API.
func newSingleUse(t *testing.T) *pgtest.Database {
	return pgtest.New(t,
		pgtest.Role("single_use_login", "login noinherit"), pgtest.Role("single_use_web", "login"),
		`create schema evil; grant all on schema evil to public; grant single_use_web to single_use_login`,
		auth.SingleUseMigration(), auth.SingleUseMigration(),
		`grant usage on schema postern_auth to single_use_login;
		 grant execute on function postern_auth.postern_consume_token(text, timestamptz) to single_use_login;
		 create table done (n int); grant insert on done to single_use_web`)
}

func wasUsed(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "PT401" && pgErr.Message == "The token was used already"
}

// TestConsumeTokenRace has many connections use the same tokens, as requests do:
// consume, assume the role, work, commit. Some roll back, which uses nothing up.
func TestConsumeTokenRace(t *testing.T) {
	t.Parallel()
	db := newSingleUse(t)
	const tokens, workers = 40, 8
	var won [tokens]atomic.Int32
	var wg sync.WaitGroup
	for worker := range workers {
		conn := db.Conn(t, "single_use_login")
		wg.Go(func() {
			for i := range tokens {
				caller := auth.Caller{Issuer: "postern", TokenID: fmt.Sprint(i), Expires: time.Now().Add(time.Hour)}
				rollback := worker == 0 && i%2 == 0
				switch err := use(t.Context(), conn, caller, rollback); {
				case err == nil && !rollback:
					won[i].Add(1)
				case err != nil && !wasUsed(err):
					t.Errorf("token %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	for i := range won {
		if n := won[i].Load(); n != 1 {
			t.Errorf("token %d was used %d times", i, n)
		}
	}
	var done int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select count(*) from done").Scan(&done); err != nil || done != tokens {
		t.Errorf("%d pieces of work for %d tokens, %v", done, tokens, err)
	}
}

func use(ctx context.Context, conn *pgx.Conn, caller auth.Caller, rollback bool) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, auth.ConsumeToken, caller.UseID(), caller.Expires); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "select set_config('role', 'single_use_web', true)"); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "insert into done values (1)"); err != nil {
		return err
	}
	if rollback {
		return tx.Rollback(ctx)
	}
	return tx.Commit(ctx)
}

// TestConsumeTokenWaits holds one use open: the other neither wins nor loses until it ends.
func TestConsumeTokenWaits(t *testing.T) {
	t.Parallel()
	for _, commit := range []bool{true, false} {
		db := newSingleUse(t)
		ctx, first, second := t.Context(), db.Conn(t, "single_use_login"), db.Conn(t, "single_use_login")
		caller := auth.Caller{TokenID: "x", Expires: time.Now().Add(time.Hour)}
		tx, err := first.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, auth.ConsumeToken, caller.UseID(), caller.Expires); err != nil {
			t.Fatal(err)
		}
		result := make(chan error, 1)
		go func() { result <- use(ctx, second, caller, false) }()
		select {
		case err := <-result:
			t.Fatalf("the second use does not wait: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		if commit {
			err = tx.Commit(ctx)
		} else {
			err = tx.Rollback(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := <-result; commit && !wasUsed(err) || !commit && err != nil {
			t.Errorf("commit %t: %v", commit, err)
		}
	}
}

// TestConsumeTokenInReads is the order for GET: consume, then read only.
func TestConsumeTokenInReads(t *testing.T) {
	t.Parallel()
	db := newSingleUse(t)
	conn, ctx := db.Conn(t, "single_use_login"), t.Context()
	caller := auth.Caller{TokenID: "x", Expires: time.Now().Add(time.Hour)}
	for range 2 {
		var batch pgx.Batch
		batch.Queue(auth.ConsumeToken, caller.UseID(), caller.Expires)
		batch.Queue("select set_config('transaction_read_only', 'on', true), set_config('role', 'single_use_web', true)")
		batch.Queue("select 1")
		err := conn.SendBatch(ctx, &batch).Close()
		if caller.SingleUse && !wasUsed(err) || !caller.SingleUse && err != nil {
			t.Errorf("second use %t: %v", caller.SingleUse, err)
		}
		caller.SingleUse = true // from now on it is used
	}
}

// TestConsumeTokenIsGuarded keeps the API's roles out, and shadows from misleading it.
func TestConsumeTokenIsGuarded(t *testing.T) {
	t.Parallel()
	db := newSingleUse(t)
	ctx := t.Context()
	web := db.Conn(t, "single_use_web")
	for _, query := range []string{
		"select postern_auth.postern_consume_token('x', now())", "select * from postern_auth.used_token",
		"delete from postern_auth.used_token", "insert into postern_auth.used_token values ('x', now())", "create table postern_auth.t ()",
	} {
		var pgErr *pgconn.PgError
		if _, err := web.Exec(ctx, query); !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("%s: %v", query, err)
		}
	}
	// Even a role that may look into the schema may not use up others' tokens.
	db.Exec(t, "grant usage on schema postern_auth to single_use_web")
	var pgErr *pgconn.PgError
	if _, err := web.Exec(ctx, "select postern_auth.postern_consume_token('x', now())"); !errors.As(err, &pgErr) || pgErr.Code != "42501" {
		t.Errorf("with usage of the schema: %v", err)
	}
	login := db.Conn(t, "single_use_login")
	for _, query := range []string{"select * from postern_auth.used_token", "delete from postern_auth.used_token"} {
		if _, err := login.Exec(ctx, query); !errors.As(err, &pgErr) || pgErr.Code != "42501" {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, args := range [][]any{{nil, time.Now()}, {"x", nil}} {
		if _, err := login.Exec(ctx, auth.ConsumeToken, args...); !errors.As(err, &pgErr) || pgErr.Code != "PT401" {
			t.Errorf("%v: %v", args, err)
		}
	}
	// Neither a search_path nor temporary objects of the session change what it does.
	if _, err := login.Exec(ctx, `create function evil.lt(timestamptz, timestamptz) returns boolean language sql as 'select true';
		create operator evil.< (leftarg = timestamptz, rightarg = timestamptz, function = evil.lt);
		create temporary table used_token (jti text, expires timestamptz);
		set search_path = evil, pg_temp, pg_catalog`); err != nil {
		t.Fatal(err)
	}
	id := (&auth.Caller{TokenID: "y"}).UseID()
	for i := range 3 {
		if _, err := login.Exec(ctx, auth.ConsumeToken, id, time.Now().Add(time.Hour)); (i == 0) != (err == nil) {
			t.Errorf("use %d: %v", i+1, err)
		}
	}
}

// TestConsumeTokenForgets clears away what no server would accept any more.
func TestConsumeTokenForgets(t *testing.T) {
	t.Parallel()
	db := newSingleUse(t)
	db.Exec(t, `insert into postern_auth.used_token select 'old' || i, now() - interval '2 days' from generate_series(1, 25) i;
		insert into postern_auth.used_token values ('recent', now() - interval '1 minute')`)
	login, ctx := db.Conn(t, "single_use_login"), t.Context()
	for i, want := range []int{17, 8, 4, 5} { // each use adds one and clears ten
		if _, err := login.Exec(ctx, auth.ConsumeToken, fmt.Sprint(i), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := db.Conn(t, "postgres").QueryRow(ctx, "select count(*) from postern_auth.used_token").Scan(&n); err != nil || n != want {
			t.Errorf("after use %d: %d rows, %v, want %d", i+1, n, err, want)
		}
	}
	if _, err := login.Exec(ctx, auth.ConsumeToken, "recent", time.Now()); !wasUsed(err) {
		t.Errorf("a recent one was forgotten: %v", err)
	}
}
