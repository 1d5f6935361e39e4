package main

import (
	"context"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/server/config"
)

// policySource is where the commands on policies look: a database, and what of it the server serves to whom.
type policySource struct {
	DBURI  string   `name:"db-uri" placeholder:"URI" help:"Database. Defaults to db-uri of the configuration, the one the server uses."`
	Config string   `placeholder:"FILE" help:"Configuration file. The environment (PGRST_DB_URI and so on) goes before it."`
	Schema []string `placeholder:"NAME" help:"Exposed schema; may be repeated. Defaults to db-schemas of the configuration."`
	Login  string   `name:"login-role" placeholder:"ROLE" help:"Role that the server logs in as. Defaults to the role of db-uri."`
	Anon   string   `name:"anon-role" placeholder:"ROLE" help:"Role of callers without a token. Defaults to db-anon-role of the configuration."`
}

// load reads the database. Only its catalogs are read, in one read-only transaction.
func (s policySource) load(a *app) (*policy.Database, error) {
	settings, err := config.Load(config.Input{File: s.Config, Environ: a.environ})
	if err != nil {
		return nil, err
	}
	uri := s.DBURI
	if uri == "" {
		uri = string(settings.DBURI)
	}
	cfg := policy.Config{Schemas: s.Schema, Login: s.Login, Anonymous: s.Anon}
	if len(cfg.Schemas) == 0 {
		cfg.Schemas = settings.DBSchemas
	}
	if cfg.Anonymous == "" {
		cfg.Anonymous = settings.DBAnonRole
	}
	conn, err := connect(a.ctx, uri, a.stderr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(a.ctx)) }() // all was read
	return policy.Load(a.ctx, conn, cfg)
}
