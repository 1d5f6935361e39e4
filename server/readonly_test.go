package server_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestDatabaseThatOnlyReads serves a database in which no transaction may write unless it asks for it, much as a standby: reads and
// functions that only read go on, and writes are refused by name, whichever way their transactions are made.
func TestDatabaseThatOnlyReads(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "alter database "+db.Name+" set default_transaction_read_only = on")
	s := newServer(t, db, "db-tx-end = \"commit-allow-override\"\n")
	for _, test := range []struct {
		method, path, body, prefer string
		status                     int
	}{
		{http.MethodGet, "/genres", "", "", http.StatusOK},
		{http.MethodPost, "/rpc/backend", "{}", "", http.StatusOK},
		{http.MethodPost, "/genres", `{"id": 900, "name": "new"}`, "", http.StatusMethodNotAllowed},
		{http.MethodPost, "/genres", `{"id": 900, "name": "new"}`, "tx=rollback", http.StatusMethodNotAllowed},
		{http.MethodPatch, "/genres?id=eq.1", `{"name": "new"}`, "handling=strict, max-affected=10", http.StatusMethodNotAllowed},
		{http.MethodDelete, "/genres?id=eq.1", "", "", http.StatusMethodNotAllowed},
	} {
		got := send(t, s, test.method, test.path, test.body, "Prefer", test.prefer)
		if got.Code != test.status || test.status >= 400 && !strings.Contains(got.Body.String(), `"25006"`) {
			t.Errorf("%s %s: %d %s", test.method, test.path, got.Code, got.Body)
		}
	}
}
