package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

// splitSetup gives a web user, who may do nothing itself, a role to read and one to create.
const splitSetup = `
grant split_user, split_ro, split_ins, split_boss, split_super to door;
grant usage on schema library to split_user, split_ro, split_ins, split_boss;
grant select on library.genres, library.books to split_ro;
grant insert on library.genres, library.reservations to split_ins;
grant delete, select on library.genres to split_boss;`

const splitConfig = `db-role-by-action = "split_user: read=split_ro, create=split_ins, call=split_ro, delete=split_boss, update=split_super"
openapi-mode = "follow-privileges"
`

func newSplit(t *testing.T) http.Handler {
	t.Helper()
	db := pgtest.New(t, append(libraryScripts(t),
		pgtest.Role("split_user", ""), pgtest.Role("split_ro", ""), pgtest.Role("split_ins", ""),
		pgtest.Role("split_boss", "bypassrls"), pgtest.Role("split_super", "superuser"), splitSetup)...)
	return newServer(t, db, splitConfig)
}

// sendSplit sends a request as the web user.
func sendSplit(t *testing.T, handler http.Handler, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, handler, method, target, body, "Content-Type", "application/json",
		"Authorization", "Bearer "+token(t, map[string]any{"role": "split_user", "sub": "ann"}))
}

// TestRoleByAction checks which role runs a request, and what is said where that may not do it.
func TestRoleByAction(t *testing.T) {
	t.Parallel()
	handler := newSplit(t)
	for _, c := range []struct {
		method, target, body string
		status               int
		has                  []string
	}{
		{"GET", "/genres?id=eq.1&select=name", "", 200, []string{"Fiction"}},
		{"HEAD", "/genres", "", 200, nil},
		{"POST", "/genres", `{"id": 50, "name": "Poetry"}`, 201, nil},
		{"GET", "/genres?id=eq.50&select=name", "", 200, []string{"Poetry"}},
		{"GET", "/rpc/whoami", "", 200, []string{`"role" : "split_ro"`, `{"role":"split_user","sub":"ann"}`}},
		{"POST", "/rpc/whoami", "{}", 200, []string{`"role" : "split_ro"`, `"role":"split_user"`}},

		{"GET", "/authors", "", 403, []string{"42501", "'read'", "'split_ro'"}},
		{"GET", "/reservations", "", 403, []string{"42501", "'read'", "'split_ro'"}},
		{"POST", "/books", `{"title": "x"}`, 403, []string{"42501", "'create'", "'split_ins'"}},
		{"POST", "/genres?select=id", `{"id": 51, "name": "Prose"}`, 201, nil},
		{"PUT", "/genres?id=eq.52", `{"id": 52, "name": "Drama"}`, 403, []string{"42501", "'create'", "'split_ins'"}},
		{"POST", "/rpc/note_volatile", `{"text_": "x"}`, 403, []string{"42501", "'call'", "'split_ro'"}},

		{"DELETE", "/genres?id=eq.50", "", 403, []string{"PSTRN301", "split_boss", "row-level security"}},
		{"PATCH", "/genres?id=eq.50", `{"name": "x"}`, 403, []string{"PSTRN301", "split_super", "superuser"}},
	} {
		w := sendSplit(t, handler, c.method, c.target, c.body)
		if w.Code != c.status {
			t.Errorf("%s %s: got %d %s", c.method, c.target, w.Code, w.Body)
		}
		for _, part := range c.has {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s %s: no %s in %s", c.method, c.target, part, w.Body)
			}
		}
	}
	if w := send(t, handler, http.MethodGet, "/genres?id=in.(50,51,52,900)&select=id", ""); w.Body.String() != "[{\"id\":50},\n {\"id\":51}]" {
		t.Errorf("a role that is not mapped, or a request that was refused: %d %s", w.Code, w.Body)
	}
	w := send(t, handler, http.MethodGet, "/authors", "", "Authorization", "Bearer "+token(t, map[string]any{"role": "auditor"}))
	if w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "by-action") {
		t.Errorf("a role that is not mapped: got %d %s", w.Code, w.Body)
	}
}

// TestRoleByActionHints checks that suggestions name what the role of the action sees, not what others do.
func TestRoleByActionHints(t *testing.T) {
	t.Parallel()
	handler := newSplit(t)
	for _, c := range []struct {
		method, target, hint string
	}{
		{"GET", "/bookz", "library.books"},
		{"GET", "/reservationz", ""},
		{"POST", "/reservationz", "library.reservations"},
		{"POST", "/bookz", ""},
	} {
		body := sendSplit(t, handler, c.method, c.target, `{"id": 1}`).Body.String()
		if !strings.Contains(body, "PGRST205") {
			t.Errorf("%s %s: got %s", c.method, c.target, body)
		}
		if found := strings.Contains(body, "Perhaps you meant"); found != (c.hint != "") || !strings.Contains(body, c.hint) {
			t.Errorf("%s %s: the hint should be %q: %s", c.method, c.target, c.hint, body)
		}
	}
	for _, target := range []string{"/", "/openapi.json"} {
		w := sendSplit(t, handler, http.MethodGet, target, "")
		body := w.Body.String()
		if w.Code != http.StatusOK || !strings.Contains(body, `"/books"`) || !strings.Contains(body, `"/genres"`) {
			t.Errorf("%s lacks what the reading role may read: %d %.300s", target, w.Code, body)
		}
		if strings.Contains(body, `"/reservations"`) || strings.Contains(body, `"/authors"`) {
			t.Errorf("%s shows what the reading role may not read", target)
		}
	}
}
