package server_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/audit"
)

// auditSetup adds the table of the audit log, and what shows the request's id to SQL.
const auditSetup = `
grant usage on schema postern_audit to door;
grant execute on function postern_audit.write(json) to door;
create function library.request_id() returns text language sql stable as $$
  select nullif(current_setting('request.id', true), '')
$$;`

// auditLine is what a request left in the log, without what differs from run to run.
type auditLine struct {
	RequestID string   `json:"request_id"`
	Subject   string   `json:"subject"`
	Issuer    string   `json:"issuer"`
	TokenID   string   `json:"token_id"`
	Role      string   `json:"role"`
	Action    string   `json:"action"`
	Schema    string   `json:"schema"`
	Resource  string   `json:"resource"`
	Filters   []string `json:"filters"`
	Rows      *int64   `json:"rows"`
	Status    int      `json:"status"`
	Code      string   `json:"code"`
}

func newAudited(t *testing.T) *pgtest.Database {
	t.Helper()
	return pgtest.New(t, append(libraryScripts(t), audit.Migration(), auditSetup)...)
}

// auditLines reads the log as it is, one JSON object a request.
func auditLines(t *testing.T, db *pgtest.Database, file string) []string {
	t.Helper()
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
	}
	rows, err := db.Conn(t, "postgres").Query(t.Context(), "select row_to_json(l)::text from postern_audit.request_log l order by number")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

type auditCase struct {
	method, target, body string
	bearer               string
	rows                 int64 // -1 if not known
	want                 auditLine
}

func auditCases(t *testing.T) []auditCase {
	ann := token(t, map[string]any{"role": "librarian", "sub": "ann", "iss": "https://issuer.test", "jti": "key-1"})
	known := func(l auditLine) auditLine {
		l.Subject, l.Issuer, l.TokenID, l.Role, l.Schema = "ann", "https://issuer.test", "key-1", "librarian", "library"
		return l
	}
	return []auditCase{
		{
			"GET", "/genres?name=eq.hidden1&name=neq.hidden2&select=id", "", ann, 0,
			known(auditLine{Action: "read", Resource: "genres", Filters: []string{"name"}, Status: 200}),
		},
		{
			"GET", "/books?select=id,book_authors(part)&book_authors.part=eq.hidden3&limit=4", "", ann, 4,
			known(auditLine{Action: "read", Resource: "books", Filters: []string{"book_authors.part"}, Status: 200}),
		},
		{
			"POST", "/genres", `{"id": 77, "name": "hidden4"}`, ann, 1,
			known(auditLine{Action: "create", Resource: "genres", Status: 201}),
		},
		{
			"POST", "/genres", `{"id": 77, "name": "hidden5"}`, ann, -1,
			known(auditLine{Action: "create", Resource: "genres", Status: 409, Code: "23505"}),
		},
		{
			"PUT", "/genres?id=eq.78", `{"id": 78, "name": "hidden6"}`, ann, 1,
			known(auditLine{Action: "upsert", Resource: "genres", Filters: []string{"id"}, Status: 204}),
		},
		{
			"PATCH", "/genres?or=(name.eq.hidden4,and(id.eq.987654,name.like.hidden7))", `{"name": "hidden8"}`, ann, 1,
			known(auditLine{Action: "update", Resource: "genres", Filters: []string{"name", "id"}, Status: 204}),
		},
		{
			"DELETE", "/genres?name=eq.hidden8", "", ann, 1,
			known(auditLine{Action: "delete", Resource: "genres", Filters: []string{"name"}, Status: 204}),
		},
		{
			"POST", "/rpc/greet", `{"name": "hidden9"}`, ann, 1,
			known(auditLine{Action: "call", Resource: "greet", Status: 200}),
		},
		{
			"GET", "/nowhere?id=eq.hidden10", "", ann, -1,
			known(auditLine{Action: "read", Resource: "nowhere", Filters: []string{"id"}, Status: 404, Code: "PGRST205"}),
		},
		{
			"GET", "/genres", "", token(t, map[string]any{"role": "auditor", "sub": "eve"}), -1,
			auditLine{
				Subject: "eve", Role: "auditor", Action: "read", Schema: "library", Resource: "genres", Status: 403, Code: "42501",
			},
		},
		{"GET", "/genres?id=eq.hidden11", "", ann + "x", -1, auditLine{Status: 401, Code: "PGRST301"}},
		{
			"GET", "/genres", "", token(t, map[string]any{"role": "librarian", "exp": time.Now().Add(-time.Hour).Unix()}), -1,
			auditLine{Status: 401, Code: "PGRST303"},
		},
	}
}

