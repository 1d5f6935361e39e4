package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/pgtest"
)

// example stands in for a test in an example, which has none.
type example struct {
	testing.TB
	cleanups []func()
}

func (e *example) Helper()                        {}
func (e *example) Name() string                   { return "example" }
func (e *example) Cleanup(f func())               { e.cleanups = append(e.cleanups, f) }
func (e *example) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *example) Errorf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *example) Fatal(a ...any)                 { panic(fmt.Sprint(a...)) }

// close undoes what the example made, the last first.
func (e *example) close() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// todoDatabase makes a database with a table of todos, which everyone may read and a user may write their own of. It returns the
// URI of the role that the server logs in as.
func todoDatabase() (uri string, drop func()) {
	e := &example{}
	db := pgtest.New(
		e, pgtest.Role("todo_login", "login noinherit"), pgtest.Role("todo_anon", "nologin"), pgtest.Role("todo_user", "nologin"), `
		grant todo_anon, todo_user to todo_login;
		create schema api;
		create table api.todos (
			id int generated always as identity primary key,
			owner text not null default current_setting('request.jwt.claims', true)::json ->> 'sub',
			task text not null
		);
		alter table api.todos enable row level security;
		create policy reads on api.todos for select using (true);
		create policy writes on api.todos for insert with check (owner = current_setting('request.jwt.claims', true)::json ->> 'sub');
		grant usage on schema api to todo_anon, todo_user;
		grant select on api.todos to todo_anon, todo_user;
		grant insert (task) on api.todos to todo_user;
		insert into api.todos (owner, task) values ('ann', 'water the plants')`)
	return db.URI("todo_login"), e.close
}

// show sends a request and prints the answer.
func show(h http.Handler, method, target, body string, cookies ...*http.Cookie) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Prefer", "return=representation")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
}
