package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// badHeaders are what SQL code must not be able to send: they would split the response, or frame it otherwise.
var badHeaders = []struct{ name, header, value string }{
	{"CR and LF in the value", "X-A", "1\r\nX-Evil: yes"},
	{"LF in the value", "X-A", "1\nX-Evil: yes"},
	{"CR in the value", "X-A", "1\rX-Evil: yes"},
	{"a second response in the value", "X-A", "1\r\n\r\nHTTP/1.1 200 OK\r\n\r\nevil"},
	{"DEL in the value", "X-A", "a\x7fb"},
	{"a control character in the value", "X-A", "a\x01b"},
	{"CR and LF in the name", "X-A: 1\r\nX-Evil", "yes"},
	{"LF in the name", "X-A\nX-Evil", "yes"},
	{"no name", "", "1"},
	{"a space in the name", "X A", "1"},
	{"a space before the name", " X-A", "1"},
	{"a space after the name", "X-A ", "1"},
	{"a colon in the name", "X-A:", "1"},
	{"another letter in the name", "X-Ä", "1"},
	{"Content-Length", "Content-Length", "0"},
	{"content-length", "content-length", "5"},
	{"Transfer-Encoding", "Transfer-Encoding", "chunked"},
	{"Connection", "Connection", "close"},
	{"Keep-Alive", "Keep-Alive", "timeout=5"},
	{"Upgrade", "Upgrade", "h2c"},
	{"Trailer", "Trailer", "X-A"},
	{"TE", "TE", "trailers"},
	{"Proxy-Connection", "Proxy-Connection", "close"},
}

// TestHostileResponse checks that SQL code that sets headers and status, which may well be made of what a client sent, cannot
// send another response than one.
func TestHostileResponse(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	check := func(t *testing.T, w *httptest.ResponseRecorder, code string) {
		t.Helper()
		checkErrorBody(t, w)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), code) {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, code)
		}
		for name := range w.Header() {
			if strings.Contains(name, "Evil") || strings.HasPrefix(name, "X-A") {
				t.Errorf("the header %s was sent", name)
			}
		}
	}
	for _, bad := range badHeaders {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			headers := marshal(t, []map[string]string{{bad.header: bad.value}})
			w := post(t, handler, "/rpc/answer", marshal(t, map[string]string{"headers": headers}))
			check(t, w, "PGRST111")
			w = post(t, handler, "/rpc/raise_json", marshal(t, map[string]string{
				"message": `{"code": "X", "message": "x"}`,
				"detail":  marshal(t, map[string]any{"status": 400, "headers": map[string]string{bad.header: bad.value}}),
			}))
			check(t, w, "PGRST121")
		})
	}
	for _, status := range []string{"0", "1", "99", "100", "101", "199", "600", "999", "1000", "-200", "2e2", "200 OK", "200\r\nX-Evil: yes", "٢٠٠", "0x1f4", "99999999999999999999"} {
		t.Run("status "+status, func(t *testing.T) {
			t.Parallel()
			w := post(t, handler, "/rpc/answer", marshal(t, map[string]string{"status": status}))
			check(t, w, "PGRST112")
		})
	}
	for _, status := range []string{"0", "99", "100", "199", "600", "-200", `"402"`, "402.5", "1e400", "null"} {
		t.Run("raised status "+status, func(t *testing.T) {
			t.Parallel()
			w := post(t, handler, "/rpc/raise_json", marshal(t, map[string]string{
				"message": `{"code": "X", "message": "x"}`, "detail": `{"status": ` + status + `, "headers": {}}`,
			}))
			check(t, w, "PGRST121")
		})
	}
	for _, state := range []string{"PT000", "PT099", "PT100", "PT199", "PT600", "PT999", "PTABC"} {
		t.Run("raised "+state, func(t *testing.T) {
			t.Parallel()
			w := post(t, handler, "/rpc/raise_state", marshal(t, map[string]string{"state": state, "message": "x"}))
			check(t, w, state)
		})
	}
	t.Run("a raised code with line ends", func(t *testing.T) {
		t.Parallel()
		w := post(t, handler, "/rpc/raise_json", marshal(t, map[string]string{
			"message": `{"code": "X\r\nX-Evil: yes", "message": "x"}`, "detail": `{"status": 400, "headers": {}}`,
		}))
		checkClientError(t, w)
	})
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
