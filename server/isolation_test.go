package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// user is one of those who share the pool in TestIsolation, and all that an answer may show of them.
type user struct {
	role, sub, schema, searchPath, timeZone, token string
}

// TestIsolation has 50 clients of three users send 10,000 requests over a pool of four connections. Some hang up, some fail.
// No answer may hold anything of another user.
func TestIsolation(t *testing.T) {
	t.Parallel()
	const clients, requests = 50, 200
	handler := newServer(t, newLibrary(t), "db-pool = 4\ndb-pool-acquisition-timeout = 120\n")
	users := []user{
		{role: "member", sub: "ann", schema: "library", searchPath: `"library", "public"`, timeZone: "Asia/Tokyo"},
		{role: "member", sub: "ben", schema: "archive", searchPath: `"archive", "public"`, timeZone: "America/New_York"},
		{role: "librarian", sub: "eve", schema: "library", searchPath: `"library", "public"`, timeZone: "UTC"},
	}
	for i := range users {
		users[i].token = token(t, map[string]any{"role": users[i].role, "sub": users[i].sub})
	}
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			u := &users[c%len(users)]
			for n := range requests {
				if err := u.ask(handler, c, n); err != nil {
					t.Errorf("client %d, request %d of %s: %v", c, n, u.sub, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// ask sends one of several requests and checks that its answer is the user's own.
func (u *user) ask(handler http.Handler, client, n int) error {
	switch (client*7 + n) % 6 {
	case 0, 1:
		return u.askWho(handler)
	case 2:
		return u.askNotes(handler)
	case 3: // a statement that fails
		w := u.send(context.Background(), handler, http.MethodGet, "/rpc/divide?a=1&b=0", "", "library")
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "22012") {
			return fmt.Errorf("a division by zero got %d %s", w.Code, w.Body)
		}
		return nil
	case 4: // one who hangs up, before or while the statement runs
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n%5)*time.Millisecond)
		defer cancel()
		u.send(ctx, handler, http.MethodPost, "/rpc/sleep", `{"seconds": 0.004}`, "library")
		return nil
	default: // a write, undone by a violated constraint, in another time zone
		body := fmt.Sprintf(`[{"body": "%d/%d"}, {"body": "x", "book_id": 999}]`, client, n)
		w := u.send(context.Background(), handler, http.MethodPost, "/notes?columns=body,book_id", body, "library")
		if w.Code != http.StatusConflict && w.Code != http.StatusForbidden {
			return fmt.Errorf("a violated constraint got %d %s", w.Code, w.Body)
		}
		return nil
	}
}

func (u *user) askWho(handler http.Handler) error {
	w := u.send(context.Background(), handler, http.MethodGet, "/rpc/whoami", "", u.schema)
	var got struct {
		Role       string
		Claims     struct{ Sub, Role string }
		SearchPath string `json:"search_path"`
		TimeZone   string `json:"time_zone"`
		Header     string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		return fmt.Errorf("whoami got %d %s", w.Code, w.Body)
	}
	if got.Role != u.role || got.Claims.Sub != u.sub || got.Claims.Role != u.role || got.SearchPath != u.searchPath ||
		got.TimeZone != u.timeZone || got.Header != u.sub {
		return fmt.Errorf("the answer is another's: %s", w.Body)
	}
	return nil
}

func (u *user) askNotes(handler http.Handler) error {
	w := u.send(context.Background(), handler, http.MethodGet, "/notes?select=owner", "", "library")
	var notes []struct{ Owner string }
	if err := json.Unmarshal(w.Body.Bytes(), &notes); err != nil {
		return fmt.Errorf("notes got %d %s", w.Code, w.Body)
	}
	want := map[string]int{"ann": 2, "ben": 1, "eve": 3}[u.sub]
	if len(notes) != want {
		return fmt.Errorf("%d notes, want %d: %s", len(notes), want, w.Body)
	}
	for _, note := range notes {
		if u.role == "member" && note.Owner != u.sub {
			return fmt.Errorf("another's note: %s", w.Body)
		}
	}
	return nil
}

func (u *user) send(ctx context.Context, handler http.Handler, method, target, body, schema string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+u.token)
	r.Header.Set("X-Asked-By", u.sub)
	r.Header.Set("Accept-Profile", schema)
	if u.timeZone != "UTC" { // who asks for none must get the default
		r.Header.Set("Prefer", "timezone="+u.timeZone)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
