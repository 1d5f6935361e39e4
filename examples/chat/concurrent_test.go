package chat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/postern-db/postern/internal/apitest"
)

// Fifty clients share four connections to the database; no answer ever holds a row that its caller may not see, nor lacks one.
func TestConcurrentUsers(t *testing.T) {
	t.Parallel()
	const clients, requests = 50, 10_000
	api, _ := start(t, "db-pool = 4")
	users := []string{"alice", "bob", "carol"}
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
				if err := checkRead(api, user, tokens[user], counts[user], i); err != nil {
					t.Errorf("client %d, request %d, as %s: %v", client, i, user, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// checkRead reads in one of several ways, writing included, and checks every row of the answer.
func checkRead(api *apitest.API, user, token string, count, turn int) error {
	r := apitest.Request{Path: "/chat?select=message_from,message_to", Token: token}
	switch turn % 5 {
	case 1:
		r.Path += "&order=message_time.desc"
	case 2:
		r.Path += ",message_body&message_subject=not.is.null"
	case 3:
		r.Header = prefer("count=exact")
	case 4: // each has at least their own; who wrote nothing gets nothing back
		r.Method, r.Body, r.Header = http.MethodPatch, `{"message_body":"again"}`, prefer("return=representation")
		r.Path += "&message_from=eq." + user
		count = map[string]int{"alice": 1, "bob": 2, "carol": 0}[user]
	}
	resp, err := api.Do(r)
	if err != nil {
		return err
	}
	var rows []struct {
		From string `json:"message_from"`
		To   string `json:"message_to"`
	}
	if resp.Status != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", r.Method, r.Path, resp.Status, resp.Body)
	}
	if err := json.Unmarshal([]byte(resp.Body), &rows); err != nil {
		return err
	}
	for _, row := range rows {
		if row.From != user && row.To != user {
			return fmt.Errorf("%s %s: a row from %s to %s", r.Method, r.Path, row.From, row.To)
		}
	}
	if len(rows) != count {
		return fmt.Errorf("%s %s: %d rows, want %d", r.Method, r.Path, len(rows), count)
	}
	return nil
}
