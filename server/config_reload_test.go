package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// startReloadable serves a database whose configuration the test changes in values.
func startReloadable(t *testing.T, log *logBuffer, values map[string]string) *server.Server {
	t.Helper()
	load := func(map[string]string, *config.Config) (*config.Config, error) {
		var environ []string
		for name, value := range values {
			environ = append(environ, "PGRST_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+value)
		}
		return config.Load(config.Input{Environ: environ})
	}
	settings, err := load(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Settings: settings, Reload: load, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func fetchAs(handler http.Handler, target, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// TestRoleSettingsReload checks that a reload of the configuration takes the settings of roles with it.
func TestRoleSettingsReload(t *testing.T) {
	t.Parallel()
	const guest, login = "settings_guest", "settings_login"
	db := pgtest.New(t, pgtest.Role(guest, ""), pgtest.Role(login, "login noinherit"), "grant "+guest+" to "+login+`;
		create schema a; grant usage on schema a to public;
		create function a.timeout() returns text language sql stable as $$select current_setting('statement_timeout')$$`)
	var log logBuffer
	s := startReloadable(t, &log, map[string]string{"db-uri": db.URI(login), "db-schemas": "a", "db-anon-role": guest})
	for _, timeout := range []string{"7s", "5s"} {
		db.Exec(t, "alter role "+guest+" set statement_timeout = '"+timeout+"'; notify pgrst, 'reload config'")
		eventually(t, 20*time.Second, timeout, func() bool { return fetchAs(s, "/rpc/timeout", "").Body.String() == `"`+timeout+`"` })
	}
}

// TestWarningsAfterReload checks that a value which cannot be used is logged also when a reload brings it.
func TestWarningsAfterReload(t *testing.T) {
	t.Parallel()
	var log logBuffer
	values := map[string]string{
		"db-uri": newLibrary(t).URI(loginRole), "db-schemas": "library", "db-anon-role": "visitor", "db-max-rows": "2", "jwt-role-claim-key": ".a.b",
		"db-config": "false",
	}
	s := startReloadable(t, &log, values)
	if n := strings.Count(log.String(), "deprecated syntax"); n != 1 {
		t.Errorf("a deprecated value is logged %d times at the start:\n%s", n, log.String())
	}
	values["db-max-rows"] = "2o"
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "db-max-rows") || strings.Count(got, "deprecated syntax") != 2 {
		t.Errorf("not all is logged after the reload:\n%s", got)
	}
}

// TestAnonymousRole checks which role anonymous callers may have: the login role if the operator says so, which is logged, but none
// that escapes row-level security.
func TestAnonymousRole(t *testing.T) {
	t.Parallel()
	const login, free = "anonymous_login", "anonymous_free"
	db := pgtest.New(t, pgtest.Role(login, "login noinherit"), pgtest.Role(free, "bypassrls"), "grant "+free+" to "+login+`;
		create schema a; create table a.open (id int); grant usage on schema a to public; grant select on a.open to public`)
	for anonymous, want := range map[string]struct {
		status int
		logged string
	}{
		login: {http.StatusOK, "anybody has all rights of the role that the server logs in as"},
		free:  {http.StatusForbidden, "requests without a token are refused: db-anon-role bypasses row-level security"},
	} {
		var log logBuffer
		s := startReloadable(t, &log, map[string]string{"db-uri": db.URI(login), "db-schemas": "a", "db-anon-role": anonymous, "jwt-secret": secret})
		if w := fetchAs(s, "/open", ""); w.Code != want.status {
			t.Errorf("%s: %d %s", anonymous, w.Code, w.Body)
		}
		if n := strings.Count(log.String(), want.logged); n != 1 {
			t.Errorf("%s: logged %d times %q:\n%s", anonymous, n, want.logged, log.String())
		}
		if anonymous != login {
			if w := fetchAs(s, "/open", token(t, map[string]any{"role": login})); w.Code != http.StatusForbidden {
				t.Errorf("a token for the login role: %d %s", w.Code, w.Body)
			}
		}
	}
}
