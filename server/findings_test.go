package server_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// logBuffer collects a log, to be read meanwhile.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestFindings checks that what is unsafe in a database is logged when the server starts, and later only what is new.
func TestFindings(t *testing.T) {
	t.Parallel()
	const guest, owner, api = "findings_guest", "findings_owner", "findings_api"
	db := pgtest.New(t, pgtest.Role(guest, ""), pgtest.Role(owner, ""), pgtest.Role(api, "login noinherit"), strings.NewReplacer("GUEST", guest, "OWNER", owner, "API", api).Replace(`
		create schema a; create schema hidden; create schema closed;
		grant GUEST to API; grant usage on schema a, hidden to GUEST; grant all on schema a, hidden to OWNER;
		create table a.open (id int); grant select on a.open to GUEST;
		create table a.one_column (id int, secret text); grant select (id) on a.one_column to GUEST;
		create table a.to_all (id int); grant select on a.to_all to public;
		create table a.written (id int); grant insert on a.written to GUEST;
		create table a.guarded (id int); alter table a.guarded enable row level security; grant select on a.guarded to GUEST;
		create table hidden.guarded (id int); alter table hidden.guarded enable row level security;
		create table closed.open (id int); grant select on closed.open to GUEST;
		create table hidden.open (id int); grant select on hidden.open to GUEST;
		create view a.past as select * from hidden.guarded;
		create view a.past_twice as select p.id from a.past p;
		create view a.harmless as select * from a.open;
		create materialized view a.kept as select * from a.guarded;
		create function a.helper() returns int language sql security definer as 'select 1';
		create function a.own() returns int language sql as 'select 1';
		create function a.refused() returns int language sql security definer as 'select 1'; revoke execute on function a.refused() from public;
		create function a.on_write() returns trigger language plpgsql security definer as 'begin return new; end';
		do $$ begin if current_setting('server_version_num')::int >= 150000 then
			execute 'create view a.invoker with (security_invoker) as select * from hidden.guarded';
		end if; end $$`))
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI(api), "PGRST_DB_SCHEMAS=a,closed", "PGRST_DB_ANON_ROLE=" + guest,
	}})
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for _, names := range []string{"a.one_column, a.open, a.to_all", "a.kept, a.past, a.past_twice", "a.helper()"} {
		if got := log.String(); strings.Count(got, `names="`+names+`"`)+strings.Count(got, "names="+names+"\n") != 1 {
			t.Errorf("%s is not in the log:\n%s", names, got)
		}
	}
	before := len(log.String())
	db.Exec(t, "create table a.later (id int); grant select on a.later to "+guest)
	s.ReloadSchema()
	eventually(t, 30*time.Second, "the new table", func() bool { return strings.Contains(log.String()[before:], "names=a.later\n") })
	if got := log.String()[before:]; strings.Count(got, "level=WARN") != 1 {
		t.Errorf("what was known is logged again:\n%s", got)
	}
}
