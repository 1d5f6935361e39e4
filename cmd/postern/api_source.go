package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

// ownerSettings are the settings of a server that only looks, as the owner of what it looks at: DATABASE_URL, which the migrations
// use, goes before db-uri of the configuration.
func (s apiSource) ownerSettings(a *app) (*config.Config, error) {
	for _, variable := range a.environ {
		if uri, ok := strings.CutPrefix(variable, "DATABASE_URL="); ok && s.DBURI == "" {
			s.DBURI = uri
		}
	}
	return s.settings(a, "POSTERN_DB_CHANNEL_ENABLED=false", "POSTERN_AUDIT_LOG=", "POSTERN_DB_POOL=2")
}

// serveAs makes a server whose callers are those that identify finds.
func serveAs(a *app, settings *config.Config, identify func(*http.Request) (auth.Caller, error)) (*server.Server, error) {
	return server.New(a.ctx, server.Config{
		Settings: settings, Authenticate: identify, Logger: slog.New(slog.DiscardHandler),
	})
}

// callerOf is who makes a request as a role with claims, a JSON object that may be empty.
func callerOf(role, claims string) (auth.Caller, error) {
	object := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(cmp.Or(claims, "{}")), &object); err != nil || object == nil {
		return auth.Caller{}, fmt.Errorf("the claims %q are no JSON object", claims)
	}
	if _, ok := object["role"]; !ok {
		name, err := json.Marshal(role)
		if err != nil {
			return auth.Caller{}, err
		}
		object["role"] = name
	}
	text, err := json.Marshal(object)
	return auth.Caller{Role: role, Claims: string(text)}, err
}
