package main

import (
	"context"
	"io"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/admin"
)

type schemaCommand struct{ configFile }

// Help is shown by --help.
func (schemaCommand) Help() string {
	return "Reads the database's catalog as the server does and prints it as JSON: relations, relationships, routines, " +
		"representations and media handlers of the exposed schemas. It is for finding out why a request is answered as it is; what " +
		"the objects look like may change with any version. A server that runs shows its own at /schema_cache of the admin server."
}

// Examples are shown by --help.
func (schemaCommand) Examples() string {
	return `  postern schema --config postern.conf
  postern --dump-schema postgrest.conf        as PostgREST has it
`
}

// Run prints the schema cache.
func (c schemaCommand) Run(a *app) error {
	settings, err := c.load(a)
	if err != nil {
		return err
	}
	if settings, err = c.addDatabase(a, settings); err != nil {
		return err
	}
	conn, err := connect(a.ctx, string(settings.DBURI), io.Discard)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(a.ctx)) }()
	catalog, err := server.LoadCatalog(a.ctx, conn, settings)
	if err != nil {
		return err
	}
	return admin.WriteCatalog(a.stdout, catalog)
}
