package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// getAs sends a request as a peer; headers are names and values in turn.
func getAs(t *testing.T, handler http.Handler, peer, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return sendAs(t, handler, peer, http.MethodGet, path, "", headers...)
}

// sendAs is getAs with another method and a body.
func sendAs(t *testing.T, handler http.Handler, peer, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.RemoteAddr = peer
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// The audit log names the client that a trusted proxy names, and never one that a stranger does.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit")
	handler := newServer(t, newLibrary(t), "audit-log = \""+file+"\"\nserver-trusted-proxies = \"10.0.0.0/8, unix\"\n")
	want := []string{"203.0.113.7", "192.0.2.1", "203.0.113.8", "10.0.0.1"}
	getAs(t, handler, "10.0.0.1:80", "/genres", "X-Forwarded-For", "1.2.3.4, 203.0.113.7, 10.2.2.2")
	getAs(t, handler, "192.0.2.1:80", "/genres", "X-Forwarded-For", "203.0.113.7", "Forwarded", "for=203.0.113.7")
	getAs(t, handler, "@", "/genres", "Forwarded", "for=203.0.113.8")
	getAs(t, handler, "10.0.0.1:80", "/genres")
	var got []string
	for len(got) < len(want) {
		got = nil
		for _, line := range auditLines(t, nil, file) {
			var entry struct{ Remote string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatal(err)
			}
			got = append(got, entry.Remote)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The API's description names the address that the client knows.
func TestPublicAddress(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for name, c := range map[string]struct {
		config, peer, path string
		headers            []string
		swagger, openapi   string
	}{
		"no proxy":          {"", "192.0.2.1:80", "", nil, "http 0.0.0.0:3000 /", "/"},
		"a stranger":        {"", "192.0.2.1:80", "", []string{"X-Forwarded-Host", "evil.test"}, "http 0.0.0.0:3000 /", "/"},
		"a trusted proxy":   {"server-trusted-proxies = \"10.0.0.1\"\n", "10.0.0.1:80", "", []string{"X-Forwarded-Proto", "https", "X-Forwarded-Host", "api.test", "X-Forwarded-Prefix", "/v1"}, "https api.test:443 /v1", "https://api.test/v1"},
		"the parameter won": {"openapi-server-proxy-uri = \"https://known.test/\"\nserver-trusted-proxies = \"10.0.0.1\"\n", "10.0.0.1:80", "", []string{"X-Forwarded-Host", "api.test"}, "https known.test:443 /", "https://known.test/"},
		"a base path":       {"server-base-path = \"/api\"\n", "192.0.2.1:80", "/api", nil, "http 0.0.0.0:3000 /api", "/api"},
		"both":              {"server-base-path = \"/api\"\nserver-trusted-proxies = \"10.0.0.1\"\n", "10.0.0.1:80", "/api", []string{"X-Forwarded-Host", "a.test:8080", "X-Forwarded-Prefix", "/v1"}, "http a.test:8080 /v1/api", "http://a.test:8080/v1/api"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := newServer(t, db, c.config)
			var swagger struct {
				Schemes        []string
				Host, BasePath string
			}
			w := getAs(t, handler, c.peer, c.path+"/", c.headers...)
			if err := json.Unmarshal(w.Body.Bytes(), &swagger); err != nil {
				t.Fatalf("%d %s: %v", w.Code, w.Body, err)
			}
			if got := swagger.Schemes[0] + " " + swagger.Host + " " + swagger.BasePath; got != c.swagger {
				t.Errorf("Swagger: got %s, want %s", got, c.swagger)
			}
			var openapi struct{ Servers []struct{ URL string } }
			w = getAs(t, handler, c.peer, c.path+"/openapi.json", c.headers...)
			if err := json.Unmarshal(w.Body.Bytes(), &openapi); err != nil {
				t.Fatalf("%d %s: %v", w.Code, w.Body, err)
			}
			if got := openapi.Servers[0].URL; got != c.openapi {
				t.Errorf("OpenAPI: got %s, want %s", got, c.openapi)
			}
		})
	}
}

// What is written and read is where Location and Content-Location say, as the client knows it.
func TestLocationPrefix(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	for name, c := range map[string]struct {
		config, peer, forwarded string
		inside, want            string // the path of the API at the server and at the client
		id                      string
	}{
		"no prefix":       {"openapi-server-proxy-uri = \"https://known.test/v1\"\n", "192.0.2.1:80", "", "", "", "901"},
		"a stranger":      {"server-trusted-proxies = \"10.0.0.1\"\n", "192.0.2.1:80", "/evil", "", "", "902"},
		"a base path":     {"server-base-path = \"/api\"\n", "192.0.2.1:80", "", "/api", "/api", "903"},
		"a trusted proxy": {"server-trusted-proxies = \"10.0.0.1\"\n", "10.0.0.1:80", "/v1", "", "/v1", "904"},
		"both":            {"server-base-path = \"/api\"\nserver-trusted-proxies = \"10.0.0.1\"\n", "10.0.0.1:80", "/v1", "/api", "/v1/api", "905"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := newServer(t, db, c.config)
			headers := []string{
				"Authorization", "Bearer " + token(t, map[string]any{"role": "librarian"}), "X-Forwarded-Prefix", c.forwarded,
				"Prefer", "return=headers-only", "Content-Type", "application/json",
			}
			genre := `{"id": ` + c.id + `, "name": "Location ` + name + `"}`
			want := c.want + "/genres?id=eq." + c.id
			w := sendAs(t, handler, c.peer, http.MethodPost, c.inside+"/genres", genre, headers...)
			if got := w.Header().Get("Location"); w.Code != http.StatusCreated || got != want {
				t.Errorf("POST: got %d %s, Location %q, want %s", w.Code, w.Body, got, want)
			}
			w = getAs(t, handler, c.peer, c.inside+"/genres?id=eq."+c.id, headers[:4]...)
			if got := w.Header().Get("Content-Location"); got != want || !strings.Contains(w.Body.String(), "Location "+name) {
				t.Errorf("GET: got %d %s, Content-Location %q, want %s", w.Code, w.Body, got, want)
			}
		})
	}
}

// With a base path the API is there and nowhere else.
func TestBasePath(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	handler := newServer(t, newLibrary(t), "server-base-path = \"/v1/api\"\n")
	for path, status := range map[string]int{
		"/v1/api": 200, "/v1/api/": 200, "/v1/api/genres": 200, "/v1/api/genres?limit=1": 200, "/v1/api/rpc/shelves": 404,
		"/": 404, "/genres": 404, "/v1": 404, "/v1/apigenres": 404, "/v1/api2/genres": 404, "/v1%2Fapi/genres": 404,
		"/v1/api/%67enres": 200, "/v1/api/v1/api/genres": 404, "//v1/api/genres": 404, "/V1/api/genres": 404,
		"/v1/api/../../genres": 404,
	} {
		if w := getAs(t, handler, "192.0.2.1:80", path); w.Code != status {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, status)
		}
	}
	w := getAs(t, handler, "192.0.2.1:80", "/genres")
	if want := `{"code":"PGRST125","details":null,"hint":"The API is under /v1/api","message":"Invalid path specified in request URL"}`; w.Body.String() != want {
		t.Errorf("got %s", w.Body)
	}
}
