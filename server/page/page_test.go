package page_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/postern-db/postern/server/page"
)

// ask sends a request to the page of the API; headers are names and values in turn.
func ask(t *testing.T, serve func(http.ResponseWriter, *http.Request) bool, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	if !serve(w, r) {
		if w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s %s: not served, but written to: %v %s", method, path, w.Header(), w.Body)
		}
		return nil, ""
	}
	return w.Result(), w.Body.String()
}

func docs(w http.ResponseWriter, r *http.Request) bool { return page.Docs(w, r, []string{"api", "v2"}) }

// What is embedded can be had with and without gzip, and is not sent again to who has it.
func TestDocsAssets(t *testing.T) {
	t.Parallel()
	for path, kind := range map[string]string{
		"/docs/": "text/html; charset=utf-8", "/docs/docs.js": "text/javascript; charset=utf-8", "/docs/docs.css": "text/css; charset=utf-8",
		"/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8", "/docs/swagger-ui.css": "text/css; charset=utf-8",
		"/docs/icon.svg": "image/svg+xml", "/docs/schemas.json": "application/json",
	} {
		plain, body := ask(t, docs, "GET", path)
		if plain == nil || plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != kind || plain.Header.Get("Content-Encoding") != "" {
			t.Fatalf("%s: %+v", path, plain)
		}
		if policy := plain.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %s", path, policy)
		}
		zipped, bytes := ask(t, docs, "GET", path, "Accept-Encoding", "br, gzip;q=0.8")
		if zipped.Header.Get("Content-Encoding") == "gzip" {
			zr, err := gzip.NewReader(strings.NewReader(bytes))
			if err != nil {
				t.Fatal(err)
			}
			unzipped, err := io.ReadAll(zr)
			if err != nil || string(unzipped) != body {
				t.Errorf("%s: the two representations differ, error %v", path, err)
			}
			if zipped.Header.Get("Etag") == plain.Header.Get("Etag") {
				t.Errorf("%s: two representations have one tag", path)
			}
		}
		for _, r := range []*http.Response{plain, zipped} {
			again, body := ask(t, docs, "GET", path, "Accept-Encoding", r.Header.Get("Content-Encoding"), "If-None-Match", r.Header.Get("Etag"))
			if again.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("%s: %d with the tag %s", path, again.StatusCode, r.Header.Get("Etag"))
			}
		}
		if head, body := ask(t, docs, "HEAD", path); head.StatusCode != http.StatusOK || body != "" {
			t.Errorf("HEAD %s: %d", path, head.StatusCode)
		}
	}
	for _, c := range [][2]string{{"POST", "/docs/"}, {"GET", "/docs/none"}, {"GET", "/docs/index.html"}, {"GET", "/docs/../docs.go"}} {
		if r, _ := ask(t, docs, c[0], c[1]); r != nil {
			t.Errorf("%s %s is served: %d", c[0], c[1], r.StatusCode)
		}
	}
	if _, body := ask(t, docs, "GET", "/docs/schemas.json"); body != `["api","v2"]` {
		t.Errorf("the schemas are %s", body)
	}
	if r, _ := ask(t, docs, "GET", "/docs/swagger-ui.css", "Accept-Encoding", "gzip;q=0"); r.Header.Get("Content-Encoding") != "" {
		t.Error("gzip is sent to who refuses it")
	}
}

