package chat_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

const forbidden = "42501" // insufficient_privilege

// What is refused is refused by the database, and leaves it as it was.
func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	api, db := start(t)
	surprise := uuidOf(t, db, "A surprise")
	before := stored(t, db)
	for name, r := range map[string]struct {
		user    string
		request apitest.Request
	}{
		"signing as another": {"alice", apitest.Request{
			Method: http.MethodPost, Path: "/chat", Body: `{"message_from":"bob","message_to":"carol","message_subject":"x"}`,
		}},
		"signing one of several as another": {"alice", apitest.Request{
			Method: http.MethodPost, Path: "/chat",
			Body: `[{"message_from":"alice","message_to":"carol","message_subject":"x"},{"message_from":"bob","message_to":"carol","message_subject":"x"}]`,
		}},
		"changing the sender": {"alice", apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Body: `{"message_from":"bob"}`,
		}},
		"making a received message one's own": {"bob", apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Body: `{"message_from":"bob"}`,
		}},
		"editing a received message": {"bob", apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Body: `{"message_body":"At one."}`,
		}},
		"changing the time": {"alice", apitest.Request{
			Method: http.MethodPatch, Path: "/chat?message_from=eq.alice", Body: `{"message_time":"2020-01-01"}`,
		}},
		"writing over another's message": {"alice", apitest.Request{
			Method: http.MethodPost, Path: "/chat", Header: prefer("resolution=merge-duplicates"),
			Body: `{"message_uuid":"` + surprise + `","message_to":"bob","message_subject":"x"}`,
		}},
		"putting another's message": {"alice", apitest.Request{
			Method: http.MethodPut, Path: "/chat?message_uuid=eq." + surprise,
			Body: `{"message_uuid":"` + surprise + `","message_time":"2020-01-01","message_from":"alice","message_to":"bob","message_subject":"x","message_body":null}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r.request.Token = as(t, r.user)
			resp := api.Must(t, r.request)
			if resp.Status != http.StatusForbidden || resp.Code() != forbidden {
				t.Errorf("got %d %s", resp.Status, resp.Body)
			}
			if strings.Contains(resp.Body, "Alice must not know") {
				t.Errorf("the answer tells another's message: %s", resp.Body)
			}
			if after := stored(t, db); after != before {
				t.Errorf("it was stored:\n%s", after)
			}
		})
	}
}

// Another's message does not exist: no row is changed, and that is not an error.
func TestWritesToHiddenRows(t *testing.T) {
	t.Parallel()
	api, db := start(t)
	before := stored(t, db)
	path := "/chat?message_uuid=eq." + uuidOf(t, db, "A surprise")
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		request := apitest.Request{Method: method, Path: path, Token: as(t, "alice")}
		if method == http.MethodPatch {
			request.Body = `{"message_body":"x"}`
		}
		if resp := api.Must(t, request); resp.Status != http.StatusNoContent || resp.Body != "" {
			t.Errorf("%s: got %d %s", method, resp.Status, resp.Body)
		}
		request.Header = prefer("return=representation, count=exact")
		resp := api.Must(t, request)
		if resp.Status != http.StatusOK || resp.Body != "[]" || resp.Header.Get("Content-Range") != "*/0" {
			t.Errorf("%s: got %d %s, range %s", method, resp.Status, resp.Body, resp.Header.Get("Content-Range"))
		}
	}
	if after := stored(t, db); after != before {
		t.Errorf("stored:\n%s", after)
	}
}

// A message has its sender by itself; its author may edit and delete it, its recipient may delete it.
func TestWrites(t *testing.T) {
	t.Parallel()
	api, db := start(t)
	post := apitest.Request{
		Method: http.MethodPost, Path: "/chat?select=message_from,message_to,message_subject", Token: as(t, "carol"),
		Header: prefer("return=representation"), Body: `{"message_to":"alice","message_subject":"Hi"}`,
	}
	resp := api.Must(t, post)
	if resp.Status != http.StatusCreated || resp.Body != `[{"message_from":"carol","message_to":"alice","message_subject":"Hi"}]` {
		t.Fatalf("send: got %d %s", resp.Status, resp.Body)
	}
	resp = api.Must(t, apitest.Request{
		Method: http.MethodPatch, Path: "/chat?message_subject=eq.Hi", Token: as(t, "carol"), Body: `{"message_body":"there"}`,
	})
	if resp.Status != http.StatusNoContent || !strings.Contains(stored(t, db), "carol alice Hi there") {
		t.Errorf("edit: got %d %s, stored\n%s", resp.Status, resp.Body, stored(t, db))
	}
	resp = api.Must(t, apitest.Request{Method: http.MethodDelete, Path: "/chat?message_subject=eq.Hi", Token: as(t, "alice")})
	if resp.Status != http.StatusNoContent || strings.Contains(stored(t, db), "carol alice") {
		t.Errorf("delete: got %d %s, stored\n%s", resp.Status, resp.Body, stored(t, db))
	}
	var body any
	resp = api.Must(t, apitest.Request{Path: "/chat", Token: as(t, "alice")})
	if err := json.Unmarshal([]byte(resp.Body), &body); err != nil || len(body.([]any)) != 2 {
		t.Errorf("afterwards: got %d %s, error %v", resp.Status, resp.Body, err)
	}
}

func uuidOf(t *testing.T, db *pgtest.Database, subject string) string {
	t.Helper()
	var id string
	err := db.Conn(t, "postgres").QueryRow(t.Context(), `select message_uuid::text from api.chat where message_subject = $1`, subject).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// awaitStatus repeats a request until it has the status.
func awaitStatus(t *testing.T, api *apitest.API, r apitest.Request, status int) {
	t.Helper()
	var resp apitest.Response
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if resp = api.Must(t, r); resp.Status == status {
			return
		}
	}
	t.Fatalf("%s still answers %d %s", r.Path, resp.Status, resp.Body)
}
