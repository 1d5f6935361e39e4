package chat_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/apitest"
)

// Whoever cannot show who they are gets nothing, and a token that is not right is not a lesser right.
func TestTokens(t *testing.T) {
	t.Parallel()
	api, _ := start(t)
	alice := as(t, "alice")
	parts := strings.Split(alice, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	for name, c := range map[string]struct {
		token  string
		status []int
	}{
		"none":                      {"", []int{http.StatusUnauthorized}},
		"not a token":               {"alice", []int{http.StatusUnauthorized}},
		"expired":                   {apitest.Token(t, map[string]any{"role": "alice", "exp": time.Now().Add(-time.Hour).Unix()}), []int{http.StatusUnauthorized}},
		"not yet valid":             {apitest.Token(t, map[string]any{"role": "alice", "nbf": time.Now().Add(time.Hour).Unix()}), []int{http.StatusUnauthorized}},
		"another key":               {apitest.TokenOf(t, strings.Repeat("another ", 8), map[string]any{"role": "alice"}), []int{http.StatusUnauthorized}},
		"another's claims":          {parts[0] + "." + strings.Split(as(t, "bob"), ".")[1] + "." + parts[2], []int{http.StatusUnauthorized}},
		"alg none, unsigned":        {none + "." + parts[1] + ".", []int{http.StatusUnauthorized}},
		"alg none, old signature":   {none + "." + parts[1] + "." + parts[2], []int{http.StatusUnauthorized}},
		"no role":                   {apitest.Token(t, nil), []int{http.StatusUnauthorized}},
		"a role that is not there":  {as(t, "mallory"), []int{http.StatusUnauthorized, http.StatusForbidden}},
		"a role that is forbidden":  {as(t, "postgres"), []int{http.StatusUnauthorized, http.StatusForbidden}},
		"the server's own role":     {as(t, "authenticator"), []int{http.StatusUnauthorized, http.StatusForbidden}},
		"a role with an odd name":   {as(t, `alice"; reset role; --`), []int{http.StatusUnauthorized, http.StatusForbidden}},
		"a role that is no text":    {apitest.Token(t, map[string]any{"role": []string{"alice"}}), []int{http.StatusUnauthorized, http.StatusForbidden}},
		"right, with a claim added": {apitest.Token(t, map[string]any{"role": "alice", "sub": "bob"}), []int{http.StatusOK}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				r := apitest.Request{Method: method, Path: "/chat?select=message_from", Token: c.token}
				ok := http.StatusOK
				if method == http.MethodPost {
					r.Body, ok = `{"message_to":"bob","message_subject":"x"}`, http.StatusCreated
				}
				resp := api.Must(t, r)
				got := resp.Status
				if got == ok {
					got = http.StatusOK
				}
				matched := false
				for _, status := range c.status {
					matched = matched || got == status
				}
				if !matched {
					t.Errorf("%s: got %d %s", method, resp.Status, resp.Body)
				}
				if got != http.StatusOK && (resp.Code() == "" || strings.Contains(resp.Body, "message_from")) {
					t.Errorf("%s: got the body %s", method, resp.Body)
				}
			}
		})
	}
}
