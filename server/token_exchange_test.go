package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/auth"
)

const exchangeSecret = "another secret for the tests, just as long"

const exchangeConfig = "jwt-exchange-secret = \"" + exchangeSecret + "\"\n"

// exchangeSetup makes roles that a clerk is a member of, though not with their rights unasked, and one that the clerk is not.
const exchangeSetup = `
grant swap_clerk, swap_lesser, swap_deeper, swap_other, swap_boss to door;
grant usage on schema library to swap_clerk, swap_lesser, swap_deeper, swap_other;
grant select, insert on library.genres to swap_clerk;
grant select on library.books to swap_clerk;
grant swap_lesser, swap_boss to swap_clerk;
grant swap_deeper to swap_lesser;
do $$ begin
  if current_setting('server_version_num')::int >= 160000 then -- a member that may not become the role
    execute 'grant swap_barred to door; grant swap_barred to swap_clerk with set false, inherit false';
  end if;
end $$;`

func newExchange(t *testing.T, more string) http.Handler {
	t.Helper()
	db := pgtest.New(t, append(libraryScripts(t),
		pgtest.Role("swap_clerk", "noinherit"), pgtest.Role("swap_lesser", ""), pgtest.Role("swap_deeper", ""),
		pgtest.Role("swap_other", ""), pgtest.Role("swap_barred", ""), pgtest.Role("swap_boss", "bypassrls"), exchangeSetup)...)
	return newServer(t, db, more)
}

// clerk is a token that is valid for ten minutes.
func clerk(t *testing.T) string {
	t.Helper()
	return token(t, map[string]any{"role": "swap_clerk", "sub": "ann", "jti": "first", "exp": time.Now().Add(10 * time.Minute).Unix()})
}