// TestAuditLog checks what a file and a table keep of each request, and that no value, body or token is among it.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	for _, destination := range []string{"file", "table"} {
		t.Run(destination, func(t *testing.T) {
			t.Parallel()
			db, file, setting := newAudited(t), "", "table"
			if destination == "file" {
				file = filepath.Join(t.TempDir(), "audit.log")
				setting = file
			}
			handler := newServer(t, db, "audit-log = \""+setting+"\"\n")
			cases := auditCases(t)
			for i := range cases {
				c := &cases[i]
				c.want.RequestID = "request/" + string(rune('a'+i))
				w := send(t, handler, c.method, c.target, c.body, "Authorization", "Bearer "+c.bearer,
					"Content-Type", "application/json", "X-Request-Id", c.want.RequestID)
				if w.Code != c.want.Status || w.Header().Get("X-Request-Id") != c.want.RequestID {
					t.Errorf("%s %s: got %d, id %q: %s", c.method, c.target, w.Code, w.Header().Get("X-Request-Id"), w.Body)
				}
			}
			var lines []string
			eventually(t, 10*time.Second, "the log", func() bool {
				lines = auditLines(t, db, file)
				return len(lines) >= len(cases)
			})
			if len(lines) != len(cases) {
				t.Fatalf("%d lines for %d requests", len(lines), len(cases))
			}
			for i, line := range lines {
				checkAuditLine(t, line, &cases[i])
			}
		})
	}
}

func checkAuditLine(t *testing.T, line string, c *auditCase) {
	t.Helper()
	for _, secret := range []string{"hidden", "987654", "eyJ", c.bearer[strings.LastIndexByte(c.bearer, '.')+1:]} {
		if strings.Contains(line, secret) {
			t.Errorf("%s %s: the log tells %q:\n%s", c.method, c.target, secret, line)
		}
	}
	var got auditLine
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	want := c.want
	if c.rows >= 0 {
		want.Rows = &c.rows
	}
	if len(got.Filters) == 0 {
		got.Filters = nil
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s %s: the log has\n%s\nnot what was expected:\n%s", c.method, c.target, line, marshal(t, want))
	}
	var rest struct {
		Time     time.Time `json:"time"`
		Duration float64   `json:"duration_ms"`
		Remote   string    `json:"remote"`
	}
	if err := json.Unmarshal([]byte(line), &rest); err != nil {
		t.Fatal(err)
	}
	if age := time.Since(rest.Time); age < 0 || age > time.Minute || rest.Duration <= 0 || rest.Remote != "192.0.2.1" {
		t.Errorf("odd time, duration or address: %s", line)
	}
}

// TestRequestID checks which ids of clients are kept, and that SQL sees the one that the response has.
func TestRequestID(t *testing.T) {
	t.Parallel()
	db := newAudited(t)
	file := filepath.Join(t.TempDir(), "audit.log")
	handler := newServer(t, db, "audit-log = \""+file+"\"\n")
	for id, kept := range map[string]bool{
		"a":                      true,
		`7f"\{}',~!`:             true,
		strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false,
		"two words":              false,
		"line\tfeed":             false,
		"naïve":                  false,
		"":                       false,
	} {
		w := send(t, handler, http.MethodGet, "/rpc/request_id", "", "X-Request-Id", id)
		got := w.Header().Get("X-Request-Id")
		if w.Code != http.StatusOK || w.Body.String() != marshal(t, got) {
			t.Errorf("%q: the response has %q, SQL sees %s", id, got, w.Body)
		}
		if (got == id) != kept || len(got) == 0 || len(got) > 128 {
			t.Errorf("%q became %q", id, got)
		}
	}
	a, b := send(t, handler, http.MethodGet, "/genres", ""), send(t, handler, http.MethodGet, "/genres", "")
	if a.Header().Get("X-Request-Id") == b.Header().Get("X-Request-Id") {
		t.Error("two requests were given one id")
	}
}

// TestNoAuditLog checks that without a log, ids are neither made nor returned nor shown to SQL.
func TestNoAuditLog(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newAudited(t), "")
	for _, target := range []string{"/rpc/request_id", "/nowhere"} {
		w := send(t, handler, http.MethodGet, target, "", "X-Request-Id", "a")
		if id, ok := w.Header()["X-Request-Id"]; ok {
			t.Errorf("%s: id %q", target, id)
		}
		if w.Code == http.StatusOK && w.Body.String() != "null" {
			t.Errorf("SQL sees %s", w.Body)
		}
	}
}

// TestAuditLogFileMode checks that nobody else may read the file.
func TestAuditLogFileMode(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.log")
	newServer(t, newAudited(t), "audit-log = \""+file+"\"\n")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info, err)
	}
}
