package server_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
)

const singleUseSetup = `
grant usage on schema postern_auth to door;
grant execute on function postern_auth.postern_consume_token(text, timestamptz) to door;
create view library.single_large as select n, repeat('x', 1000) as filling, 1 / (3000 - n) as inverse from generate_series(1, 3000) n;
grant select on library.single_large to librarian;`

func newSingleUse(t *testing.T, more string) *server.Server {
	t.Helper()
	db := pgtest.New(t, append(libraryScripts(t), auth.SingleUseMigration(), singleUseSetup)...)
	return newServer(t, db, more)
}

// once is a token for one use.
func once(t *testing.T, id, role string) string {
	t.Helper()
	return token(t, map[string]any{
		"role": role, "jti": id, "exp": time.Now().Add(time.Hour).Unix(), "postern": map[string]any{"single_use": true},
	})
}

// sendOnce sends a request with a token; headers are names and values in turn.
func sendOnce(t *testing.T, handler http.Handler, bearer, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, handler, method, target, body,
		append([]string{"Authorization", "Bearer " + bearer, "Content-Type", "application/json"}, headers...)...)
}

// checkUsed checks that a token was used already.
func checkUsed(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "The token was used already") {
		t.Errorf("the second use: got %d %s", w.Code, w.Body)
	}
}

// TestSingleUse checks that each kind of request uses up its token.
func TestSingleUse(t *testing.T) {
	t.Parallel()
	handler := newSingleUse(t, "")
	for i, c := range []struct {
		role, method, target, body string
		status                     int
		has                        string
	}{
		{"librarian", "GET", "/genres?id=eq.1", "", 200, "Fiction"},
		{"librarian", "HEAD", "/genres", "", 200, ""},
		{"librarian", "GET", "/rpc/access_mode", "", 200, "on"},
		{"librarian", "POST", "/rpc/note_volatile", `{"text_": "noted"}`, 200, "900"},
		{"librarian", "POST", "/genres", `{"id": 60, "name": "Poetry"}`, 201, ""},
		{"librarian", "PATCH", "/genres?id=eq.60", `{"name": "Prose"}`, 204, ""},
		{"librarian", "PUT", "/genres?id=eq.60", `{"id": 60, "name": "Drama"}`, 204, ""},
		{"librarian", "DELETE", "/genres?id=eq.60", "", 204, ""},
		{"librarian", "GET", "/", "", 200, "/genres"},
		{"serious", "GET", "/rpc/isolation", "", 200, "serializable"},
		{"serious", "GET", "/genres?id=eq.1", "", 200, "Fiction"},
		{"serious", "POST", "/genres", `{"id": 61, "name": "Law"}`, 201, ""},
		{"hurried", "GET", "/rpc/careful", "", 200, "repeatable read"},
	} {
		t.Run(c.role+" "+c.method+c.target, func(t *testing.T) {
			t.Parallel()
			if c.target == "/genres?id=eq.60" {
				c.target, c.body = "/genres?id=eq."+strconv.Itoa(100+i), strings.Replace(c.body, "60", strconv.Itoa(100+i), 1)
			}
			bearer := once(t, strconv.Itoa(i), c.role)
			w := sendOnce(t, handler, bearer, c.method, c.target, c.body)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.has) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			w = sendOnce(t, handler, bearer, http.MethodGet, "/genres", "")
			checkUsed(t, w)
		})
	}
}

// TestSingleUseRace checks that of eight uses at once one succeeds, of a read as of a write, on two servers.
func TestSingleUseRace(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(libraryScripts(t), auth.SingleUseMigration(), singleUseSetup)...)
	servers := []http.Handler{newServer(t, db, ""), newServer(t, db, "")}
	for round := range 5 {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			bearer := once(t, method+strconv.Itoa(round), "librarian")
			answers := make([]*httptest.ResponseRecorder, 8)
			var wg sync.WaitGroup
			for i := range answers {
				body := `{"id": ` + strconv.Itoa(1000+10*round+i) + `, "name": "race ` + strconv.Itoa(10*round+i) + `"}`
				wg.Go(func() { answers[i] = sendOnce(t, servers[i%2], bearer, method, "/genres", body) })
			}
			wg.Wait()
			won := 0
			for _, w := range answers {
				if w.Code < 300 {
					won++
				} else {
					checkUsed(t, w)
				}
			}
			if won != 1 {
				t.Errorf("%s: %d uses succeeded", method, won)
			}
		}
	}
	w := send(t, servers[0], http.MethodGet, "/genres?id=gte.1000&select=id", "")
	if rows := strings.Count(w.Body.String(), `"id"`); rows != 5 {
		t.Errorf("%d rows were written by 5 tokens: %s", rows, w.Body)
	}
}

