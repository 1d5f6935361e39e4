package policytest_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policytest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const notes = `create schema api;
create table api.note (id int primary key, owner text, body text, done boolean);
create table api.tag (note_id int references api.note, tag text);
create table api.parent (id int primary key);
create table api.child (parent_id int references api.parent deferrable initially deferred);
alter table api.note enable row level security;
create policy note_owner on api.note using (owner = (select current_setting('request.jwt.claims', true)::json ->> 'sub'));
create policy note_never on api.note for delete to test_editor using (true);
grant usage on schema api to test_user, test_anon;
grant select, insert, update, delete on api.note to test_user;
grant select on api.tag to test_user, test_anon;
grant insert on api.child to test_user;
create table api.both (a int references api.note, b int references api.note);
grant select on api.both to test_user;
create function api.void() returns void language sql as '';
create function api.wipe() returns int language sql as 'delete from api.note where id = 2; select 1';
create function api.says_no() returns void language plpgsql as $$ begin raise sqlstate 'PT403' using message = 'no'; end $$;
create function api.says_yes() returns void language plpgsql as $$ begin raise sqlstate 'PT200' using message = 'yes'; end $$;
insert into api.note values (100, 'alice', 'kept', true);`

// run runs the tests of a text on a database of its own, which must be the same afterwards.
func run(t *testing.T, text, filter string) *policytest.Report {
	t.Helper()
	return runAs(t, "postgres", text, filter)
}

