package server_test

import (
	"net/http"
	"testing"
)

// leaver leaves in the session all that SQL may leave there beyond its transaction.
const leaver = `
create function library.leave() returns void language plpgsql volatile as $$
begin
  perform set_config('timezone', 'Asia/Tokyo', false), set_config('search_path', 'private', false),
    set_config('request.jwt.claims', '{"sub": "left behind"}', false), set_config('my.secret', 'left behind', false),
    set_config('statement_timeout', '20s', false), pg_advisory_lock(42);
  create temporary table secret (word text);
  insert into secret values ('left behind');
  listen left_behind;
end $$;
create function library.found() returns json language sql stable as $$
  select json_build_object('time_zone', current_setting('timezone'), 'my', nullif(current_setting('my.secret', true), ''),
    'timeout', current_setting('statement_timeout'), 'claims', current_setting('request.jwt.claims'),
    'search_path', current_setting('search_path'), 'table', to_regclass('pg_temp.secret'),
    'locks', (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
    'channels', (select count(*) from pg_listening_channels()), 'user', current_user)
$$;
create function library.become() returns void language plpgsql volatile as $$ begin perform set_config('role', 'librarian', false); end $$;
grant execute on function library.leave, library.found, library.become to public;`

// TestSessionState checks that what a function leaves in its session is not there for the next request on the connection.
func TestSessionState(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, leaver)
	db.Exec(t, "grant temporary on database "+db.Name+" to public")
	handler := newServer(t, db, "db-pool = 1\n")
	member := "Bearer " + token(t, map[string]any{"role": "member"})
	found := func() string {
		w := send(t, handler, http.MethodGet, "/rpc/found", "", "Authorization", member)
		if w.Code != http.StatusOK {
			t.Fatalf("got %d %s", w.Code, w.Body)
		}
		return w.Body.String()
	}
	before := found()
	if w := post(t, handler, "/rpc/leave", "{}"); w.Code != http.StatusNoContent {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if after := found(); after != before {
		t.Errorf("the next request finds\n%s\nbefore it was\n%s", after, before)
	}
	post(t, handler, "/rpc/become", "{}")
	if after := found(); after != before {
		t.Errorf("after a role was left behind\n%s", after)
	}
}
