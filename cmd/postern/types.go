package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/postern-db/postern/internal/typegen"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
)

type typesCommand struct {
	TypeScript typesTypeScript `cmd:"" name:"typescript" help:"The type Database of supabase-js and postgrest-js."`
	Go         typesGo         `cmd:"" name:"go" help:"Go structs with JSON tags."`
}

// Help is shown by --help.
func (typesCommand) Help() string {
	return "Writes the types of programs that use the API, from the exposed schemas of a database: tables, views, functions, enums, " +
		"composite types and relationships, whatever privileges there are. The order is fixed, so that a file under version " +
		"control changes only when the database did."
}

// Examples are shown by --help.
func (typesCommand) Examples() string {
	return `  postern types typescript --config postern.conf --output database.types.ts
  postern types go --db-uri postgres://authenticator@localhost/app --schema api --package api --output api/database.go
`
}

// typesInput is what both languages are written from.
type typesInput struct {
	Config string   `placeholder:"FILE" help:"Configuration file, for db-uri and db-schemas. The environment goes before it."`
	DBURI  string   `name:"db-uri" placeholder:"URI" help:"Database, in place of the configuration's."`
	Schema []string `placeholder:"NAME" help:"Exposed schema, in place of the configuration's; the first is the default. Repeat it, or use commas."`
	Output string   `placeholder:"FILE" help:"File to write. Defaults to standard output."`
}

type typesTypeScript struct{ typesInput }

// Help is shown by --help.
func (typesTypeScript) Help() string {
	return "Writes a module with the type Database, which createClient and PostgrestClient take, and with the helper types Tables, " +
		"TablesInsert, TablesUpdate, Enums and CompositeTypes. DefaultSchema is the first exposed schema."
}

// Examples are shown by --help.
func (typesTypeScript) Examples() string {
	return "  postern types typescript --config postern.conf --output database.types.ts\n"
}

// Run writes the module.
func (c typesTypeScript) Run(a *app) error {
	in, err := c.read(a)
	if err != nil {
		return err
	}
	return c.write(a, typegen.TypeScript(in))
}

type typesGo struct {
	typesInput
	Package string `default:"database" placeholder:"NAME" help:"Name of the package (default: ${default})."`
}

// Help is shown by --help.
func (typesGo) Help() string {
	return "Writes a struct for the rows of each relation, for what an insert and an update take, and for the arguments of functions. A " +
		"nullable column is a pointer. What may be left out is an Optional: Set(value), Null(), or nothing. It needs Go 1.24."
}

// Examples are shown by --help.
func (typesGo) Examples() string {
	return "  postern types go --config postern.conf --package api --output api/database.go\n"
}

// Run writes the file.
func (c typesGo) Run(a *app) error {
	in, err := c.read(a)
	if err != nil {
		return err
	}
	file, err := typegen.Go(in, c.Package)
	if err != nil {
		return usageError{fmt.Errorf("--package: %w", err)}
	}
	return c.write(a, file)
}

// read reads the catalog.
func (c typesInput) read(a *app) (*schema.Catalog, error) {
	settings, err := config.Load(config.Input{File: c.Config, Environ: a.environ})
	if err != nil {
		return nil, err
	}
	schemas := settings.DBSchemas
	if c.Schema != nil {
		schemas = c.Schema
	}
	conn, err := connect(a.ctx, cmp.Or(c.DBURI, string(settings.DBURI)), a.stderr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(a.ctx) }()
	return introspect.Load(a.ctx, conn, introspect.Config{Schemas: schemas, ExtraSearchPath: settings.DBExtraSearchPath})
}

func (c typesInput) write(a *app, text []byte) error {
	if c.Output == "" {
		_, err := a.stdout.Write(text)
		return err
	}
	return os.WriteFile(c.Output, text, 0o644)
}
