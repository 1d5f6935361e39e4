package main

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/server/config"
)

// apiSource is where the commands on policies look: a database, and what of it the server serves.
type apiSource struct {
	DBURI  string   `name:"db-uri" placeholder:"URI" help:"Database. Defaults to db-uri of the configuration, the one the server uses."`
	Config string   `placeholder:"FILE" help:"Configuration file. The environment (PGRST_DB_URI and so on) goes before it."`
	Schema []string `placeholder:"NAME" help:"Exposed schema; may be repeated. Defaults to db-schemas of the configuration."`
	Anon   string   `name:"anon-role" placeholder:"ROLE" help:"Role of callers without a token. Defaults to db-anon-role of the configuration."`
}

// failureStatus keeps the status of a command that could not do its work apart from that of one that found something.
func (apiSource) failureStatus() int { return exitUnable }

// statuses is the sentence on it in the help of the commands.
const statuses = "2 for a mistake on the command line, and 3 if the command could not do its work: no database, no such schema, a file that cannot be read."

// settings are those of the configuration with what the command line says in their place.
func (s apiSource) settings(a *app, more ...string) (*config.Config, error) {
	environ := append(slices.Clone(a.environ), more...)
	for name, value := range map[string]string{"DB_URI": s.DBURI, "DB_SCHEMAS": strings.Join(s.Schema, ","), "DB_ANON_ROLE": s.Anon} {
		if value != "" {
			environ = append(environ, "POSTERN_"+name+"="+value)
		}
	}
	return config.Load(config.Input{File: s.Config, Environ: environ})
}

// policySource is where the commands look that judge policies by the catalogs alone.
type policySource struct {
	apiSource
	Login string `name:"login-role" placeholder:"ROLE" help:"Role that the server logs in as. Defaults to the role of db-uri."`
}

// load reads the database. Only its catalogs are read, in one read-only transaction.
func (s policySource) load(a *app) (*policy.Database, error) {
	settings, err := s.settings(a)
	if err != nil {
		return nil, err
	}
	conn, err := connect(a.ctx, string(settings.DBURI), a.stderr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(a.ctx)) }() // all was read
	return policy.Load(a.ctx, conn, policy.Config{
		Schemas: settings.DBSchemas, Login: s.Login, Anonymous: settings.DBAnonRole, PreConfig: settings.DBPreConfig.String(),
	})
}
