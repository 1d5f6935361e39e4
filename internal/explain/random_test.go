package explain_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

// changed is how an explanation says how many rows are seen or changed.
var changed = regexp.MustCompile(`alice (?:sees|may update|may delete) (?:the |all )?(\d+) (?:of|rows? of)`)

// TestAsAnswered makes policies and requests at random, of a table and of a view on a view of it, and holds what is explained against what
// is answered: whether it is refused, and how many rows are seen or changed.
func TestAsAnswered(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(roles(), `create schema api;
		create table api.note (id int primary key, owner text, status text default 'a', k int unique, mine boolean generated always as (owner = 'alice') stored);
		create table api.member (id int);
		insert into api.member values (1), (3), (6), (8);
		alter table api.note owner to boss;
		alter table api.member owner to boss;
		alter table api.note enable row level security;
		alter table api.member enable row level security;
		create policy member on api.member using (id < 8);
		create view api.low as select id, owner, status, k from api.note where id < 6;
		create view api.low_too as select id as number, status, owner, k from api.low;
		alter view api.low owner to alice;
		alter view api.low_too owner to alice;
		grant usage on schema api to alice, boss;
		grant select, insert, update, delete on all tables in schema api to alice`)...)
	const seed = 12
	r := rand.New(rand.NewPCG(seed, seed))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	expression := func() string {
		return pick("true", "true", "false", "owner = current_user", "owner <> 'bob'", "id > 2", "status = 'a'", "status is null", "id < 3 or mine", "mine",
			"exists (select from api.member m where m.id = note.id)")
	}
	_, caller := question(t, "GET / as alice")
	s := serve(t, db, "postgres", caller)
	conn := db.Conn(t, "postgres")
	refusals, counts := 0, 0
	databases := 15
	if testing.Short() {
		databases = 5
	}
	for range databases {
		db.Exec(t, policies(r, pick, expression))
		for range 8 {
			text := randomRequest(r, pick)
			request, _ := question(t, text)
			x, err := s.Explain(t.Context(), conn, request)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			verdict := strings.Join(x.Verdict, "\n")
			request, _ = question(t, text)
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			s.ServeWithin(conn.PgConn(), w, request)
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			var failed struct{ Code string }
			_ = json.Unmarshal(w.Body.Bytes(), &failed) // rows are no object
			real := failed.Code == "42501"
			problem := ""
			switch _, total, _ := strings.Cut(w.Header().Get("Content-Range"), "/"); {
			case verdict == "":
				problem = "nothing is said"
			case w.Code >= 400 && !real: // constraints are not looked at
			case refusal.MatchString(verdict) != real:
				problem = "whether it is refused"
			case real:
				refusals++
			case request.Method != "POST" && request.Method != "PUT":
				counts++
				said := "0"
				if m := changed.FindStringSubmatch(verdict); m != nil {
					said = m[1]
				}
				if said != total {
					problem = fmt.Sprintf("%s rows are said, and it is %s", said, total)
				}
			}
			if problem != "" {
				var said strings.Builder
				_ = x.WriteText(&said)
				t.Errorf("%s: %s\nis answered with %d %s %s\nand explained as\n%s", problem, text, w.Code, w.Header().Get("Content-Range"), w.Body, said.String())
			}
		}
	}
	if refusals < 10 || counts < 10 {
		t.Errorf("the requests are no good: %d refusals, %d counts", refusals, counts)
	}
}

// policies makes some rows and policies.
func policies(r *rand.Rand, pick func(...string) string, expression func() string) string {
	const most = 6
	var b strings.Builder
	for n := range most {
		fmt.Fprintf(&b, "drop policy if exists p%d on api.note;", n)
	}
	b.WriteString("truncate api.note;")
	for id := 1; id <= 5; id++ {
		fmt.Fprintf(&b, "insert into api.note values (%d, '%s', %s, %d);", id, pick("alice", "bob", "eve"), pick("null", "'a'", "'b'"), id*10)
	}
	for n := range 2 + r.IntN(most-1) {
		command := pick("all", "select", "insert", "update", "delete", "select", "update")
		fmt.Fprintf(&b, "create policy p%d on api.note %s for %s", n, pick("", "", "", "as restrictive"), command)
		if command != "insert" {
			fmt.Fprintf(&b, " using (%s)", expression())
		}
		if command == "insert" || (command == "all" || command == "update") && r.IntN(2) == 0 {
			fmt.Fprintf(&b, " with check (%s)", expression())
		}
		b.WriteString(";")
	}
	return b.String()
}

// randomRequest is a request as question reads it. All prefer an exact count.
func randomRequest(r *rand.Rand, pick func(...string) string) string {
	relation, key := "note", "id"
	if r.IntN(3) == 0 {
		relation, key = "low_too", "number"
	}
	owner, id := pick("alice", "bob", "eve"), 1+r.IntN(8)
	filter := pick(fmt.Sprintf("%s=eq.%d", key, id), fmt.Sprintf("%s=gt.%d", key, id/2), "owner=eq."+owner, "")
	prefer := "Prefer: count=exact" + pick("", "", ", return=representation")
	method := pick("GET", "POST", "POST", "PATCH", "PATCH", "DELETE", "PUT")
	body := ""
	switch method {
	case "POST":
		prefer += pick("", ", resolution=merge-duplicates", ", resolution=merge-duplicates", ", resolution=ignore-duplicates")
		filter = ""
		if strings.Contains(prefer, "resolution") {
			filter = "on_conflict=" + pick(key, "k")
		}
		body = fmt.Sprintf(`{"%s": %d, "owner": "%s", "k": %d%s}`, key, id, owner, id*10, pick("", "", `, "status": "b"`, `, "status": null`))
	case "PATCH":
		body = pick(`{"owner": "`+owner+`"}`, `{"status": "a"}`, `{"status": null, "owner": "`+owner+`"}`, `{"k": 5}`)
	case "PUT":
		relation = "note"
		filter, body = fmt.Sprintf("id=eq.%d", id), fmt.Sprintf(`{"id": %d, "owner": "%s", "k": %d, "status": "a"}`, id, owner, id*10)
	}
	text := fmt.Sprintf("%s /%s?%s as alice\n%s", method, relation, filter, prefer)
	if body != "" {
		text += "\n\n" + body
	}
	return text
}
