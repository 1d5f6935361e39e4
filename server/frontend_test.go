package server_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// A folder of files beside the API of the library.
func staticDir(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("file "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is answered by whom: an API resource keeps its path, whatever files there are.
func TestFrontendAndAPI(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	all := staticDir(t, "index.html", "app.js", "genres", "genres.html", "openapi.json", "rpc/x", "sub/index.html", "200.html", "docs/index.html")
	bare := staticDir(t, "app.js")
	type want map[string]string // path, with "browser " before it for a browser's Accept, to the beginning of what is answered
	for name, c := range map[string]struct {
		config string
		want   want
	}{
		"beside the API": {
			"server-static-dir = \"" + all + "\"\n",
			want{
				"browser /": "200 file index.html", "/": "200 {\"swagger\"", "/app.js": "200 file app.js", "/genres": "200 [", "browser /genres": "200 <li>",
				"/genres.html": "200 file genres.html", "/openapi.json": "200 {\"openapi\"", "/rpc/x": "404 {", "/sub/": "200 file sub/index.html",
				"/sub": "301 ", "browser /settings": "200 file 200.html", "/settings": "404 {", "/docs/": "200 file docs/index.html",
			},
		},
		"with the API's page": {
			"openapi-ui = true\nserver-static-dir = \"" + all + "\"\n",
			want{"browser /": "200 file index.html", "/docs/": "200 <!DOCTYPE", "/docs": "302 ./docs/", "/docs/none": "404 {", "/app.js": "200 file app.js"},
		},
		"the API's page alone": {
			"openapi-ui = true\n",
			want{"browser /": "302 ./docs/", "/": "200 {\"swagger\"", "/docs": "302 ./docs/", "/docs/": "200 <!DOCTYPE", "browser /none": "404 {"},
		},
		"no index": {
			"openapi-ui = true\nserver-static-dir = \"" + bare + "\"\n",
			want{"browser /": "302 ./docs/", "browser /none": "404 {"},
		},
		"no page without openapi-ui": {"", want{"browser /": "200 {", "/docs/": "404 {", "/docs": "404 {"}},
		"none where the document is off": {
			"openapi-ui = true\nopenapi-mode = \"disabled\"\n", want{"browser /": "404 {", "/docs/": "404 {"},
		},
		"under a base path": {
			"openapi-ui = true\nserver-base-path = \"/api\"\nserver-static-dir = \"" + all + "\"\n",
			want{
				"/": "200 file index.html", "/genres": "200 file genres", "/api/genres": "200 [", "/api/app.js": "404 {", "browser /api": "302 ./api/docs/",
				"browser /api/": "302 ./docs/", "/api/docs": "302 ./docs/", "/api/docs/": "200 <!DOCTYPE", "/none": "404 {", "browser /none": "200 file 200.html",
				"browser /api/none": "404 {", "/rpc/x": "200 file rpc/x",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := newServer(t, db, c.config)
			for path, want := range c.want {
				var headers []string
				asked, browser := strings.CutPrefix(path, "browser ")
				if browser {
					headers = []string{"Accept", browserAccept}
				}
				w := getAs(t, handler, "192.0.2.1:80", asked, headers...)
				got := strings.TrimSpace(strconv.Itoa(w.Code) + " " + w.Header().Get("Location") + w.Body.String())
				if !strings.HasPrefix(got, strings.TrimSpace(want)) {
					t.Errorf("%s: got %.120s, want %s", path, got, want)
				}
				if asked == "/" && !strings.Contains(strings.Join(w.Header()["Vary"], ", "), "Accept") && !strings.Contains(c.config, "base-path") && w.Code != 404 {
					t.Errorf("%s depends on Accept, and Vary is %q", path, w.Header()["Vary"])
				}
			}
		})
	}
}

// Files are read as they are at the moment, with the policy of the moment.
func TestStaticPolicy(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	dir := staticDir(t, "a.html")
	for policy, want := range map[string]string{
		"":                                    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
		"server-static-csp = \"\"\n":          "",
		"server-static-csp = \"img-src *\"\n": "img-src *",
	} {
		handler := newServer(t, db, policy+"server-static-dir = \""+dir+"\"\n")
		w := getAs(t, handler, "192.0.2.1:80", "/a.html")
		if got := w.Header().Get("Content-Security-Policy"); got != want || w.Code != 200 {
			t.Errorf("%s: %d, policy %q, want %q", policy, w.Code, got, want)
		}
	}
}