// frontend makes a folder with what must and what must not be served.
func frontend(t *testing.T) page.Files {
	t.Helper()
	outside, dir := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		"index.html": "<p>home", "app.js": "go()", "data.json": "{}", "assets/font.woff2": "f", "sub/index.html": "<p>sub", "empty/x": "",
		".env": "secret", ".git/config": "secret", "assets/.hidden": "secret", ".well-known/security.txt": "Contact", "no-extension": "<script>",
		"a b.txt": "spaced", "ünï.txt": "utf-8",
	} {
		write(t, filepath.Join(dir, name), content)
	}
	write(t, filepath.Join(outside, "secret.txt"), "secret")
	for link, target := range map[string]string{"out.txt": filepath.Join(outside, "secret.txt"), "outdir": outside, "in.js": "app.js", "up.txt": "../" + filepath.Base(outside) + "/secret.txt"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return page.Files{FS: root.FS(), Policy: "default-src 'self'"}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	files := frontend(t)
	for path, want := range map[string]string{
		"/": "<p>home", "/index.html": "<p>home", "/app.js": "go()", "/assets/font.woff2": "f", "/sub/": "<p>sub", "/in.js": "go()",
		"/.well-known/security.txt": "Contact", "/no-extension": "<script>", "/a%20b.txt": "spaced", "/%C3%BCn%C3%AF.txt": "utf-8", "/empty/x": "",
		"/sub": "",
	} {
		r, body := ask(t, files.Serve, "GET", path)
		if r == nil || body != want {
			t.Errorf("%s: got %v %q, want %q", path, r, body, want)
			continue
		}
		if path == "/sub" {
			if r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != "./sub/" {
				t.Errorf("%s leads with %d to %q", path, r.StatusCode, r.Header.Get("Location"))
			}
			continue
		}
		if r.Header.Get("Etag") == "" || r.Header.Get("Last-Modified") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" ||
			r.Header.Get("Content-Security-Policy") != files.Policy {
			t.Errorf("%s: %v", path, r.Header)
		}
		if again, _ := ask(t, files.Serve, "GET", path, "If-None-Match", r.Header.Get("Etag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s is sent again: %d", path, again.StatusCode)
		}
	}
	if r, _ := ask(t, files.Serve, "GET", "/no-extension"); r.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a file without an extension is %s", r.Header.Get("Content-Type"))
	}
	if r, body := ask(t, files.Serve, "GET", "/app.js", "Range", "bytes=0-1"); r.StatusCode != http.StatusPartialContent || body != "go" {
		t.Errorf("a range is %d %q", r.StatusCode, body)
	}
}

// Nothing outside the folder, nothing hidden, and nothing that is no file.
func TestFilesNotServed(t *testing.T) {
	t.Parallel()
	files := frontend(t)
	for _, path := range []string{
		"/.env", "/.git/config", "/.git/", "/assets/.hidden", "/out.txt", "/outdir/secret.txt", "/up.txt", "/pipe", "/none", "/empty/", "/empty",
		"/assets/", "/../secret.txt", "/..%2fsecret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/app.js/", "/a%5C..%5Cb",
		"/app.js%00", "/./app.js", "//app.js", "/sub//index.html", "/index.html/", "/.well-known/../.env", "/.", "/..",
	} {
		if r, body := ask(t, files.Serve, "GET", path); r != nil {
			t.Errorf("%s is served: %d %q", path, r.StatusCode, body)
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if r, _ := ask(t, files.Serve, method, "/app.js"); r != nil {
			t.Errorf("%s is served: %d", method, r.StatusCode)
		}
	}
}

// Embedded files have no time; their tag comes from the content.
func TestFilesEmbedded(t *testing.T) {
	t.Parallel()
	tag := func(content string) string {
		r, body := ask(t, page.Files{FS: fstest.MapFS{"x.css": {Data: []byte(content)}}}.Serve, "GET", "/x.css")
		if body != content || r.Header.Get("Last-Modified") != "" {
			t.Errorf("got %q, %v", body, r.Header)
		}
		return r.Header.Get("Etag")
	}
	if first, again := tag("a"), tag("a"); first != again || first == tag("b") {
		t.Error("the tag does not follow the content")
	}
}

// A frontend that routes by itself gets its page for any path, if it wants so, and only when a browser opens it.
func TestFilesFallback(t *testing.T) {
	t.Parallel()
	files := page.Files{FS: fstest.MapFS{"200.html": {Data: []byte("<p>app")}}}
	if r, body := ask(t, files.ServeFallback, "GET", "/settings/1", "Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"); r == nil || body != "<p>app" {
		t.Errorf("a browser gets %v %q", r, body)
	}
	for _, accept := range []string{"", "*/*", "application/json", "text/html;q=0", "text/*"} {
		if r, _ := ask(t, files.ServeFallback, "GET", "/settings", "Accept", accept); r != nil {
			t.Errorf("%q gets a page", accept)
		}
	}
	if r, _ := ask(t, page.Files{FS: fstest.MapFS{}}.ServeFallback, "GET", "/x", "Accept", "text/html"); r != nil {
		t.Error("there is no fallback, and it is served")
	}
}
