package explain_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/internal/explain"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var update = flag.Bool("update", false, "write the explanations into testdata/*.txtar")

// roles are those of the cases.
func roles() []string {
	return []string{
		pgtest.Role("alice", "nologin"), pgtest.Role("bob", "nologin"), pgtest.Role("boss", "nologin"), pgtest.Role("keeper", "nologin"),
		pgtest.Role("inspector", "login noinherit"), "grant alice, bob, boss to inspector", pgtest.Role("door", "login noinherit"), "grant alice, bob to door",
	}
}

// question is a request with who asks: a line METHOD PATH as ROLE, then lines of headers, of which Claims is not sent, then an empty line
// and a body.
func question(t *testing.T, text string) (*http.Request, auth.Caller) {
	t.Helper()
	head, body, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	lines := strings.Split(head, "\n")
	call, role, _ := strings.Cut(lines[0], " as ")
	method, target, _ := strings.Cut(call, " ")
	caller := auth.Caller{Role: role, Claims: `{"role":"` + role + `"}`}
	r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
	u, err := url.ParseRequestURI(target)
	if err != nil {
		t.Fatal(err)
	}
	r.URL, r.RequestURI = u, target
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Claims" {
			caller.Claims = value
			continue
		}
		r.Header.Set(name, value)
	}
	return r, caller
}

func serve(t *testing.T, db *pgtest.Database, login string, caller auth.Caller) *server.Server {
	t.Helper()
	settings, err := config.Load(config.Input{Environ: []string{"PGRST_DB_URI=" + db.URI(login), "PGRST_DB_SCHEMAS=api", "PGRST_DB_CHANNEL_ENABLED=false"}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{
		Settings: settings, Logger: slog.New(slog.DiscardHandler),
		Authenticate: func(*http.Request) (auth.Caller, error) { return caller, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// ask explains a request over a connection of a role.
func ask(t *testing.T, db *pgtest.Database, login, text string) (*explain.Explanation, error) {
	t.Helper()
	r, caller := question(t, text)
	return serve(t, db, login, caller).Explain(t.Context(), db.Conn(t, login), r)
}

// answer is what the request is really answered with: status, code and the number of rows.
func answer(t *testing.T, db *pgtest.Database, text string) string {
	t.Helper()
	r, caller := question(t, text)
	conn := db.Conn(t, "postgres")
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	serve(t, db, "postgres", caller).ServeWithin(conn.PgConn(), w, r)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	var failed struct{ Code string }
	var rows []json.RawMessage
	switch {
	case json.Unmarshal(w.Body.Bytes(), &rows) == nil:
		return fmt.Sprintf("the answer is %d with rows: %d", w.Code, len(rows))
	case json.Unmarshal(w.Body.Bytes(), &failed) == nil:
		return fmt.Sprintf("the answer is %d with code: %s", w.Code, failed.Code)
	}
	return fmt.Sprintf("the answer is %d", w.Code)
}

// varying is what differs between releases of PostgreSQL and is no concern of these tests.
var varying = regexp.MustCompile(`(?m)^plan  cost .*$|^sql   .*$|^  scan  .*\n`)

// refusal is how an explanation says that policies or grants refuse the request.
var refusal = regexp.MustCompile(`(?m) is refused \(42501\)| lacks | refuses it: .*\(42501\)`)

// TestGolden explains the requests of testdata/*.txtar, each a case with its schema.sql, the request and what is said about it, below what
// the request is really answered with. Explaining changes nothing in the database.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d cases, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			db := pgtest.New(t, append(roles(), string(archive.Files[0].Data))...)
			before := contents(t, db)
			var explained []string
			for i := 1; i+1 < len(archive.Files); i += 2 {
				x, err := ask(t, db, "postgres", string(archive.Files[i].Data))
				if err != nil {
					t.Fatal(err)
				}
				var out strings.Builder
				if err := x.WriteText(&out); err != nil {
					t.Fatal(err)
				}
				got := varying.ReplaceAllStringFunc(out.String(), func(line string) string {
					if strings.HasPrefix(line, "  scan") {
						return ""
					}
					return strings.SplitN(line, " ", 2)[0] + " …"
				})
				explained = append(explained, got)
				if after := contents(t, db); after != before {
					t.Errorf("before\n%s\nafter\n%s", before, after)
				}
			}
			for i := 1; i+1 < len(archive.Files); i += 2 {
				answered := answer(t, db, string(archive.Files[i].Data))
				got := answered + "\n\n" + explained[i/2]
				if said, real := refusal.MatchString(got), strings.HasSuffix(answered, ": 42501"); said != real && !strings.Contains(got, "not known") &&
					!strings.Contains(got, "cannot be told") {
					t.Errorf("%s: refused: %t, but explained as refused: %t\n%s", archive.Files[i].Name, real, said, got)
				}
				if *update {
					archive.Files[i+1].Data = []byte(got)
					continue
				}
				if want := string(archive.Files[i+1].Data); got != want {
					t.Errorf("%s: want\n%s\ngot\n%s", archive.Files[i].Name, want, got)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// contents are the rows of all tables, the relations and the sequences.
func contents(t *testing.T, db *pgtest.Database) string {
	t.Helper()
	rows, err := db.Conn(t, "postgres").Query(t.Context(), `
		select c.oid::regclass || ' ' || coalesce((xpath('/table/row/x/text()', query_to_xml('select coalesce(string_agg(t::text, '';'' order by t::text), '''') x from ' || c.oid::regclass || ' t', false, false, '')))[1]::text, '')
		from pg_class c where c.relkind = 'r' and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
		union all select oid::regclass::text || coalesce(pg_sequence_last_value(oid), 0) from pg_class where relkind = 'S'
		union all select relname || ' ' || relkind::text from pg_class where relnamespace::regnamespace::text !~ '^(pg_toast|pg_catalog|information_schema)' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

const notes = `create schema api authorization boss;
create table api.note (id int primary key, owner text);
alter table api.note owner to boss;
alter table api.note enable row level security;
grant usage on schema api to alice, bob;
grant select, insert on api.note to alice, bob;
insert into api.note values (1, 'alice'), (2, 'bob');`

// A policy that writes does not.
func TestPolicyThatWrites(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, `create table api.log (who text);
		grant insert on api.log to public;
		create function api.logged() returns boolean language plpgsql as $$ begin insert into api.log values (current_user); return true; end $$;
		create policy p on api.note using (api.logged())`)...)
	x, err := ask(t, db, "postgres", "GET /note as alice")
	if err != nil {
		t.Fatal(err)
	}
	if p := x.Relations[0].Policies[0]; x.Error == nil || x.Error.Code != "25006" || !strings.Contains(p.Error, "read-only") {
		t.Errorf("got %+v, %+v", x.Error, p)
	}
	if got := contents(t, db); strings.Contains(got, "api.log alice") {
		t.Errorf("the policy wrote: %s", got)
	}
}

// Explaining makes nothing in the database, not even for a moment: no event trigger hears of it, and a standby can do it.
func TestMakesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, `create policy p on api.note using (owner = current_user);
		create sequence api.heard;
		create function api.hear() returns event_trigger language plpgsql as $$ begin perform nextval('api.heard'); end $$;
		create event trigger hear on ddl_command_end execute function api.hear()`)...)
	const heard = "select last_value::text || is_called from api.heard"
	var before, after string
	conn := db.Conn(t, "postgres")
	if err := conn.QueryRow(t.Context(), heard).Scan(&before); err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"GET /note as alice", "PATCH /note?id=eq.1 as alice\n\n{\"owner\": \"bob\"}"} {
		x, err := ask(t, db, "postgres", request)
		if err != nil {
			t.Fatal(err)
		}
		if r := x.Relations[0]; r.Asked == nil || r.Pass == nil {
			t.Errorf("%s: nothing is counted: %+v", request, r)
		}
	}
	if err := conn.QueryRow(t.Context(), heard).Scan(&after); err != nil || after != before {
		t.Errorf("before %s, after %s, %v", before, after, err)
	}
}

// Of many rows, some are looked at, and it is said.
func TestManyRows(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, `create policy p on api.note using (owner = current_user);
		insert into api.note select i, 'alice' from generate_series(10, 12000) i`)...)
	x, err := ask(t, db, "postgres", "GET /note?id=gt.5 as alice")
	if err != nil {
		t.Fatal(err)
	}
	r := x.Relations[0]
	if *r.Asked != explain.MaxCounted || *r.Pass != explain.MaxCounted || !strings.Contains(r.Note, "no more were looked at") ||
		!strings.Contains(strings.Join(x.Verdict, " "), "No more than 10000 rows") {
		t.Errorf("got %v, %+v", x.Verdict, r)
	}
	// A filter finds its row, wherever it is.
	if x, err = ask(t, db, "postgres", "GET /note?id=eq.11999 as alice"); err != nil || *x.Relations[0].Asked != 1 {
		t.Errorf("got %+v, %v", x.Relations[0], err)
	}
}

// Who may not become the owner learns everything but the numbers, and how to get them.
func TestWithoutTheOwnersRights(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, `create policy p on api.note using (owner = current_user)`)...)
	x, err := ask(t, db, "door", "GET /note as alice")
	if err != nil {
		t.Fatal(err)
	}
	r := x.Relations[0]
	if *x.Rows != 1 || r.Asked != nil || r.Pass != nil || r.Policies[0].Pass != nil || !strings.Contains(r.Note, "door may not become the owner boss") {
		t.Errorf("got %+v", r)
	}
	if got := strings.Join(x.Verdict, " "); !strings.Contains(got, "door may not become the owner boss") || !strings.Contains(got, "The answer has 1 row.") {
		t.Errorf("got %s", got)
	}
	// What would be written is held against policies all the same: nothing has to be read.
	for body, want := range map[string]string{
		`{"id":3,"owner":"alice"}`: "alice may create 1 row of api.note", `{"id":3,"owner":"bob"}`: "The create is refused (42501)",
	} {
		x, err := ask(t, db, "door", "POST /note as alice\n\n"+body)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(x.Verdict, " "); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", body, got)
		}
	}
	// A member of the owner counts, and needs to be no superuser.
	x, err = ask(t, db, "inspector", "GET /note as alice")
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Relations[0]; r.Asked == nil || *r.Asked != 2 || *r.Pass != 1 {
		t.Errorf("got %+v", r)
	}
	db.Exec(t, "alter table api.note force row level security")
	if x, err = ask(t, db, "inspector", "GET /note as alice"); err != nil || !strings.Contains(x.Relations[0].Note, "FORCE ROW LEVEL SECURITY") {
		t.Errorf("got %+v, %v", x, err)
	}
	if _, err = ask(t, db, "door", "GET /note as keeper"); err == nil || !strings.Contains(err.Error(), `permission denied to set role "keeper"`) {
		t.Errorf("got %v", err)
	}
}

// What an explanation says can be read by machines.
func TestJSON(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes)...)
	x, err := ask(t, db, "postgres", "GET /note?id=eq.1 as alice")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"role":"alice"`, `"verdict":["alice sees 0 of 1 row`, `"triggers":[]`, `"claims":{"role":"alice"}`, `"missing_grants":[]`, `"policies":[]`, `"asked":1`, `"pass":0`, `"arguments":["1"]`, `"plan":[{"Plan"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s in %s", want, text)
		}
	}
}

// A security_invoker view is judged as the caller, from PostgreSQL 15 on.
func TestSecurityInvoker(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, "create policy p on api.note using (owner = current_user)")...)
	var version int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version < 150000 {
		t.Skip("PostgreSQL 14 has no security_invoker")
	}
	db.Exec(t, "create view api.mine with (security_invoker) as select id, owner from api.note; grant select on api.mine to alice")
	x, err := ask(t, db, "postgres", "GET /mine as alice")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.Verdict, " "); *x.Rows != 1 || !strings.Contains(got, "api.note is read by the view as alice. alice sees 1 of 2 rows of api.note asked for.") {
		t.Errorf("got %d rows, %s", *x.Rows, got)
	}
	if x, err = ask(t, db, "postgres", "GET /mine?id=eq.2 as alice"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(x.Verdict, " "); *x.Rows != 0 || !strings.Contains(got, "alice sees 0 of 1 row of api.note asked for.") {
		t.Errorf("got %d rows, %s", *x.Rows, got)
	}
}

// The plan tells how a relation is read and which index serves a policy.
func TestScans(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), notes, `create policy p on api.note using (owner = (select current_setting('request.jwt.claims', true)::json ->> 'role'));
		create index note_by_owner on api.note (owner);
		insert into api.note select i, 'user' || i from generate_series(10, 5000) i;
		analyze api.note`)...)
	x, err := ask(t, db, "postgres", "GET /note as alice")
	if err != nil {
		t.Fatal(err)
	}
	if r := x.Relations[0]; !strings.Contains(r.Scan, "Scan") || r.Scan == "Seq Scan" || r.Policies[0].Index != "note_by_owner" || x.Cost <= 0 {
		t.Errorf("got %+v", r)
	}
}
