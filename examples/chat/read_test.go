package chat_test

import (
	"net/http"
	"testing"

	"github.com/postern-db/postern/internal/apitest"
)

// Each user sees the messages they sent or received, whichever way they ask.
func TestReads(t *testing.T) {
	t.Parallel()
	api, _ := start(t)
	const (
		lunch    = `{"message_subject":"Lunch?"}`
		reply    = `{"message_subject":"Re: Lunch?"}`
		surprise = `{"message_subject":"A surprise"}`
		next     = ",\n " // rows are separated as json_agg does
	)
	for _, c := range []struct {
		name, user, path, want string
	}{
		{"all of alice", "alice", "/chat?select=message_subject&order=message_time", "[" + lunch + next + reply + "]"},
		{"all of bob", "bob", "/chat?select=message_subject&order=message_time", "[" + lunch + next + reply + next + surprise + "]"},
		{"all of carol", "carol", "/chat?select=message_subject&order=message_time", "[" + surprise + "]"},
		{"asked for by subject", "alice", "/chat?select=message_subject&message_subject=eq.A%20surprise", "[]"},
		{"asked for by sender", "carol", "/chat?select=message_subject&message_from=eq.alice", "[]"},
		{"asked for by a condition that is always true", "carol", "/chat?select=message_subject&or=(message_from.eq.alice,message_from.neq.alice)", "[" + surprise + "]"},
		{
			"embedded in what all see", "alice", "/reaction?select=emoji,chat(message_subject)&order=reaction_id",
			`[{"emoji":"smile","chat":` + lunch + `}` + next + `{"emoji":"smile","chat":` + reply + `}` + next + `{"emoji":"smile","chat":null}]`,
		},
		{"embedded, inner join", "carol", "/reaction?select=emoji,chat!inner(message_subject)", `[{"emoji":"smile","chat":` + surprise + `}]`},
		{"embedding", "carol", "/chat?select=message_subject,reaction(emoji)", `[{"message_subject":"A surprise","reaction":[{"emoji":"smile"}]}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resp := api.Must(t, apitest.Request{Path: c.path, Token: as(t, c.user)})
			if resp.Status != http.StatusOK || resp.Body != c.want {
				t.Errorf("got %d %s\nwant 200 %s", resp.Status, resp.Body, c.want)
			}
		})
	}
}

// What is counted is what is seen.
func TestCounts(t *testing.T) {
	t.Parallel()
	api, _ := start(t)
	for _, c := range []struct {
		method, user, path, wantRange string
		wantStatus                    int
	}{
		{http.MethodGet, "alice", "/chat", "0-1/2", http.StatusOK},
		{http.MethodGet, "bob", "/chat?limit=1", "0-0/3", http.StatusPartialContent},
		{http.MethodGet, "carol", "/chat?message_from=eq.alice", "*/0", http.StatusOK},
		{http.MethodHead, "alice", "/chat", "0-1/2", http.StatusOK},
		{http.MethodHead, "bob", "/chat", "0-2/3", http.StatusOK},
		{http.MethodHead, "carol", "/chat", "0-0/1", http.StatusOK},
	} {
		resp := api.Must(t, apitest.Request{Method: c.method, Path: c.path, Token: as(t, c.user), Header: prefer("count=exact")})
		if got := resp.Header.Get("Content-Range"); got != c.wantRange || resp.Status != c.wantStatus {
			t.Errorf("%s %s as %s: got %d, range %s, want %d, %s", c.method, c.path, c.user, resp.Status, got, c.wantStatus, c.wantRange)
		}
		if c.method == http.MethodHead && resp.Body != "" {
			t.Errorf("HEAD %s has the body %s", c.path, resp.Body)
		}
	}
}

// A table that is made while the API runs is served as soon as the database says so.
func TestNewTable(t *testing.T) {
	t.Parallel()
	api, db := start(t)
	request := apitest.Request{Path: "/note?select=body", Token: as(t, "alice")}
	if resp := api.Must(t, request); resp.Status != http.StatusNotFound || resp.Code() != "PGRST205" {
		t.Fatalf("before: got %d %s", resp.Status, resp.Body)
	}
	db.Exec(t, `create table api.note (id int primary key, body text);
		insert into api.note values (1, 'here');
		grant select on api.note to alice;
		notify pgrst, 'reload schema';`)
	awaitStatus(t, api, request, http.StatusOK)
	if resp := api.Must(t, request); resp.Body != `[{"body":"here"}]` {
		t.Errorf("after: got %d %s", resp.Status, resp.Body)
	}
}
