package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	swaggerMedia = "application/openapi+json; charset=utf-8"
	openAPIMedia = "application/openapi+json;version=3.1; charset=utf-8"
)

// ask sends a GET without a token.
func ask(handler http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// TestDescribeNegotiation checks which document answers what is accepted.
func TestDescribeNegotiation(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	for _, c := range []struct {
		target, accept string
		status         int
		media          string
	}{
		{"/", "", 200, swaggerMedia},
		{"/", "*/*", 200, swaggerMedia},
		{"/", "application/json", 200, swaggerMedia},
		{"/", "application/openapi+json", 200, swaggerMedia},
		{"/", "application/openapi+json;version=2.0", 200, swaggerMedia},
		{"/", "application/openapi+json;version=31", 200, swaggerMedia},
		{"/", "application/openapi+json;version=3.1", 200, openAPIMedia},
		{"/", `application/openapi+json; Version="3.1"`, 200, openAPIMedia},
		{"/", "application/openapi+json; version=3.1.1", 200, openAPIMedia},
		{"/", "text/html, application/openapi+json;version=3.1;q=0.9", 200, openAPIMedia},
		{"/", "text/csv", 406, ""},
		{"/genres", "application/openapi+json", 406, ""},
		{"/openapi.json", "", 200, openAPIMedia},
		{"/openapi.json", "application/json", 200, openAPIMedia},
		{"/openapi.json", "text/csv", 406, ""},
		{"/openapi.json?x=1", "", 200, openAPIMedia}, // keeps a cache off
		{"/openapi.json?select=(&id=%ff", "", 200, openAPIMedia},
		{"/?x=1", "", 400, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			var headers []string
			if c.accept != "" {
				headers = []string{"Accept", c.accept}
			}
			w := ask(handler, method, c.target, headers...)
			if w.Code != c.status || c.media != "" && w.Header().Get("Content-Type") != c.media {
				t.Errorf("%s %s Accept: %s: got %d %s", method, c.target, c.accept, w.Code, w.Header().Get("Content-Type"))
			}
			if method == http.MethodHead && w.Body.Len() > 0 {
				t.Errorf("HEAD %s has a body", c.target)
			}
			if want := map[string]string{swaggerMedia: `{"swagger":"2.0"`, openAPIMedia: `{"openapi":"3.1.0"`}[c.media]; method == http.MethodGet &&
				!strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s Accept: %s: got %.40s", c.target, c.accept, w.Body)
			}
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
		for _, target := range []string{"/", "/openapi.json"} {
			if w := ask(handler, method, target); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: got %d %s", method, target, w.Code, w.Body)
			}
		}
	}
}

