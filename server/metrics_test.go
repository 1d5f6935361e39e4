package server_test

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, newLibrary(t), "server-port = 0\nserver-host = \"127.0.0.1\"\nadmin-server-port = "+strconv.Itoa(port)+"\n"+
		`jwt-issuers = "[{\"issuer\": \"https://127.0.0.1:1\", \"audience\": \"x\"}]"`)
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	base := "http://127.0.0.1:" + strconv.Itoa(port)
	get := func(path string) (int, string) {
		resp, err := http.Get(base + path)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return 0, err.Error()
		}
		return resp.StatusCode, string(body)
	}
	eventually(t, 10*time.Second, "the admin server is ready", func() bool { status, _ := get("/ready"); return status == http.StatusOK })
	if status, body := get("/live"); status != http.StatusOK {
		t.Errorf("/live: %d %s", status, body)
	}
	eventually(t, 10*time.Second, "a failed refresh of keys shows", func() bool {
		status, body := get("/metrics")
		return status == http.StatusOK && strings.Contains(body, "pgrst_db_pool_max 1") &&
			strings.Contains(body, `postern_jwt_issuer_failures_total{issuer="https://127.0.0.1:1"} `) &&
			!strings.Contains(body, `postern_jwt_issuer_failures_total{issuer="https://127.0.0.1:1"} 0`)
	})
}
