package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestChangedColumn changes the type of a column under prepared statements. PostgreSQL refuses them then (0A000); nobody is
// told.
func TestChangedColumn(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 2\ndb-channel-enabled = false\n")
	ask := func(door string) {
		t.Helper()
		for range 4 { // each connection has them
			if w := send(t, handler, http.MethodGet, "/rooms?select=seats&floor=eq.1&order=door", ""); w.Code != http.StatusOK ||
				!strings.Contains(w.Body.String(), "4") {
				t.Errorf("GET got %d %s", w.Code, w.Body)
			}
			for _, prefer := range []string{"return=representation", "return=representation, handling=strict, max-affected=9"} {
				w := send(t, handler, http.MethodPatch, "/rooms?select=seats&floor=eq.1&door=eq.A", `{"seats": 4}`,
					"Prefer", prefer, "Content-Type", "application/json")
				if w.Code != http.StatusOK {
					t.Errorf("PATCH with %s got %d %s", prefer, w.Code, w.Body)
				}
			}
		}
		if w := post(t, handler, "/rooms?select=seats", fmt.Sprintf(`{"floor": 7, "door": %q}`, door), "Prefer", "return=representation"); w.Code != http.StatusCreated {
			t.Errorf("POST got %d %s", w.Code, w.Body)
		}
	}
	ask("before")
	for i, change := range []string{
		"alter table library.rooms alter seats type bigint",
		"alter table library.rooms alter seats type numeric(5,1)",
		"alter table library.rooms add extra text default 'x'",
		"drop index if exists library.none; analyze library.rooms",
		"alter table library.rooms alter seats type int",
	} {
		db.Exec(t, change)
		ask("after " + fmt.Sprint(i))
	}
	var rows int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), "select count(*) from library.rooms where floor = 7").Scan(&rows); err != nil || rows != 6 {
		t.Errorf("%d rows were inserted, want each once: 6 (%v)", rows, err)
	}
}

// TestChangedColumnUnderLoad does so while many clients ask over several connections, each of which has its own statements.
func TestChangedColumnUnderLoad(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 4\ndb-channel-enabled = false\n")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if w := send(t, handler, http.MethodGet, "/rooms?select=seats&floor=eq.1", ""); w.Code != http.StatusOK {
					t.Errorf("GET got %d %s", w.Code, w.Body)
				}
			}
		})
	}
	for range 5 {
		for _, typ := range []string{"bigint", "int"} {
			time.Sleep(50 * time.Millisecond)
			db.Exec(t, "alter table library.rooms alter seats type "+typ)
		}
	}
	stop()
	wg.Wait()
}

// TestNewTable checks that a table created while the server runs is served after NOTIFY, without a restart.
func TestNewTable(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "")
	status := func(target string) int { return send(t, handler, http.MethodGet, target, "").Code }
	if got := status("/shelves"); got != http.StatusNotFound {
		t.Fatalf("before: %d", got)
	}
	db.Exec(t, `create table library.shelves (id int primary key, book_id int references library.books);
		grant select on library.shelves to librarian; notify pgrst, 'reload schema'`)
	eventually(t, 10*time.Second, "the new table", func() bool { return status("/shelves?select=id,books(title)") == http.StatusOK })

	db.Exec(t, "create function library.brand_new() returns int language sql stable as 'select 1'; notify pgrst")
	eventually(t, 10*time.Second, "the new function", func() bool { return status("/rpc/brand_new") == http.StatusOK })

	db.Exec(t, "drop table library.shelves; notify pgrst, 'reload schema'")
	eventually(t, 10*time.Second, "the table's end", func() bool {
		w := send(t, handler, http.MethodGet, "/shelves", "")
		return w.Code == http.StatusNotFound && strings.Contains(w.Body.String(), "PGRST205")
	})
}

// TestColumnTypeChange gives a column another type: once the schema cache is reloaded, values of the new type are compared with it,
// on connections that have the statement prepared for the old one.
func TestColumnTypeChange(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "create table library.shelves (id int); insert into library.shelves values (1); grant select on library.shelves to librarian")
	handler := newServer(t, db, "db-pool = 1\n")
	get := func(id string) string {
		return send(t, handler, http.MethodGet, "/shelves?id=eq."+id, "").Body.String()
	}
	if got := get("1"); got != `[{"id":1}]` {
		t.Fatalf("before: %s", got)
	}
	db.Exec(t, "alter table library.shelves alter id type text using 'a'; notify pgrst, 'reload schema'")
	eventually(t, 20*time.Second, "the new type", func() bool { return get("a") == `[{"id":"a"}]` })
}

// TestReloadUnderLoad reloads the schema cache again and again while clients ask: nobody notices.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "db-pool = 4\n")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if w := send(t, handler, http.MethodGet, "/authors?select=name,books(title)&id=eq.1", ""); w.Code != http.StatusOK {
					t.Errorf("GET got %d %s", w.Code, w.Body)
				}
				if w := send(t, handler, http.MethodPatch, "/rooms?floor=eq.1&door=eq.A", `{"seats": 5}`); w.Code != http.StatusNoContent {
					t.Errorf("PATCH got %d %s", w.Code, w.Body)
				}
			}
		})
	}
	for n := range 15 {
		db.Exec(t, fmt.Sprintf("create table library.t%d (id int); alter table library.rooms add c%[1]d int default 1", n))
		handler.ReloadSchema()
		time.Sleep(30 * time.Millisecond)
		db.Exec(t, fmt.Sprintf("drop table library.t%d; alter table library.rooms drop c%[1]d; notify pgrst", n))
	}
	stop()
	wg.Wait()
}