// TestDescribeETag checks that a document is sent once, and anew when who asks, what is asked for or the database changes.
func TestDescribeETag(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	handler := newServer(t, db, "")
	librarian := "Bearer " + token(t, map[string]any{"role": "librarian"})
	seen := map[string]string{}
	for _, c := range []struct {
		target  string
		headers []string
	}{
		{"/", nil},
		{"/", []string{"Authorization", librarian}},
		{"/", []string{"Accept-Profile", "archive"}},
		{"/openapi.json", nil},
		{"/openapi.json", []string{"Authorization", librarian}},
		{"/openapi.json", []string{"Accept-Profile", "archive"}},
	} {
		// A reload, as there is one when the server has begun to listen, changes all tags.
		eventually(t, 10*time.Second, "a tag that stays", func() bool {
			w := ask(handler, http.MethodGet, c.target, c.headers...)
			etag := w.Header().Get("ETag")
			if w.Code != http.StatusOK || len(etag) < 12 || etag[0] != '"' {
				t.Fatalf("%s %v: got %d %v", c.target, c.headers, w.Code, w.Header())
			}
			for given, status := range map[string]int{
				etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, "*": 304, `"x"`: 200, strings.Trim(etag, `"`): 200,
			} {
				got := ask(handler, http.MethodGet, c.target, append(slices.Clone(c.headers), "If-None-Match", given)...)
				if got.Header().Get("ETag") != etag {
					return false
				}
				if got.Code != status || status == 304 && got.Body.Len() > 0 {
					t.Errorf("%s %v If-None-Match: %s: got %d", c.target, c.headers, given, got.Code)
				}
			}
			if other, ok := seen[etag]; ok {
				t.Errorf("%s %v has the tag of %s", c.target, c.headers, other)
			}
			seen[etag] = c.target + strings.Join(c.headers, " ")
			return true
		})
	}

	w := ask(handler, http.MethodGet, "/openapi.json")
	before := w.Header().Get("ETag")
	db.Exec(t, "revoke select on library.genres from visitor")
	if w := ask(handler, http.MethodGet, "/openapi.json"); strings.Contains(w.Body.String(), `"/genres"`) {
		t.Error("after a REVOKE the document still shows the relation")
	}
	eventually(t, 30*time.Second, "the document after a REVOKE", func() bool { // PostgreSQL counts changes with a delay
		return ask(handler, http.MethodGet, "/openapi.json", "If-None-Match", before).Code == http.StatusOK
	})
	before = ask(handler, http.MethodGet, "/").Header().Get("ETag")
	db.Exec(t, "alter table library.books add shelf text")
	handler.ReloadSchema()
	eventually(t, 10*time.Second, "the new column", func() bool {
		w := ask(handler, http.MethodGet, "/", "If-None-Match", before)
		return w.Code == http.StatusOK && strings.Contains(w.Body.String(), `"rowFilter.books.shelf"`)
	})
}

// TestDescribeAccess checks over HTTP that each caller is shown what it may use, and no more, and that what it is shown is a
// valid document.
func TestDescribeAccess(t *testing.T) {
	t.Parallel()
	handler := newServer(t, newLibrary(t), "")
	as := func(role string) []string {
		if role == "" {
			return nil
		}
		return []string{"Authorization", "Bearer " + token(t, map[string]any{"role": role})}
	}
	for _, c := range []struct {
		role         string
		shown, never []string
	}{
		{"", []string{"/books get", "/genres get", "/cards get"}, []string{"/notes", "/rooms", "/books post", "/books delete", "/reservations post"}},
		{"member", []string{"/notes get", "/notes post", "/rooms post"}, []string{"/books post", "/rooms delete"}},
		{"librarian", []string{"/books get", "/books post", "/books patch", "/books delete", "/rpc/patient post"}, nil},
		{"auditor", []string{"/reservations post"}, []string{"/books", "/notes", "/reservations get"}},
	} {
		w := ask(handler, http.MethodGet, "/openapi.json", as(c.role)...)
		doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
		if err != nil {
			t.Fatalf("%q: %v", c.role, err)
		}
		if err := doc.Validate(t.Context()); err != nil {
			t.Errorf("%q: %v", c.role, err)
		}
		var swagger struct {
			Paths map[string]map[string]json.RawMessage
		}
		if err := json.Unmarshal(ask(handler, http.MethodGet, "/", as(c.role)...).Body.Bytes(), &swagger); err != nil {
			t.Fatal(err)
		}
		has := func(what string) (inSwagger, inOpenAPI bool) {
			path, method, ofMethod := strings.Cut(what, " ")
			_, inSwagger = swagger.Paths[path]
			item := doc.Paths.Value(path)
			return inSwagger, item != nil && (!ofMethod || item.GetOperation(strings.ToUpper(method)) != nil)
		}
		for _, what := range c.shown {
			if inSwagger, inOpenAPI := has(what); !inSwagger || !inOpenAPI {
				t.Errorf("%q is not shown %s: %v %v", c.role, what, inSwagger, inOpenAPI)
			}
		}
		for _, what := range c.never {
			inSwagger, inOpenAPI := has(what)
			if inOpenAPI || inSwagger && !strings.Contains(what, " ") {
				t.Errorf("%q is shown %s", c.role, what)
			}
		}
		if strings.Contains(w.Body.String(), "private.") {
			t.Errorf("%q is shown names of a schema that is not exposed", c.role)
		}
	}
	for target, want := range map[string]string{"/": "", "/openapi.json": "private, no-cache"} { // PostgREST sends none
		w := ask(handler, http.MethodGet, target)
		if got := w.Header().Get("Cache-Control"); got != want || !strings.Contains(w.Header().Get("Vary"), "Authorization") {
			t.Errorf("%s: Cache-Control: %s, Vary: %s", target, got, w.Header().Get("Vary"))
		}
	}
	if body := ask(handler, http.MethodGet, "/openapi.json").Body.String(); strings.Contains(body, `"pin"`) || strings.Contains(body, "cards.pin") {
		t.Error("a column that may not be read is shown")
	}
}

