package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestMaxCost checks that a read that the planner thinks too expensive is not run, for the roles that have a limit, and that
// the connection is fit for the next request then.
func TestMaxCost(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "create table library.many as select n as id, repeat('x', 100) as filling from generate_series(1, 50000) n; "+
		"alter table library.many add primary key (id); analyze library.many; "+
		"grant select on library.many to visitor, member, serious; "+
		"create function library.all_of_many() returns setof library.many language sql stable as 'select * from library.many'")
	handler := newServer(t, db, "db-pool = 1\ndb-plan-enabled = true\ndb-max-cost = \"visitor=100, serious=100, *=0\"\n")
	request := func(role, method, target string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, nil)
		if role != "visitor" {
			r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": role}))
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	const all, one = "/many?select=id&id=gt.0", "/many?select=id&id=eq.7"
	for range 2 { // the second time its statements are prepared
		for _, c := range []struct {
			role, method, target string
			header               []string
			refused              bool
		}{
			{role: "visitor", target: one},
			{role: "visitor", target: all, refused: true},
			{role: "visitor", target: all, method: http.MethodHead, refused: true},
			{role: "visitor", target: all + "&limit=1"}, // the plan ends early
			{role: "visitor", target: all + "&limit=1", header: []string{"Prefer", "count=exact"}, refused: true},
			{role: "visitor", target: "/rpc/all_of_many", refused: true},
			{role: "visitor", target: all, header: []string{"Accept", "application/vnd.pgrst.plan"}},
			{role: "visitor", target: all, header: []string{"Accept", "application/vnd.pgrst.plan; options=analyze"}, refused: true},
			{role: "visitor", target: one, header: []string{"Accept", "application/vnd.pgrst.plan; options=analyze"}},
			{role: "serious", target: all, refused: true}, // in an explicit transaction
			{role: "serious", target: one},
			{role: "member", target: all},
		} {
			if c.method == "" {
				c.method = http.MethodGet
			}
			w := request(c.role, c.method, c.target, c.header...)
			switch body := w.Body.String(); {
			case c.refused && w.Code != http.StatusBadRequest,
				c.refused && c.method != http.MethodHead && !(strings.Contains(body, "PSTRN101") && strings.Contains(body, "100")),
				!c.refused && w.Code != http.StatusOK:
				t.Errorf("%s %s as %s %v: got %d %.300s", c.method, c.target, c.role, c.header, w.Code, body)
			}
		}
	}
	// What fails in planning fails as it would without a limit.
	if w := request("visitor", http.MethodGet, "/many?id=eq.x"); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "22P02") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := request("visitor", http.MethodGet, "/notes"); w.Code != http.StatusUnauthorized {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := request("visitor", http.MethodGet, one); w.Body.String() != `[{"id":7}]` {
		t.Errorf("then got %d %s", w.Code, w.Body)
	}
}
