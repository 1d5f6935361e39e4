package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

// database is what the commands that look at a database's policies have in common.
type database struct {
	DBURI  string   `name:"db-uri" env:"DATABASE_URL" placeholder:"URI" help:"Database, as the owner of the tables or as a superuser and not as the role the server logs in as. Defaults to the configuration's db-uri, else libpq's PG* variables count."`
	Config string   `placeholder:"FILE" help:"Configuration file of the server. The environment (PGRST_DB_SCHEMAS and so on) goes before it."`
	Schema []string `placeholder:"SCHEMA" help:"Schema that the API exposes. May be repeated. Defaults to the configuration's db-schemas."`
}

// settings are the server's, for a server that only looks.
func (d database) settings(a *app) (*config.Config, error) {
	environ := append(slices.Clone(a.environ), "POSTERN_DB_CHANNEL_ENABLED=false", "POSTERN_AUDIT_LOG=", "POSTERN_DB_POOL=2")
	if d.DBURI != "" {
		environ = append(environ, "POSTERN_DB_URI="+d.DBURI)
	}
	if len(d.Schema) > 0 {
		environ = append(environ, "POSTERN_DB_SCHEMAS="+strings.Join(d.Schema, ","))
	}
	return config.Load(config.Input{File: d.Config, Environ: environ})
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