// TestDescribeModes checks openapi-mode, db-root-spec and callers that are not admitted.
func TestDescribeModes(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	all := newServer(t, db, "openapi-mode = \"ignore-privileges\"\nopenapi-security-active = true\nopenapi-server-proxy-uri = \"https://example.com/v1\"\n")
	for target, parts := range map[string][]string{
		"/": {
			`"/notes"`, `"pin"`, `"host":"example.com:443","basePath":"/v1","schemes":["https"]`,
			`"securityDefinitions":{"JWT":{"type":"apiKey"`,
		},
		"/openapi.json": {`"/notes"`, `"pin"`, `"servers":[{"url":"https://example.com/v1"}]`},
	} {
		w := ask(all, http.MethodGet, target)
		for _, part := range parts {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), part) {
				t.Errorf("ignore-privileges: %s lacks %s: %d", target, part, w.Code)
			}
		}
	}
	none := newServer(t, db, "openapi-mode = \"disabled\"\n")
	for _, target := range []string{"/", "/openapi.json"} {
		if w := ask(none, http.MethodGet, target); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "PGRST126") {
			t.Errorf("disabled: %s: got %d %s", target, w.Code, w.Body)
		}
	}
	db.Exec(t, `create domain library."application/openapi+json" as json;
		create function library.api_root() returns library."application/openapi+json" language sql stable as
			$$ select '{"swagger": "2.0"}'::library."application/openapi+json" $$;
		create function library.plain_root() returns json language sql stable as $$ select '{"swagger": "2.0"}'::json $$`)
	root := newServer(t, db, "db-root-spec = \"api_root\"\n")
	plain := newServer(t, db, "db-root-spec = \"library.plain_root\"\n")
	for _, c := range []struct {
		handler       http.Handler
		accept, media string
	}{
		{root, "application/openapi+json", swaggerMedia},
		{root, "application/json", "application/json; charset=utf-8"},
		{plain, "application/json", "application/json; charset=utf-8"},
		{plain, "*/*", "application/json; charset=utf-8"},
	} {
		w := ask(c.handler, http.MethodGet, "/", "Accept", c.accept)
		if w.Body.String() != `{"swagger": "2.0"}` || w.Header().Get("Content-Type") != c.media {
			t.Errorf("db-root-spec, Accept: %s: got %d %s %s", c.accept, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
	}
	if w := ask(root, http.MethodGet, "/openapi.json"); w.Header().Get("Content-Type") != openAPIMedia {
		t.Errorf("db-root-spec, /openapi.json: got %d %s", w.Code, w.Header())
	}
	closed := newServer(t, db, "db-anon-role = \"\"\n")
	for _, target := range []string{"/", "/openapi.json"} {
		if w := ask(closed, http.MethodGet, target); w.Code != http.StatusUnauthorized {
			t.Errorf("without db-anon-role: %s: got %d %s", target, w.Code, w.Body)
		}
	}
}
