package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// slow gives three rows of 200 kB, two seconds apart.
const slow = `create schema api;
create view api.slow_rows as select n, repeat('x', 200000) as filling, case when n > 1 then pg_sleep(2) end::text as pause from generate_series(1, 3) n;
create table api.note (id int primary key);
grant usage on schema api to page_anon;
grant all on all tables in schema api to page_anon;
grant page_anon to page_login`

// behind is a server with a real proxy in front of it, as frontend.md configures it.
type behind struct {
	url, audit string
	client     *http.Client // which connects from 127.0.0.2: the proxy is 127.0.0.1
}

// TestProxies runs the proxies with the configurations that the page shows, over TCP and a Unix socket.
func TestProxies(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		for _, program := range []string{"nginx", "caddy"} {
			t.Run(program+" "+network, func(t *testing.T) {
				t.Parallel()
				path := find(program)
				if path == "" {
					if os.Getenv("CI") == "true" {
						t.Fatalf("%s is not installed", program)
					}
					t.Skipf("%s is not installed", program)
				}
				b := startBehind(t, program, path, network)
				b.checkFiles(t)
				b.checkAddress(t)
				b.checkClient(t)
				b.checkStreams(t)
			})
		}
	}
}

func find(program string) string {
	for _, name := range []string{program, "/usr/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// startBehind starts server and proxy.
func startBehind(t *testing.T, program, path, network string) *behind {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "postern-proxy-") // a socket's path must be short, and nginx's worker must get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.MkdirAll(filepath.Join(dir, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "app", "index.html"), "<p>home")
	b := &behind{audit: filepath.Join(dir, "audit")}
	upstream := b.serve(t, dir, network)
	port := mdtest.FreePort(t)
	b.url = "http://127.0.0.1:" + port
	shown, ok := block(t, "frontend.md", map[string]string{"nginx": "nginx", "caddy": "caddyfile"}[program])
	if !ok {
		t.Fatalf("frontend.md shows nothing for %s", program)
	}
	if network == "unix" {
		upstream = map[string]string{"nginx": "unix:", "caddy": "unix/"}[program] + upstream
	}
	shown = strings.NewReplacer("127.0.0.1:3000", upstream, "/srv/app", filepath.Join(dir, "app"), "listen 8080", "listen 127.0.0.1:"+port,
		":8080", "http://127.0.0.1:"+port).Replace(shown)
	var cmd *exec.Cmd
	file := filepath.Join(dir, "conf")
	if program == "nginx" {
		write(t, file, "daemon off; worker_processes 1; pid "+dir+"/pid; error_log stderr; events {}\nhttp { access_log off; include /etc/nginx/mime.types;\n"+
			temporary(dir)+shown+"}\n")
		cmd = exec.Command(path, "-p", dir, "-c", file, "-e", "stderr")
	} else {
		write(t, file, "{\n\tadmin off\n\tauto_https off\n}\n"+shown)
		cmd = exec.Command(path, "run", "--adapter", "caddyfile", "--config", file)
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	b.client = &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return b
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", program, output.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen: %s", program, output.String())
		}
	}
}

// serve runs the server and returns its address, or the path of its socket.
func (b *behind) serve(t *testing.T, dir, network string) string {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("page_anon", ""), pgtest.Role("page_login", "login noinherit"), slow)
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI("page_login"), "PGRST_DB_SCHEMAS=api", "PGRST_DB_ANON_ROLE=page_anon", "POSTERN_OPENAPI_UI=true",
		"POSTERN_SERVER_TRUSTED_PROXIES=127.0.0.1, unix", "POSTERN_AUDIT_LOG=" + b.audit, "POSTERN_SERVER_BUFFER_BYTES=0",
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(dir, "postern.sock")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	if network == "unix" {
		if err := os.Chmod(address, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	h := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { _ = h.Close() })
	go func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	return l.Addr().String()
}

// temporary are nginx's folders, which it else makes where only root may.
func temporary(dir string) string {
	var out strings.Builder
	for _, name := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		out.WriteString(name + "_temp_path " + dir + "/" + name + ";\n")
	}
	return out.String()
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// block is the block of a page in a language.
func block(t *testing.T, page, language string) (string, bool) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```"+language+"\n")
	shown, _, closed := strings.Cut(rest, "```")
	return shown, found && closed
}

// get asks the proxy; headers are names and values in turn.
func (b *behind) get(t *testing.T, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// checkFiles looks at the frontend, the API and its page, each at its path.
func (b *behind) checkFiles(t *testing.T) {
	t.Helper()
	for path, want := range map[string]string{
		"/": "<p>home", "/settings": "<p>home", "/api/note": "[]", "/api/docs/": "<!DOCTYPE html>", "/api/docs/docs.js": "// Shows",
	} {
		if r, body := b.get(t, path); r.StatusCode != http.StatusOK || !strings.HasPrefix(body, want) {
			t.Errorf("%s: got %d %.100s, want %s", path, r.StatusCode, body, want)
		}
	}
	r, _ := b.get(t, "/api/", "Accept", "text/html")
	if where, err := r.Location(); err != nil || where.Path != "/api/docs/" {
		t.Errorf("a browser is led with %d to %v, %v", r.StatusCode, where, err)
	}
}

// checkAddress looks at what the description says where the API is.
func (b *behind) checkAddress(t *testing.T) {
	t.Helper()
	_, body := b.get(t, "/api/openapi.json", "X-Forwarded-Prefix", "/evil")
	var document struct{ Servers []struct{ URL string } }
	if err := json.Unmarshal([]byte(body), &document); err != nil || len(document.Servers) != 1 || document.Servers[0].URL != b.url+"/api" {
		t.Errorf("the API is said to be at %+v, want %s/api, error %v", document.Servers, b.url, err)
	}
}

// checkClient looks at whom the audit log names, whatever the client says of itself.
func (b *behind) checkClient(t *testing.T) {
	t.Helper()
	b.get(t, "/api/note?id=eq.1", "X-Forwarded-For", "1.2.3.4", "Forwarded", "for=1.2.3.4", "X-Request-Id", "spoofed")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(b.audit)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, `"request_id":"spoofed"`) {
				continue
			}
			if !strings.Contains(line, `"remote":"127.0.0.2"`) {
				t.Errorf("the audit log says %s", line)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the audit log has\n%s", text)
		}
	}
}

// checkStreams reads the first row of an answer while the database still works on the rest.
func (b *behind) checkStreams(t *testing.T) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/api/slow_rows?select=n,filling,pause", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.CopyN(io.Discard, response.Body, 100_000); err != nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
	first := time.Now()
	rest, err := io.Copy(io.Discard, response.Body)
	if err != nil || rest < 400_000 {
		t.Fatalf("there were %d bytes more, error %v", rest, err)
	}
	if took := time.Since(first); took < time.Second { // the database sleeps for two before the last row
		t.Errorf("the rest came %s after the beginning: the answer was held back", took)
	}
}
