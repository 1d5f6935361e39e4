package policytest_test

import (
	"bytes"
	"encoding/xml"
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
insert into api.note values (100, 'alice', 'kept', true);`

// run runs the tests of a text on a database of its own, which must be the same afterwards.
func run(t *testing.T, text string, filter string) *policytest.Report {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("test_user", "nologin"), pgtest.Role("test_anon", "nologin"), pgtest.Role("test_editor", "nologin"), notes)
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI("postgres"), "PGRST_DB_SCHEMAS=api", "PGRST_DB_ANON_ROLE=test_anon", "PGRST_DB_CHANNEL_ENABLED=false",
	}})
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
	suite := policytest.Suite{Conn: db.Conn(t, "postgres"), Server: s, Schemas: []string{"api"}, Anonymous: "test_anon", Filter: regexp.MustCompile(filter)}
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
	want := []string{"api.note as test_user: delete", "api.tag as test_anon: read", "policy note_never on api.note"}
	if got := strings.Join(c.Untouched, "; "); got != strings.Join(want, "; ") && got != strings.Join(append([]string{want[0]}, want[2]), "; ") {
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

// A setup that would end the transaction is refused, and the tests' names can be chosen from.
func TestSetupAndFilter(t *testing.T) {
	t.Parallel()
	report := run(t, "-- a.sql --\ninsert into api.note values (60, 'x', '', null); commit;\n-- one --\nselect 1\n=> works\n-- two --\nselect 1\n=> works\n", "txtar/two$")
	if tests := report.Files[0].Tests; len(tests) != 1 || tests[0].Name != "two" || !strings.Contains(tests[0].Failure, "note.txtar: a.sql: ") {
		t.Errorf("got %+v", tests)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "f: there is no test",
		"-- a --\nselect 1\n":                   "f:2: a step ends with what must come of it",
		"-- a --\n=> works\n":                   "f:2: there is no request or statement before =>",
		"-- a --\nas x {\n":                     "f:2: the claims { are no JSON object",
		"-- a --\nas x []\n":                    "f:2: the claims [] are no JSON object",
		"-- a --\nGET /x\nAccept\n":             `f:3: "Accept" is neither a header`,
		"-- a --\nselect 1\n=> is\n":            "f:3: => is: it begins with sees",
		"-- a --\nselect 1\n=> sees many\n":     "f:3: => sees many: write sees nothing, or sees 2 rows",
		"-- a --\nselect 1\n=> changes\n":       "f:3: => changes: write changes nothing",
		"-- a --\nselect 1\n=> status ok\n":     "f:3: => status ok: write status 206",
		"-- a --\nselect 1\n=> works\n{}\n":     "f:4: rows stand below => sees",
		"-- a --\nselect 1\n=> sees\n{\"a\":\n": "f:4: the row is no JSON object",
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
