package embedded_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	chatclaims "github.com/postern-db/postern/examples/chat-claims"
	"github.com/postern-db/postern/examples/embedded"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestEmbedded(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, apitest.UpScripts(t, chatclaims.Migrations())...)
	app, err := embedded.New(t.Context(), db.URI("authenticator"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	app.SignIn("s-alice", "alice")
	app.SignIn("s-bob", "bob")
	app.SignIn("s-carol", "carol")

	send := func(method, path, session, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Prefer", "return=headers-only")
		if session != "" {
			r.AddCookie(&http.Cookie{Name: "session", Value: session})
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w
	}
	if w := send("GET", "/", "", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "own page") {
		t.Errorf("own page: %d %s", w.Code, w.Body)
	}
	w := send("POST", "/api/chat", "s-alice", `{"message_to": "bob", "message_subject": "Hi"}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("alice sends: %d %s", w.Code, w.Body)
	}
	// The addresses that the API gives are those under the prefix.
	where := w.Header().Get("Location")
	if w := send("GET", where, "s-bob", ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"Hi"`) {
		t.Errorf("at the Location %q there is %d %s", where, w.Code, w.Body)
	}
	if w := send("GET", "/api/openapi.json", "s-bob", ""); !strings.Contains(w.Body.String(), `"servers":[{"url":"/api"}]`) {
		t.Errorf("the description does not have the address: %.300s", w.Body)
	}
	for session, want := range map[string]string{
		"s-alice": `[{"message_from":"alice"}]`, "s-bob": `[{"message_from":"alice"}]`, "s-carol": `[]`,
	} {
		if w := send("GET", "/api/chat?select=message_from", session, ""); w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s reads: %d %s", session, w.Code, w.Body)
		}
	}
	for _, session := range []string{"", "s-nobody"} {
		if w := send("GET", "/api/chat", session, ""); w.Code != http.StatusUnauthorized {
			t.Errorf("session %q: %d %s", session, w.Code, w.Body)
		}
	}
}
