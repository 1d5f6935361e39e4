package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/embedpg"
	"github.com/postern-db/postern/internal/pgtest"
)

// TestDatabaseAway checks that requests get a 503 while the database accepts no connection, and answers again afterwards
// without anybody's doing.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 2\ndb-pool-acquisition-timeout = 5\n")
	admin, err := pgx.Connect(t.Context(), pgtest.Server(t).URI(embedpg.Superuser, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	run := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run("alter database " + db.Name + " allow_connections false")
	run("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + db.Name + "'")
	codes := map[string]int{}
	for range 5 {
		for _, method := range []string{http.MethodGet, http.MethodPatch} {
			w := send(t, handler, method, "/genres?id=eq.1", `{"name": "lost"}`)
			var e struct{ Code, Message string }
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s got %d %s", method, w.Code, w.Body)
			}
			if w.Header().Get("Retry-After") == "" {
				t.Errorf("a 503 without Retry-After: %v", w.Header())
			}
			if strings.Contains(w.Body.String(), db.Name) || strings.Contains(w.Body.String(), loginRole) {
				t.Errorf("the error tells too much: %s", w.Body)
			}
			codes[e.Code]++
		}
	}
	if codes["PGRST000"] == 0 {
		t.Errorf("no PGRST000 among %v", codes)
	}
	run("alter database " + db.Name + " allow_connections true")
	eventually(t, 10*time.Second, "an answer", func() bool {
		return send(t, handler, http.MethodGet, "/genres?id=eq.1&name=eq.Fiction", "").Code == http.StatusOK
	})
	// It listens again, too.
	eventually(t, 30*time.Second, "a reload after NOTIFY", func() bool {
		db.Exec(t, "create table if not exists library.late (id int); grant select on library.late to librarian; notify pgrst, 'reload schema'")
		return send(t, handler, http.MethodGet, "/late", "").Code == http.StatusOK
	})
}

// TestForeignTable checks that a foreign table is served, and that one whose wrapper does not work harms nobody else.
func TestForeignTable(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, `create foreign data wrapper broken; create server far foreign data wrapper broken;
		create foreign table library.far_away (id int) server far; grant select on library.far_away to librarian`)
	handler := newServer(t, db, "")
	w := send(t, handler, http.MethodGet, "/far_away", "")
	if w.Code < 400 || !strings.Contains(w.Body.String(), "far") && !strings.Contains(w.Body.String(), "broken") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := send(t, handler, http.MethodGet, "/genres", ""); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestPlan checks that the plan of a request is one of PostgreSQL's, in both forms.
func TestPlan(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "db-plan-enabled = true\n")
	for _, request := range []struct{ method, target, body string }{
		{http.MethodGet, "/books?select=title,authors(name)&id=eq.1", ""},
		{http.MethodPost, "/genres", `{"id": 60, "name": "x"}`},
		{http.MethodPatch, "/genres?id=eq.1", `{"name": "x"}`},
		{http.MethodDelete, "/genres?id=eq.4", ""},
		{http.MethodGet, "/rpc/books_since?since=1970", ""},
	} {
		t.Run(request.method+" "+request.target, func(t *testing.T) {
			t.Parallel()
			w := send(t, handler, request.method, request.target, request.body, "Accept", "application/vnd.pgrst.plan+json")
			var plans []struct {
				Plan struct {
					NodeType string `json:"Node Type"`
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &plans); err != nil || w.Code != http.StatusOK || len(plans) != 1 || plans[0].Plan.NodeType == "" {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			w = send(t, handler, request.method, request.target, request.body, "Accept", `application/vnd.pgrst.plan; options=verbose`)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "(cost=") || !strings.Contains(w.Body.String(), "Output:") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	t.Run("without analyze nothing is done", func(t *testing.T) {
		t.Parallel()
		if w := send(t, handler, http.MethodGet, "/genres?select=id&id=in.(4,60)&name=neq.x", ""); w.Body.String() != `[{"id":4}]` {
			t.Errorf("got %s", w.Body)
		}
	})
}

// TestServerTiming checks the header's form: what it measures is never the same.
func TestServerTiming(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "server-timing-enabled = true\n")
	form := regexp.MustCompile(`^jwt;dur=\d+\.\d, parse;dur=\d+\.\d, plan;dur=\d+\.\d, transaction;dur=\d+\.\d, response;dur=\d+\.\d$`)
	for _, request := range []struct{ method, target, body string }{
		{http.MethodGet, "/genres", ""},
		{http.MethodHead, "/genres", ""},
		{http.MethodPost, "/genres", `{"id": 61, "name": "x"}`},
		{http.MethodPatch, "/genres?id=eq.61", `{"name": "y"}`},
		{http.MethodPut, "/genres?id=eq.61", `{"id": 61, "name": "z", "parent_id": null}`},
		{http.MethodDelete, "/genres?id=eq.61", ""},
		{http.MethodPost, "/rpc/add", `{"a": 1}`},
		{http.MethodOptions, "/genres", ""},
	} {
		w := send(t, handler, request.method, request.target, request.body)
		if got := w.Header().Get("Server-Timing"); !form.MatchString(got) {
			t.Errorf("%s %s: %d, Server-Timing is %q", request.method, request.target, w.Code, got)
		}
	}
	plain := newServer(t, newLibrary(t), "")
	if got := send(t, plain, http.MethodGet, "/genres", "").Header().Get("Server-Timing"); got != "" {
		t.Errorf("nobody asked for %q", got)
	}
}

// TestManyStatements checks that a connection closes the statements it no longer keeps, also where the request that was to
// close them fails.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "create function library.prepared() returns bigint language sql stable as 'select count(*) from pg_prepared_statements'")
	handler := newServer(t, db, "db-pool = 1\n")
	tables := []string{"/genres", "/authors"}
	for n := range 700 {
		different := "limit=" + strconv.Itoa(n%350/2+1) // a limit is a part of a statement, other values are not
		w := send(t, handler, http.MethodGet, tables[n%2]+"?select=id&id=eq.1&"+different, "")
		if w.Body.String() != `[{"id":1}]` {
			t.Fatalf("request %d got %d %s", n, w.Code, w.Body)
		}
		if w := send(t, handler, http.MethodGet, "/rpc/divide?a=1&b=0", ""); w.Code != http.StatusBadRequest {
			t.Fatalf("request %d got %d %s", n, w.Code, w.Body)
		}
	}
	w := send(t, handler, http.MethodGet, "/rpc/prepared", "")
	if kept, err := strconv.Atoi(w.Body.String()); err != nil || kept > 260 || kept < 200 {
		t.Errorf("the connection keeps %s statements", w.Body)
	}
}