// TestSingleUseSerializable checks that a race of serializable transactions has at most one winner, and no answer but his, that
// the token was used, and that the transactions got in each other's way.
func TestSingleUseSerializable(t *testing.T) {
	t.Parallel()
	handler := newSingleUse(t, "")
	bearer := once(t, "serializable", "serious")
	answers := make([]*httptest.ResponseRecorder, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = sendOnce(t, handler, bearer, http.MethodGet, "/genres", "") })
	}
	wg.Wait()
	won := 0
	for _, w := range answers {
		switch {
		case w.Code == http.StatusOK:
			won++
		case !strings.Contains(w.Body.String(), `"40001"`):
			checkUsed(t, w)
		}
	}
	if won != 1 {
		t.Errorf("%d uses succeeded", won)
	}
}

// TestSingleUseFailed checks that a request that fails, or is refused, leaves its token for another.
func TestSingleUseFailed(t *testing.T) {
	t.Parallel()
	handler := newSingleUse(t, "db-tx-end = \"commit-allow-override\"\nserver-buffer-bytes = 65536\n")
	bearer := once(t, "failed", "librarian")
	for _, c := range []struct {
		method, target, body, prefer string
		status                       int
		code                         string
	}{
		{"POST", "/genres", `{"id": 1, "name": "Fiction"}`, "", 409, "23505"},
		{"POST", "/reservations", `{"id": 1, "book_id": 999}`, "", 409, "23503"}, // at the commit
		{"PATCH", "/books?id=gt.0", `{"copies": 2}`, "handling=strict, max-affected=1", 400, "PGRST124"},
		{"PUT", "/genres?id=eq.70", `{"id": 71, "name": "x"}`, "", 400, "PGRST115"},
		{"POST", "/rpc/raise_state", `{"state": "P0001", "message": "no"}`, "", 400, "P0001"},
		{"GET", "/nowhere", "", "", 404, "PGRST205"},
		{"GET", "/genres?id=eq.x", "", "", 400, "22P02"},
		{"GET", "/single_large", "", "", 400, "22012"}, // after more than the buffer holds: no row may be shown
		{"POST", "/genres", `{"id": 72, "name": "Poetry"}`, "tx=rollback", 400, "PGRST122"},
		{"GET", "/genres", "", "tx=rollback", 400, "PGRST122"},
	} {
		w := sendOnce(t, handler, bearer, c.method, c.target, c.body, "Prefer", c.prefer)
		if w.Code != c.status || code(t, w) != c.code || strings.Contains(w.Body.String(), "xxxx") {
			t.Errorf("%s %s: got %d %.300s", c.method, c.target, w.Code, w.Body)
		}
	}
	w := sendOnce(t, handler, bearer, http.MethodGet, "/genres", "", "Accept", "application/vnd.pgrst.object+json")
	if w.Code != http.StatusNotAcceptable || code(t, w) != "PGRST116" {
		t.Errorf("several rows as one object: got %d %s", w.Code, w.Body)
	}
	if w := sendOnce(t, handler, bearer, http.MethodPost, "/genres", `{"id": 72, "name": "Poetry"}`); w.Code != http.StatusCreated {
		t.Errorf("the first use that succeeds: got %d %s", w.Code, w.Body)
	}
	checkUsed(t, sendOnce(t, handler, bearer, http.MethodGet, "/genres", ""))
}

// TestSingleUseNotInstalled checks that without the migration such a token is of no use, and others are as ever.
func TestSingleUseNotInstalled(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	if w := sendOnce(t, handler, once(t, "a", "librarian"), http.MethodGet, "/genres", ""); w.Code < 400 || strings.Contains(w.Body.String(), "Fiction") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := send(t, handler, http.MethodGet, "/genres", ""); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestSingleUseExchanged checks the token that the exchange gives.
func TestSingleUseExchanged(t *testing.T) {
	t.Parallel()
	handler := newSingleUse(t, exchangeConfig)
	subject := token(t, map[string]any{"role": "librarian"})
	first, second := exchanged(t, handler, subject, "single_use", "true"), exchanged(t, handler, subject, "single_use", "true")
	for _, bearer := range []string{first, second} {
		if w := sendOnce(t, handler, bearer, http.MethodGet, "/genres", ""); w.Code != http.StatusOK {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		checkUsed(t, sendOnce(t, handler, bearer, http.MethodGet, "/genres", ""))
	}
}