func runAs(t *testing.T, role, text, filter string, environ ...string) *policytest.Report {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("test_user", "nologin"), pgtest.Role("test_anon", "nologin"), pgtest.Role("test_editor", "nologin"),
		pgtest.Role("test_owner", "login"), notes)
	settings, err := config.Load(config.Input{Environ: append([]string{
		"PGRST_DB_URI=" + db.URI("postgres"), "PGRST_DB_SCHEMAS=api", "PGRST_DB_ANON_ROLE=test_anon", "PGRST_DB_CHANNEL_ENABLED=false", "PGRST_DB_PLAN_ENABLED=true",
	}, environ...)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{
		Settings: settings, Authenticate: policytest.Identify, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	f, err := policytest.Parse("note.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	suite := policytest.Suite{Conn: db.Conn(t, role), Server: s, Schemas: []string{"api"}, Anonymous: "test_anon", Filter: regexp.MustCompile(filter)}
	report, err := suite.Run(t.Context(), []*policytest.File{f})
	if err != nil {
		t.Fatal(err)
	}
	var kept string
	err = db.Conn(t, "postgres").QueryRow(t.Context(), "select string_agg(n::text, ' ') || (select count(*) from api.child) from api.note n").Scan(&kept)
	if err != nil || kept != "(100,alice,kept,t)0" {
		t.Errorf("the database has changed: %s, %v", kept, err)
	}
	return report
}

const seed = `-- seed.sql --
insert into api.note values (1, 'alice', 'one', false), (2, 'alice', null, true), (3, 'bob', 'three', null);
insert into api.tag values (1, 'a'), (3, 'b');
`

func TestPasses(t *testing.T) {
	t.Parallel()
	report := run(t, seed+`
-- requests --
as test_user {"sub": "alice"}
GET /note?id=lt.10
  &order=id
=> sees in order
{"id": 1, "body": "one", "done": false}
{"id": 2, "body": null}
=> status 200

GET /tag
=> sees 2 rows
{"tag": "b"}

GET /note
=> refused 401
=> refused 42501

as test_user {"sub": "bob"}
GET /tag?select=tag,note(body)&order=tag
=> sees
{"tag": "b", "note": {"body": "three"}}
{"tag": "a", "note": null}

as test_user {"sub": "alice"}
PUT /note?id=eq.1
{"id": 1, "owner": "alice", "body": "put", "done": null}
=> changes 1 row

as test_user {"sub": "alice"}
GET /note?id=eq.1
Accept: application/vnd.pgrst.object+json
=> sees 1 row
{"body": "put"}

as test_user {"sub": "alice"}
POST /note
Content-Type: text/csv

id,owner
7,alice
8,alice
=> changes 2 rows

-- statements --
as test_user {"sub": "alice"}
select id, body, done, owner as "O" from note -- a comment
  where id < 10
=> sees
{"id": 2, "done": true, "body": null}
{"id": 1, "done": false, "O": "alice"}

as test_user {"sub": "alice"}
update note set body = 'x'
=> changes 3 rows

as test_user
select from note
=> sees nothing

as test_user {"sub": "alice"}
insert into api.note values (9, 'bob')
=> refused 42501

# What failed is undone, what came before it is not.
select count(*) as n, current_user, current_setting('transaction_read_only') as ro from api.note where body = 'x'
=> sees
{"n": 3, "current_user": "postgres", "ro": "off"}

-- deferred constraints are checked --
as test_user
insert into child values (5)
=> refused 23503
`, "")
	for _, test := range report.Files[0].Tests {
		if test.Failure != "" {
			t.Errorf("%s: %s", test.Name, test.Failure)
		}
	}
	c := report.Coverage
	if c.Policies != 2 || c.PoliciesTouched != 1 {
		t.Errorf("coverage: %+v", c)
	}
	want := []string{"api.\"both\" as test_user: read", "api.note as test_user: delete", "policy note_never on api.note"}
	if got := strings.Join(c.Untouched, "; "); got != strings.Join(want, "; ") {
		t.Errorf("untouched: %s", got)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	report := run(t, seed+`
-- too many --
as test_user {"sub": "alice"}
GET /note?select=id&id=lt.10&order=id
=> sees 1 row
-- not there --
as test_user {"sub": "alice"}
GET /note?select=id&id=lt.10&order=id
=> sees 2 rows
{"id": 1}
{"id": 3}
-- order --
as test_user {"sub": "alice"}
GET /note?select=id&id=lt.10&order=id
=> sees in order
{"id": 2}
{"id": 1}
-- allowed --
as test_user {"sub": "alice"}
PATCH /note?id=eq.1
{"body": "x"}
=> refused
-- refused --
as test_user {"sub": "alice"}
PATCH /note?id=eq.1
{"owner": "bob"}
=> changes 1 row
-- refused otherwise --
as test_user
GET /nothing
=> refused 42501
-- commit --
insert into api.note values (50, 'mallory', '', null)
=> changes 1 row

/* /* */ */ -- x
; Commit
=> works
-- two statements --
select 1; commit
=> works
-- another role's claims do not stay --
as test_user {"sub": "alice"}
GET /note?id=eq.1
=> sees 1 row
select current_setting('request.jwt.claims') as c, current_user::text as u
=> sees
{"c": "{\"sub\":\"alice\"}"}
-- passes --
select 1 as a
=> sees
{"a": 1}
`, "")
	want := map[string]string{
		"too many":                          "note.txtar:8: as test_user GET /note?select=id&id=lt.10&order=id\n=> sees 1 row\nbut it sees 2 rows\n{\"id\":1}\n{\"id\":2}",
		"not there":                         "but it does not see {\"id\":3}",
		"order":                             "but row 1 is not {\"id\":2}",
		"allowed":                           "but it is not refused: it changes 1 row",
		"refused":                           "but it is refused: 403 42501 new row violates row-level security policy for table \"note\"",
		"refused otherwise":                 "but it is refused otherwise: 404 PGRST205 Could not find",
		"commit":                            "COMMIT would end the transaction of the test",
		"two statements":                    "a step is one statement",
		"passes":                            "",
		"another role's claims do not stay": "but it does not see",
	}
	for _, test := range report.Files[0].Tests {
		if !strings.Contains(test.Failure, want[test.Name]) || (want[test.Name] == "") != (test.Failure == "") {
			t.Errorf("%s: %s", test.Name, test.Failure)
		}
	}
	var text bytes.Buffer
	if err := report.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, "--- FAIL: too many (") || !strings.Contains(got, "FAIL\tnote.txtar\t") || strings.Contains(got, "passes") {
		t.Errorf("got %s", got)
	}
	text.Reset()
	if err := report.WriteJUnit(&text); err != nil {
		t.Fatal(err)
	}
	var junit struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string  `xml:"name,attr"`
				Failure *string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text.Bytes(), &junit); err != nil || junit.Tests != 10 || junit.Failures != 9 || junit.Suites[0].Cases[9].Failure != nil {
		t.Errorf("%v: %s", err, text.String())
	}
}

// What nobody looked at is not taken for nothing, and an error that has nothing to do with rights not for a refusal: no test passes by
// accident.
func TestNoAccidents(t *testing.T) {
	t.Parallel()
	const alice = "as test_user {\"sub\": \"alice\"}\n"
	const noJSON, noRows, noCount, noDenial = "sees needs JSON", "has no rows to look at", "does not tell how many rows were changed",
		"it fails for another reason than missing rights"
	cases := []struct{ step, want string }{
		{alice + "GET /note?id=eq.1\nAccept: text/csv\n=> sees nothing", "the answer is text/csv; charset=utf-8, and " + noJSON},
		{alice + "GET /note?id=eq.1\nAccept: application/vnd.pgrst.plan+json\n=> sees 1 row", "the answer is application/vnd.pgrst.plan+json"},
		{alice + "HEAD /note?id=eq.1\n=> sees nothing", noRows},
		{alice + "OPTIONS /note\n=> sees nothing", noRows},
		{alice + "PATCH /note?id=eq.1\n{\"body\": \"x\"}\n=> sees nothing", "the answer (204) " + noRows + "; a write returns them with Prefer: return=representation, or write => changes"},
		{alice + "DELETE /note?id=eq.2\n=> sees nothing", noRows},
		{alice + "POST /note\n{\"id\": 9, \"owner\": \"alice\"}\n=> sees nothing", noRows},
		{alice + "POST /rpc/void\n=> sees nothing", noRows},
		{alice + "update note set body = 'x' where id = 1\n=> sees nothing", "the statement returns no rows; add returning *"},
		{alice + "update note set body = 'x' where id = 1 returning id\n=> sees\n{\"id\": 1}\n=> changes 1 row", ""},
		{alice + "do $$ begin end $$\n=> sees nothing", "the statement returns no rows"},
		{alice + "GET /note?id=lt.10\nAccept: application/x-ndjson\n=> sees 1 row", "it sees 2 rows"},
		{alice + "GET /note?id=gt.999\nAccept: application/x-ndjson\n=> sees nothing", ""},

		{alice + "select from note where id < 10\n=> changes 2 rows", "SELECT " + noCount},
		{alice + "do $$ begin end $$\n=> changes nothing", "DO " + noCount},
		{alice + "POST /rpc/wipe\n=> changes 1 row", noCount},
		{alice + "GET /note?id=eq.1\n=> changes nothing", noCount},
		{alice + "PATCH /note?id=eq.1\nAccept: application/vnd.pgrst.plan+json\n\n{\"body\": \"x\"}\n=> changes 1 row", noCount},

		{alice + "GET /note?idd=eq.1\n=> refused", noDenial + ": 400 42703"},
		{alice + "GET /noet\n=> refused", noDenial + ": 404 PGRST205"},
		{alice + "GET /note?id=eq.x\n=> refused", noDenial + ": 400 22P02"},
		{alice + "GET /both?select=note(id)\n=> refused", noDenial + ": 300 PGRST201"},
		{alice + "GET /both?select=note(id)\n=> sees 1 row", "it is refused: 300 PGRST201"},
		{alice + "POST /note\n{\"id\": 1, \"owner\": \"alice\"}\n=> refused", noDenial + ": 409 23505"},
		{alice + "POST /note\n{\"id\": 1, \"owner\": \"alice\"}\n=> refused 23505", ""},
		{alice + "POST /note\n{\"id\": 9, \"owner\": \"bob\"}\n=> refused", ""},
		{alice + "POST /rpc/says_no\n=> refused", ""},
		{alice + "POST /rpc/says_yes\n=> works", "it is refused: 200 PT200 yes"},
		{"GET /note\n=> refused", ""},
		{alice + "select idd from note\n=> refused", noDenial + ": 42703"},
		{alice + "selec\n=> refused", noDenial + ": 42601"},
		{alice + "select says_no()\n=> refused", ""},
		{alice + "insert into api.note values (9, 'bob')\n=> refused", ""},

		{"as test_usr\nGET /note\n=> refused", "the test cannot become the role test_usr: role \"test_usr\" does not exist"},
		{"as test_usr\nselect from api.note\n=> refused 22023", "the test cannot become the role test_usr"},
	}
	var text strings.Builder
	text.WriteString(seed)
	for i, c := range cases {
		fmt.Fprintf(&text, "-- %d --\n%s\n", i, c.step)
	}
	report := run(t, text.String(), "")
	for i, test := range report.Files[0].Tests {
		if c := cases[i]; !strings.Contains(test.Failure, c.want) || (c.want == "") != (test.Failure == "") {
			t.Errorf("%s: got %q, want %q", c.step, test.Failure, c.want)
		}
	}
}

// What db-max-rows cuts off is not taken for what is not there.
func TestMaxRows(t *testing.T) {
	t.Parallel()
	const as = "as test_user {\"sub\": \"alice\"}\n"
	report := runAs(t, "postgres", seed+"-- cut --\n"+as+"GET /tag\n=> sees 2 rows\n"+
		"-- asked for --\n"+as+"GET /tag?limit=2\n=> sees 2 rows\n"+
		"-- fewer --\n"+as+"GET /tag?tag=eq.a\n=> sees 1 row\n"+
		"-- written --\n"+as+"PATCH /note?id=lt.10\nPrefer: return=representation\n\n{\"body\": \"x\"}\n=> sees 2 rows\n",
		"", "PGRST_DB_MAX_ROWS=2")
	for _, test := range report.Files[0].Tests {
		if cut := strings.Contains(test.Failure, "after 2 rows the answer is cut off (db-max-rows)"); cut != (test.Name == "cut") || !cut && test.Failure != "" {
			t.Errorf("%s: %q", test.Name, test.Failure)
		}
	}
}

// A role that the connected one is no member of is told, not taken for a refusal of what is asked for.
func TestCannotBecome(t *testing.T) {
	t.Parallel()
	report := runAs(t, "test_owner", "-- a --\nas test_user\nselect from api.note\n=> refused 42501\n", "")
	if got := report.Files[0].Tests[0].Failure; !strings.Contains(got, `cannot become the role test_user: permission denied to set role "test_user" (42501)`) {
		t.Errorf("got %q", got)
	}
}

// An error of what sets a test up names its line, whether PostgreSQL points to a place or not.
func TestSetupLines(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"select 1;\n\ninsert into nope values (1);":                       "note.txtar:5: bad.sql: relation \"nope\" does not exist (42P01)",
		"select 1;\nselect 'ü';\n selekt;":                                "note.txtar:5: bad.sql: syntax error at or near \"selekt\" (42601)",
		"select 1;\n\n-- comment\ninsert into api.note\nvalues (100);\nx": "note.txtar:8: bad.sql: syntax error at or near \"x\" (42601)",
		"select 1;\n\n-- comment\ninsert into api.note\nvalues (100);":    "note.txtar:6: bad.sql: duplicate key value violates unique constraint \"note_pkey\" (23505)",
		"":  "",
		";": "",
	} {
		report := run(t, "a comment\n-- bad.sql --\n"+script+"\n-- a --\nselect 1\n=> works\n", "")
		if got := report.Files[0].Tests[0].Failure; got != want {
			t.Errorf("%q: got %q, want %q", script, got, want)
		}
	}
}

// A setup that would end the transaction is refused, and the tests' names can be chosen from.
func TestSetupAndFilter(t *testing.T) {
	t.Parallel()
	report := run(t, "-- a.sql --\ninsert into api.note values (60, 'x', '', null); commit;\n-- one --\nselect 1\n=> works\n-- two --\nselect 1\n=> works\n", "txtar/two$")
	if tests := report.Files[0].Tests; len(tests) != 1 || tests[0].Name != "two" || !strings.Contains(tests[0].Failure, "note.txtar:2: a.sql: EXECUTE of transaction commands is not implemented") {
		t.Errorf("got %+v", tests)
	}
}

// Comments stand before a step, in SQL's way too.
func TestComments(t *testing.T) {
	t.Parallel()
	f, err := policytest.Parse("f", []byte("-- a --\n# what follows\n-- is asked\nas x\n-- as x\nGET /y\n=> sees nothing\n-- and this\nselect 1\n-- stays\n=> works\n"))
	if err != nil {
		t.Fatal(err)
	}
	if steps := f.Tests[0].Steps; len(steps) != 2 || steps[0].Role != "x" || steps[0].Target != "/y" || steps[1].SQL != "select 1\n-- stays\n" {
		t.Errorf("got %+v", steps)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                                                    "f: there is no test",
		"-- a --\nselect 1\n":                                                 "f:2: a step ends with what must come of it",
		"-- a --\n=> works\n":                                                 "f:2: there is no request or statement before =>",
		"-- a --\nas x {\n":                                                   "f:2: the claims { are no JSON object",
		"-- a --\nas x []\n":                                                  "f:2: the claims [] are no JSON object",
		"-- a --\nGET /x\nAccept\n":                                           `f:3: "Accept" is neither a header`,
		"-- a --\nselect 1\n=> is\n":                                          "f:3: => is: it begins with sees",
		"-- a --\nselect 1\n=> sees many\n":                                   "f:3: => sees many: write sees nothing, or sees 2 rows",
		"-- a --\nselect 1\n=> changes\n":                                     "f:3: => changes: write changes nothing",
		"-- a --\nGET /x\n=> status ok\n":                                     "f:3: => status ok: write status 206",
		"-- a --\nselect 1\n=> works\n{}\n":                                   "f:4: rows stand below => sees",
		"-- a --\nselect 1\n=> sees\n{\"a\":\n":                               "f:4: the row is no JSON object",
		"-- a --\nselect 1\n=> sees\nselect 2\n=> works\n":                    "f:3: => sees: there are no rows in the lines below; write sees nothing",
		"-- a --\nGET /x\n=> sees in order\n":                                 "f:3: => sees in order: there are no rows",
		"-- a --\nGET /x\n=> sees nothing\n{}\n":                              "f:3: => sees nothing: there are 1 rows",
		"-- a --\nGET /x\n=> sees 2 rows\n{\"a\":1}{\"a\":2}\n":               "f:4: the row is no JSON object",
		"-- a --\nGET /x\n=> refused by nobody\n":                             "f:3: => refused by nobody: write refused, or refused 42501",
		"-- a --\nselect 1\n=> status 200\n":                                  "f:3: => status 200: SQL has no status",
		"-- a --\nas none\nselect 1\n=> works\n":                              "f:2: none is no role",
		"-- a --\r\nselect 1\r\n=> works\r\n-- b -- \nselect 1\n=> no\n":      "f:6: => no: it begins with",
		"x\n-- s.sql --\n\n-- a --\nselect 1\n=> sees\n{\"a\":1}\nselect 2\n": "f:8: a step ends",
	} {
		if _, err := policytest.Parse("f", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: what is no file of tests is an error, never a panic.
func FuzzParse(f *testing.F) {
	f.Add("-- a.sql --\nselect 1\n-- a --\nas x {\"a\":1}\nGET /x?a=b\n  &c=d\nA: b\n\n{}\n=> sees 1 row\n{\"a\":1}\nselect 1\n=> refused\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := policytest.Parse("f", []byte(text))
		if err == nil && len(file.Tests) == 0 {
			t.Error("no tests and no error")
		}
	})
}
