package chat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/apitest"
)

// A password gives a token that the server accepts, and nothing else does.
func TestLogin(t *testing.T) {
	t.Parallel()
	api, db := startPage(t)
	login := func(body string) apitest.Response {
		return api.Must(t, apitest.Request{Method: http.MethodPost, Path: "/rpc/login", Body: body})
	}
	r := login(`{"name": "alice", "password": "alice"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(r.Body), &answer); err != nil || r.Status != http.StatusOK {
		t.Fatalf("got %d %s", r.Status, r.Body)
	}
	r = api.Must(t, apitest.Request{Path: "/chat?select=message_subject&order=message_time", Token: answer.Token})
	if r.Status != http.StatusOK || r.Body != `[{"message_subject":"Lunch?"},`+"\n"+` {"message_subject":"Re: Lunch?"}]` {
		t.Errorf("with the token: %d %s", r.Status, r.Body)
	}
	for _, body := range []string{
		`{"name": "alice", "password": "bob"}`, `{"name": "alice", "password": ""}`, `{"name": "alice", "password": null}`,
		`{"name": "nobody", "password": "alice"}`, `{"name": "authenticator", "password": ""}`, `{"name": null, "password": "alice"}`,
		`{"name": "alice' or true --", "password": "x"}`,
	} {
		if r := login(body); r.Status != http.StatusForbidden || r.Code() != "28P01" || !strings.Contains(r.Body, "wrong name or password") {
			t.Errorf("%s: got %d %s", body, r.Status, r.Body)
		}
	}
	// Nobody sees what is behind it, and who has no token can do nothing else.
	for _, c := range []struct{ path, token string }{{"/account", ""}, {"/secret", ""}, {"/account", as(t, "alice")}, {"/rpc/token", ""}} {
		if r := api.Must(t, apitest.Request{Path: c.path, Token: c.token}); r.Status != http.StatusNotFound {
			t.Errorf("%s: got %d %s", c.path, r.Status, r.Body)
		}
	}
	if r := api.Must(t, apitest.Request{Path: "/chat"}); r.Status != http.StatusUnauthorized || r.Code() != "42501" {
		t.Errorf("without a token: %d %s", r.Status, r.Body)
	}
	if _, err := db.Conn(t, "postgres").Exec(t.Context(), "delete from private.secret"); err != nil {
		t.Fatal(err)
	}
	if r := login(`{"name": "alice", "password": "alice"}`); r.Status < 400 || !strings.Contains(r.Body, "there is no secret") {
		t.Errorf("without a secret: %d %s", r.Status, r.Body)
	}
}
