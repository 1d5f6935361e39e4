package server_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
)

// TestDocumentTag checks that a client learns that it has the document already, and learns of what has changed, be it the catalog
// or what its role may use.
func TestDocumentTag(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, libraryScripts(t)...)
	handler := newServer(t, db, "")
	visitor := "Bearer " + token(t, map[string]any{"role": "visitor"})
	get := func(path, known string) (int, string) {
		w := send(t, handler, http.MethodGet, path, "", "If-None-Match", known) // as the librarian
		return w.Code, w.Header().Get("ETag")
	}
	for _, path := range []string{"/", "/openapi.json"} {
		status, tag := get(path, `"another"`)
		if status != http.StatusOK || tag == "" {
			t.Fatalf("%s: status %d, tag %q", path, status, tag)
		}
		for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			if status, again := get(path, known); status != http.StatusNotModified || again != tag {
				t.Errorf("%s with %s: status %d, tag %s, want 304 and %s", path, known, status, again, tag)
			}
		}
		w := send(t, handler, http.MethodGet, path, "", "Authorization", visitor, "If-None-Match", tag)
		if w.Code != http.StatusOK {
			t.Errorf("%s as another role: status %d", path, w.Code)
		}
	}

	_, tag := get("/", "")
	conn := db.Conn(t, "postgres")
	if _, err := conn.Exec(t.Context(), "revoke select on library.genres from librarian"); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(context.Background()) // its changes are counted now
	deadline := time.Now().Add(30 * time.Second)
	for {
		status, changed := get("/", tag)
		if status == http.StatusOK && changed != tag {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after REVOKE: status %d, tag %s", status, changed)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
