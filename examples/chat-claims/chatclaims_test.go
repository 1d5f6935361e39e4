package chatclaims_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	chatclaims "github.com/postern-db/postern/examples/chat-claims"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const messages = `insert into api.chat (message_time, message_from, message_to, message_subject) values
	('2026-01-05 09:00Z', 'alice', 'bob', 'Lunch?'),
	('2026-01-05 09:05Z', 'bob', 'alice', 'Re: Lunch?'),
	('2026-01-05 09:10Z', 'bob', 'carol', 'A surprise');`

func start(t *testing.T, settings ...string) (*apitest.API, *pgtest.Database) {
	t.Helper()
	db := pgtest.New(t, append(apitest.UpScripts(t, chatclaims.Migrations()), messages)...)
	settings = append(settings, `db-schemas = "api"`)
	return apitest.Start(t, db.URI("authenticator"), settings...), db
}

// as signs a token for one user; all have the same role.
func as(t *testing.T, user string) string {
	t.Helper()
	return apitest.Token(t, map[string]any{"role": "chat_user", "sub": user})
}

func TestReads(t *testing.T) {
	t.Parallel()
	api, _ := start(t)
	const subjects = "/chat?select=message_subject&order=message_time"
	for name, c := range map[string]struct {
		token, path, want string
	}{
		"alice":            {as(t, "alice"), subjects, `["Lunch?","Re: Lunch?"]`},
		"bob":              {as(t, "bob"), subjects, `["Lunch?","Re: Lunch?","A surprise"]`},
		"carol":            {as(t, "carol"), subjects, `["A surprise"]`},
		"a new user":       {as(t, "dave"), subjects, `[]`},
		"carol, asking":    {as(t, "carol"), subjects + "&message_from=eq.alice", `[]`},
		"no sub":           {apitest.Token(t, map[string]any{"role": "chat_user"}), subjects, `[]`},
		"sub is null":      {apitest.Token(t, map[string]any{"role": "chat_user", "sub": nil}), subjects, `[]`},
		"sub with a quote": {as(t, `alice' or 'a'='a`), subjects, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := api.Must(t, apitest.Request{Path: c.path, Token: c.token})
			if got := subjectsOf(t, resp); resp.Status != http.StatusOK || got != c.want {
				t.Errorf("got %d %s, want %s", resp.Status, got, c.want)
			}
		})
	}
}

// subjectsOf gives the subjects of the rows as a JSON array.
func subjectsOf(t *testing.T, resp apitest.Response) string {
	t.Helper()
	var rows []struct {
		Subject string `json:"message_subject"`
	}
	if err := json.Unmarshal([]byte(resp.Body), &rows); err != nil {
		t.Fatalf("%d %s: %v", resp.Status, resp.Body, err)
	}
	subjects := make([]string, len(rows))
	for i, row := range rows {
		subjects[i] = row.Subject
	}
	text, err := json.Marshal(subjects)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	api, db := start(t)
	const send = `{"message_to":"carol","message_subject":"x"}`
	for name, c := range map[string]struct {
		request apitest.Request
		status  int
		code    string
	}{
		"no token": {apitest.Request{Path: "/chat"}, http.StatusUnauthorized, ""},
		"the server's own role": {
			apitest.Request{Path: "/chat", Token: apitest.Token(t, map[string]any{"role": "authenticator", "sub": "alice"})}, http.StatusForbidden, "",
		},
		"signing as another": {apitest.Request{
			Method: http.MethodPost, Path: "/chat", Token: as(t, "alice"), Body: `{"message_from":"bob","message_to":"carol","message_subject":"x"}`,
		}, http.StatusForbidden, "42501"},
		"changing the sender": {apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Token: as(t, "alice"), Body: `{"message_from":"bob"}`,
		}, http.StatusForbidden, "42501"},
		"making a received message one's own": {apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Token: as(t, "bob"), Body: `{"message_from":"bob"}`,
		}, http.StatusForbidden, "42501"},
		"sending without a sub": {apitest.Request{
			Method: http.MethodPost, Path: "/chat", Token: apitest.Token(t, map[string]any{"role": "chat_user"}), Body: send,
		}, http.StatusForbidden, "42501"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := api.Must(t, c.request)
			if resp.Status != c.status || c.code != "" && resp.Code() != c.code {
				t.Errorf("got %d %s", resp.Status, resp.Body)
			}
		})
	}
	var rows int
	if err := db.Conn(t, "postgres").QueryRow(t.Context(), `select count(*) from api.chat where message_subject <> 'x'`).Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows are left, error %v", rows, err)
	}
}

// The policy's subqueries are evaluated once, before the rows are read, and the indexes serve it.
func TestPolicyIsEvaluatedOnce(t *testing.T) {
	t.Parallel()
	_, db := start(t)
	db.Exec(t, `insert into api.chat (message_from, message_to, message_subject)
		select 'user' || n % 1000, 'user' || n % 999, 's' from generate_series(1, 20000) n;
		analyze api.chat;`)
	conn := db.Conn(t, "authenticator")
	if _, err := conn.Exec(t.Context(), `set role chat_user; set request.jwt.claims = '{"sub":"user7"}'`); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), `explain (analyze, costs off) select * from api.chat`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"InitPlan", "BitmapOr", "chat_message_from_idx", "chat_message_to_idx"} {
		if !strings.Contains(plan.String(), want) {
			t.Errorf("no %s in the plan:\n%s", want, plan.String())
		}
	}
}

// With one role for all, only the claims of the transaction tell users apart: none may be left on a connection.
func TestConcurrentUsers(t *testing.T) {
	t.Parallel()
	const clients, requests = 50, 3_000
	api, _ := start(t, "db-pool = 4")
	users := []string{"alice", "bob", "carol", "dave"}
	counts := map[string]int{"alice": 2, "bob": 3, "carol": 1}
	tokens := map[string]string{}
	for _, user := range users {
		tokens[user] = as(t, user)
	}
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := range requests / clients {
				user := users[(client+i)%len(users)]
				if err := checkRead(api, user, tokens[user], counts[user]); err != nil {
					t.Errorf("client %d, request %d, as %s: %v", client, i, user, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func checkRead(api *apitest.API, user, token string, count int) error {
	resp, err := api.Do(apitest.Request{Path: "/chat?select=message_from,message_to", Token: token})
	if err != nil {
		return err
	}
	var rows []struct {
		From string `json:"message_from"`
		To   string `json:"message_to"`
	}
	if err := json.Unmarshal([]byte(resp.Body), &rows); err != nil {
		return fmt.Errorf("%d %s: %w", resp.Status, resp.Body, err)
	}
	for _, row := range rows {
		if row.From != user && row.To != user {
			return fmt.Errorf("a row from %s to %s", row.From, row.To)
		}
	}
	if len(rows) != count {
		return fmt.Errorf("%d rows, want %d", len(rows), count)
	}
	return nil
}
