package server_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/postern-db/postern/server"
)

// TestMounts checks that the API is whole under a prefix of other routers: the root, names that need escaping, functions, queries,
// and the addresses that it tells.
func TestMounts(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, `create table library."a/b %2F é" (id int); insert into library."a/b %2F é" values (7); grant select on library."a/b %2F é" to visitor`)
	start := func(base string) http.Handler {
		s, err := server.New(t.Context(), server.Config{
			Settings: librarySettings(t, db.URI(loginRole), map[string]string{"server-base-path": base}), Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	based, bare := start("/api"), start("")
	mux, stripped, nested := http.NewServeMux(), http.NewServeMux(), http.NewServeMux()
	mux.Handle("/api/", based)
	stripped.Handle("/api/", http.StripPrefix("/api", bare))
	nested.Handle("/", based)
	router := chi.NewRouter()
	router.Mount("/api", based)
	e := echo.New()
	e.Any("/api", echo.WrapHandler(based))
	e.Any("/api/*", echo.WrapHandler(based))
	group := echo.New()
	group.Group("/api").Any("/*", echo.WrapHandler(http.StripPrefix("/api", bare)))
	for name, h := range map[string]http.Handler{
		"net/http": mux, "StripPrefix": stripped, "all paths": nested, "chi": router, "echo": e, "echo group": group,
	} {
		for target, want := range map[string]string{
			"/api/genres?id=eq.1&select=id":         `[{"id":1}]`,
			"/api/a%2Fb%20%252F%20%C3%A9":           `[{"id":7}]`,
			"/api/rpc/add?a=1&b=2":                  `3`,
			"/api/":                                 `{"swagger":"2.0"`,
			"/api/openapi.json":                     `{"openapi":"3.1.0"`,
			"/api/genres?select=id&id=in.(%222%22)": `[{"id":2}]`,
		} {
			if w := ask(h, http.MethodGet, target); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), want) {
				t.Errorf("%s: GET %s: got %d %.200s", name, target, w.Code, w.Body)
			}
		}
		if w := ask(h, http.MethodGet, "/elsewhere"); w.Code != http.StatusNotFound {
			t.Errorf("%s: GET /elsewhere: got %d %s", name, w.Code, w.Body)
		}
	}
	if body := ask(mux, http.MethodGet, "/api/openapi.json").Body.String(); !strings.Contains(body, `"servers":[{"url":"/api"}]`) {
		t.Errorf("the description does not have the address: %.300s", body)
	}
}
