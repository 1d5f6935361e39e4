package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// templateTargets are requests with % in place of a value, and two values.
var templateTargets = [][3]string{
	{"/books?id=eq.%", "1", "2"},
	{"/books?id=eq.%&select=id,title,authors(name)", "1", "3"},
	{"/books?select=id,title&year=gte.%&order=id&limit=2", "1800", "1950"},
	{"/books?title=eq.%", "Emma", "none"},
	{"/books?id=eq.%", "1", "x"}, // an error of the database
	{"/books?nothing=eq.%", "1", "2"},
	{"/loans?member=eq.%", "1", "2"},
	{"/members?id=gte.%&select=id,name", "1", "2"},
	{"/rpc/add?a=%&b=2", "1", "40"},
	{"/rpc/add?a=%", "1", "eq.5"},
	{"/rpc/greet?name=%", "Ann", "Ben"},
	{"/rpc/total?numbers=%&numbers=2", "1", "5"},
	{"/rpc/fee?days=%", "1", "2"},
	{"/rpc/books_since?since=%&select=id", "1800", "1950"},
	{"/rpc/books_since?since=1700&id=eq.%&select=id", "1", "2"},
}

func answerOf(t *testing.T, handler http.Handler, target, role, prefer string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if role != "" {
		r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": role}))
	}
	r.Header.Set("Prefer", prefer)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return fmt.Sprint(w.Code, w.Header(), w.Body)
}

// TestTemplates checks that what requests became for one caller and value changes nothing for others: after they were sent with
// another value and another role they are answered as those are that nothing was kept for, by a preference of their own.
func TestTemplates(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	roles := []string{"librarian", "", "member"}
	var clients sync.WaitGroup
	for _, role := range roles {
		clients.Go(func() {
			for range 3 {
				for _, c := range templateTargets {
					answerOf(t, handler, strings.Replace(c[0], "%", c[1], 1), role, "count=exact")
				}
			}
		})
	}
	clients.Wait()
	n := 0
	for _, role := range roles {
		for _, c := range templateTargets {
			for _, value := range c[1:] {
				n++
				target := strings.Replace(c[0], "%", value, 1)
				want := answerOf(t, handler, target, role, fmt.Sprintf("count=exact, alone=%d", n))
				if got := answerOf(t, handler, target, role, "count=exact"); got != want {
					t.Errorf("%s as %q: got\n%s\nwant\n%s", target, role, got, want)
				}
			}
		}
	}
}

// TestTemplatesEndWithTheCatalog checks that a new catalog brings new plans.
func TestTemplatesEndWithTheCatalog(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "")
	for range 3 {
		answerOf(t, handler, "/rooms?floor=eq.1", "librarian", "count=exact")
	}
	db.Exec(t, "alter table library.rooms add column doors int; notify pgrst, 'reload schema'")
	eventually(t, 30*time.Second, "the new column", func() bool {
		return strings.Contains(answerOf(t, handler, "/rooms?floor=eq.1", "librarian", "count=exact"), `"doors":null`)
	})
}

// TestTemplatesAndExplanations checks that a request is explained with its own values, not by a template, which has none.
func TestTemplatesAndExplanations(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	s := newServer(t, db, "")
	for _, value := range []string{"1", "2", "3"} {
		answerOf(t, s, "/authors?id=eq."+value, "librarian", "count=exact")
	}
	r := httptest.NewRequest(http.MethodGet, "/authors?id=eq.77", nil)
	r.Header.Set("Authorization", "Bearer "+token(t, map[string]any{"role": "librarian"}))
	r.Header.Set("Prefer", "count=exact")
	x, err := s.Explain(t.Context(), db.Conn(t, loginRole), r)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Arguments) == 0 {
		t.Fatal("no arguments")
	}
	for _, a := range x.Arguments {
		if *a != "77" {
			t.Errorf("argument %q", *a)
		}
	}
}
