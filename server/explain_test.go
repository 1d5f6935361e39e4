package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/explain"
	"github.com/postern-db/postern/internal/pgtest"
)

const explainType = "application/vnd.postern.explain+json"

// explainLibrary is the library with two roles that may read genres, the first of which may ask for explanations. A hidden table has a row
// that a policy keeps from both.
func explainLibrary(t *testing.T) *pgtest.Database {
	t.Helper()
	scripts := append([]string{
		pgtest.Role("explainers", "nologin"), pgtest.Role("explain_dev", "nologin"), pgtest.Role("explain_user", "nologin"), pgtest.Role("door", "login noinherit"),
		"grant explainers to explain_dev; grant explain_dev, explain_user to door",
	}, libraryScripts(t)...)
	return pgtest.New(t, append(scripts, `grant usage on schema library to explain_dev, explain_user;
		create table library.hidden (id int primary key, note text);
		alter table library.hidden enable row level security;
		create policy hidden_note on library.hidden using (note = 'open');
		insert into library.hidden values (1, 'a hidden note');
		grant select, insert on library.hidden to explain_dev, explain_user;`)...)
}

func askExplanation(t *testing.T, h http.Handler, role, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept", explainType)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": role}))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// To whom it is not for, the media type does not exist: switched off, without a role that may ask, or as another role.
func TestExplainIsRefused(t *testing.T) {
	t.Parallel()
	db := explainLibrary(t)
	for settings, roles := range map[string][]string{
		"":                                   {"explain_dev", "explain_user", ""},
		"db-explain-role = \"explainers\"\n": {"explain_dev", "explain_user"},
		"db-explain-enabled = true\n":        {"explain_dev", ""},
		"db-explain-enabled = true\ndb-explain-role = \"explainers\"\n":      {"explain_user", ""},
		"db-explain-enabled = true\ndb-explain-role = \"no_such_role\"\n":    {"explain_dev"},
		"db-explain-enabled = true\ndb-explain-role = \"postgres\"\n":        {"explain_dev"},
		"db-explain-enabled = true\ndb-explain-role = \"explain_developer\"": {"explain_dev"},
	} {
		s := newServer(t, db, settings)
		for _, role := range roles {
			w := askExplanation(t, s, role, http.MethodGet, "/hidden", "")
			if w.Code != http.StatusNotAcceptable || !strings.Contains(w.Body.String(), `"PGRST107"`) || strings.Contains(w.Body.String(), "hidden_note") {
				t.Errorf("%q as %q: %d %s", settings, role, w.Code, w.Body)
			}
		}
	}
}

// A member of the role is told why, but no number of rows that the server's own role could not count.
func TestExplainOverHTTP(t *testing.T) {
	t.Parallel()
	db := explainLibrary(t)
	s := newServer(t, db, "db-explain-enabled = true\ndb-explain-role = \"explainers\"\n")
	get := func(method, target, body string) *explain.Explanation {
		t.Helper()
		w := askExplanation(t, s, "explain_dev", method, target, body)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != explainType || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %v %s", target, w.Code, w.Header(), w.Body)
		}
		if strings.Contains(w.Body.String(), "a hidden note") {
			t.Errorf("a hidden row shows in %s", w.Body)
		}
		var x explain.Explanation
		if err := json.Unmarshal(w.Body.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		return &x
	}
	x := get(http.MethodGet, "/hidden?id=eq.1", "")
	r := x.Relations[0]
	if x.Role != "explain_dev" || *x.Rows != 0 || r.Name != "library.hidden" || r.Policies[0].Name != "hidden_note" || x.Plan == nil {
		t.Errorf("got %+v", x)
	}
	if r.Asked != nil || r.Pass != nil || r.Policies[0].Pass != nil || !strings.Contains(r.Note, "door may not become the owner") {
		t.Errorf("numbers are told: %+v", r)
	}
	if said := strings.Join(x.Verdict, " "); !strings.Contains(said, "is not known: door may not become the owner") || !strings.Contains(said, "The answer has 0 rows.") {
		t.Errorf("got %s", said)
	}
	for body, want := range map[string]string{
		`{"id":2,"note":"open"}`: "explain_dev may create 1 row of library.hidden", `{"id":2,"note":"shut"}`: "The create is refused (42501)",
	} {
		x := get(http.MethodPost, "/hidden", body)
		if said := strings.Join(x.Verdict, " "); x.Relations[0].Action != "create" || !strings.Contains(said, want) {
			t.Errorf("%s: got %s", body, said)
		}
	}
	var n int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select count(*) from library.hidden").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	// What is wrong with a request is told as ever.
	if w := askExplanation(t, s, "explain_dev", http.MethodGet, "/nothing", ""); w.Code != http.StatusNotFound {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := askExplanation(t, s, "explain_dev", http.MethodGet, "/", ""); w.Code != http.StatusNotAcceptable {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	// The type of the answer is the only difference.
	w := send(t, s, http.MethodGet, "/genres", "")
	if w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