// exchange asks for a token in return for another; more holds parameters and values in turn.
func exchange(t *testing.T, handler http.Handler, subject string, more ...string) *httptest.ResponseRecorder {
	t.Helper()
	form := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {subject},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
	}
	for i := 0; i < len(more); i += 2 {
		form.Add(more[i], more[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/auth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// exchanged is the token that exchange gives.
func exchanged(t *testing.T, handler http.Handler, subject string, more ...string) string {
	t.Helper()
	w := exchange(t, handler, subject, more...)
	var answer auth.ExchangeResponse
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK || answer.AccessToken == "" {
		t.Fatalf("%q: got %d %s, %v", more, w.Code, w.Body, err)
	}
	if cc := w.Header().Get("Cache-Control"); cc != "no-store" {
		t.Errorf("Cache-Control is %q", cc)
	}
	if answer.TokenType != "Bearer" || answer.IssuedTokenType != "urn:ietf:params:oauth:token-type:access_token" ||
		answer.ExpiresIn < 1 || answer.ExpiresIn > 3600 {
		t.Errorf("%q: odd answer %+v", more, answer)
	}
	return answer.AccessToken
}

// code is the member code of an error.
func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return body.Code
}

// TestExchangeOff checks that without jwt-exchange-secret the path is like any other.
func TestExchangeOff(t *testing.T) {
	t.Parallel()
	handler := newExchange(t, "")
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
		path := send(t, handler, method, "/auth/token", "{}", "Content-Type", "application/json")
		other := send(t, handler, method, "/some/thing", "{}", "Content-Type", "application/json")
		if path.Code != http.StatusNotFound || path.Code != other.Code || code(t, path) != code(t, other) {
			t.Errorf("%s: got %d %s, another path %d %s", method, path.Code, path.Body, other.Code, other.Body)
		}
	}
	if w := exchange(t, handler, clerk(t)); w.Code != http.StatusNotFound {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestExchangeRestrictions checks that a token for some methods and paths is for no others, whatever the database would say.
func TestExchangeRestrictions(t *testing.T) {
	t.Parallel()
	handler := newExchange(t, exchangeConfig)
	narrow := "Bearer " + exchanged(t, handler, clerk(t), "methods", "GET", "paths", "/genres /rpc/*", "expires_in", "60")
	const refused = "PSTRN304"
	for _, c := range []struct {
		method, target, body string
		status               int
		code                 string
	}{
		{"GET", "/genres?id=eq.1", "", 200, ""},
		{"HEAD", "/genres", "", 200, ""},
		{"GET", "/gen%72es", "", 200, ""},
		{"GET", "/rpc/whoami", "", 200, ""},
		{"GET", "/rpc/no_such_thing", "", 404, "PGRST202"},
		{"POST", "/rpc/whoami", "{}", 403, refused},
		{"POST", "/genres", `{"id": 60, "name": "x"}`, 403, refused},
		{"POST", "/genres", `{`, 403, refused},
		{"DELETE", "/genres", "", 403, refused},
		{"OPTIONS", "/genres", "", 403, refused},
		{"GET", "/books", "", 403, refused},
		{"GET", "/no_such_thing", "", 403, refused},
		{"GET", "/genres/", "", 403, refused},
		{"GET", "//genres", "", 403, refused},
		{"GET", "/rpc/x/y", "", 403, refused},
		{"GET", "/", "", 403, refused},
	} {
		w := send(t, handler, c.method, c.target, c.body, "Authorization", narrow, "Content-Type", "application/json")
		if w.Code != c.status || c.code != "" && code(t, w) != c.code {
			t.Errorf("%s %s: got %d %s", c.method, c.target, w.Code, w.Body)
		}
	}
	if w := send(t, handler, http.MethodGet, "/genres?id=eq.60", ""); w.Body.String() != "[]" {
		t.Errorf("a refused request wrote: %s", w.Body)
	}
}

// TestExchangeBeforeDatabase checks that a token's restrictions are judged without the database: it has no connection left.
func TestExchangeBeforeDatabase(t *testing.T) {
	t.Parallel()
	handler := newExchange(t, exchangeConfig+"db-pool = 1\n")
	narrow := "Bearer " + exchanged(t, handler, clerk(t), "paths", "/genres")
	asleep := make(chan struct{})
	go func() {
		defer close(asleep)
		send(t, handler, http.MethodPost, "/rpc/sleep", `{"seconds": 1}`, "Content-Type", "application/json")
	}()
	for range 20 {
		if w := send(t, handler, http.MethodGet, "/books", "", "Authorization", narrow); w.Code != http.StatusForbidden {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	select {
	case <-asleep:
		t.Error("the refusals waited for the connection")
	default:
	}
	<-asleep
}

// TestExchangeRole checks that a role can be changed only for one that the subject may become.
func TestExchangeRole(t *testing.T) {
	t.Parallel()
	handler := newExchange(t, exchangeConfig)
	subject := clerk(t)
	for _, role := range []string{"swap_clerk", "swap_lesser", "swap_deeper"} {
		w := send(t, handler, http.MethodGet, "/rpc/whoami", "", "Authorization", "Bearer "+exchanged(t, handler, subject, "role", role))
		var who struct {
			Role   string
			Claims struct{ Role, Sub, Iss string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &who); err != nil || who.Role != role || who.Claims.Role != role || who.Claims.Sub != "ann" {
			t.Errorf("%s: got %d %s", role, w.Code, w.Body)
		}
	}
	for _, role := range []string{
		"swap_other", "swap_boss", "swap_barred", "librarian", "door", "postgres", "none", "nobody here", `swap_lesser"`, "SWAP_LESSER",
	} {
		checkRefused(t, exchange(t, handler, subject, "role", role), "role "+role)
	}
	// Nor does the way lead up again.
	lesser := exchanged(t, handler, subject, "role", "swap_lesser")
	checkRefused(t, exchange(t, handler, lesser, "role", "swap_clerk"), "back to the first role")
	exchanged(t, handler, lesser, "role", "swap_deeper")
}

func checkRefused(t *testing.T, w *httptest.ResponseRecorder, what string) {
	t.Helper()
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	err := json.Unmarshal(w.Body.Bytes(), &refusal)
	if err != nil || w.Code != http.StatusBadRequest || refusal.Error != "invalid_request" || refusal.Description == "" {
		t.Errorf("%s: got %d %s", what, w.Code, w.Body)
	}
	if h := w.Header(); h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		t.Errorf("%s: headers %v", what, h)
	}
	if strings.Contains(w.Body.String(), "eyJ") {
		t.Errorf("%s: a token is shown: %s", what, w.Body)
	}
}

// TestExchangeRefused checks what is asked for in vain.
func TestExchangeRefused(t *testing.T) {
	t.Parallel()
	handler := newExchange(t, exchangeConfig)
	subject := clerk(t)
	for what, w := range map[string]*httptest.ResponseRecorder{
		"a longer life":        exchange(t, handler, subject, "expires_in", "3600"),
		"no life":              exchange(t, handler, subject, "expires_in", "0"),
		"a forged token":       exchange(t, handler, subject+"x"),
		"an expired token":     exchange(t, handler, token(t, map[string]any{"role": "swap_clerk", "exp": time.Now().Add(-time.Hour).Unix()})),
		"a restricted token":   exchange(t, handler, exchanged(t, handler, subject, "methods", "GET")),
		"a single-use token":   exchange(t, handler, exchanged(t, handler, subject, "single_use", "true")),
		"an unknown parameter": exchange(t, handler, subject, "method", "GET"),
		"a parameter twice":    exchange(t, handler, subject, "role", "swap_lesser", "role", "swap_clerk"),
		"a small method":       exchange(t, handler, subject, "methods", "get"),
		"a path without slash": exchange(t, handler, subject, "paths", "genres"),
		"a JSON body":          send(t, handler, http.MethodPost, "/auth/token", "{}", "Content-Type", "application/json"),
	} {
		checkRefused(t, w, what)
	}
	if w := exchange(t, handler, strings.Repeat("x", 40<<10)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: got %d %s", w.Code, w.Body)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		w := send(t, handler, method, "/auth/token", "")
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: got %d, Allow %q: %s", method, w.Code, w.Header().Get("Allow"), w.Body)
		}
	}
}

// TestExchangeAudit checks that the log tells who exchanged a token, and that a refusal is told too, without the tokens.
func TestExchangeAudit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.log")
	handler := newExchange(t, exchangeConfig+"audit-log = \""+file+"\"\n")
	exchanged(t, handler, clerk(t))
	exchange(t, handler, clerk(t), "role", "swap_other")
	var lines []string
	eventually(t, 10*time.Second, "the log", func() bool {
		lines = auditLines(t, nil, file)
		return len(lines) == 2
	})
	for i, want := range []string{`"subject":"ann"`, `"code":"invalid_request"`} {
		if !strings.Contains(lines[i], want) || !strings.Contains(lines[i], `"action":"exchange"`) || strings.Contains(lines[i], "eyJ") {
			t.Errorf("line %d should have %s: %s", i, want, lines[i])
		}
	}
}
