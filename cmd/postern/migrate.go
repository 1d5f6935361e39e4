package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/policypattern"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply the migrations that are pending."`
	Down   migrateDown   `cmd:"" help:"Undo the last migration, or several."`
	Status migrateStatus `cmd:"" help:"List the migrations, applied and pending."`
	New    migrateNew    `cmd:"" help:"Write the next migration's file."`
}

// Help is shown by --help.
func (migrateCommand) Help() string {
	return "Migrations are SQL files called 001_name.sql, 002_name.sql and so on, in tern's format: what comes above the line " +
		"\"---- create above / drop below ----\" is the way up, what comes below it the way down. Each runs in a " +
		"transaction of its own. The number of the last one is kept in " + versionTable + "."
}

// Examples are shown by --help.
func (migrateCommand) Examples() string {
	return `  postern migrate new "add chat"
  postern migrate status --db-uri postgres://owner@localhost/app
  postern migrate up     --db-uri postgres://owner@localhost/app
  postern migrate down   --db-uri postgres://owner@localhost/app --to 0
`
}

// migrations is what the commands on a database have in common.
type migrations struct {
	Dir   string `default:"migrations" placeholder:"DIR" help:"Folder of the migrations (default: ${default})."`
	DBURI string `name:"db-uri" env:"DATABASE_URL" placeholder:"URI" help:"Database, as the owner of what the migrations make and not as the role the server logs in as. Without it libpq's PG* variables count."`
}

type migrateUp struct {
	migrations
	To *int32 `placeholder:"N" help:"Version to stop at. Defaults to the last."`
}

// Help is shown by --help.
func (migrateUp) Help() string {
	return "Applies the migrations that are pending, in their order, each in its own transaction. When one fails, the message " +
		"names its file, line and column and PostgreSQL's error code, and the database stays as the one before it left it."
}

// Examples are shown by --help.
func (migrateUp) Examples() string {
	return "  postern migrate up --db-uri postgres://owner@localhost/app\n  DATABASE_URL=postgres://owner@localhost/app postern migrate up --to 3\n"
}

// Run applies the migrations.
func (c migrateUp) Run(a *app) error {
	return c.with(a, func(m *migrator, at int32) error {
		target := m.last()
		if c.To != nil {
			target = *c.To
		}
		if target < at || target > m.last() {
			return fmt.Errorf("cannot go up to version %d: the database is at version %d and the last is %d", target, at, m.last())
		}
		return m.to(a.ctx, target)
	})
}

type migrateDown struct {
	migrations
	To *int32 `placeholder:"N" help:"Version to go back to; 0 undoes all. Defaults to one less than now."`
}

// Help is shown by --help.
func (migrateDown) Help() string {
	return "Undoes migrations, the last first, each in its own transaction: one, or with --to as many as it takes. What they " +
		"remove is gone. A migration without a way down stops it."
}

// Examples are shown by --help.
func (migrateDown) Examples() string {
	return "  postern migrate down --db-uri postgres://owner@localhost/app\n  postern migrate down --db-uri postgres://owner@localhost/app --to 0\n"
}

// Run undoes migrations.
func (c migrateDown) Run(a *app) error {
	return c.with(a, func(m *migrator, at int32) error {
		target := max(at-1, 0)
		if c.To != nil {
			target = *c.To
		}
		if target < 0 || target > at {
			return fmt.Errorf("cannot go down to version %d: the database is at version %d", target, at)
		}
		return m.to(a.ctx, target)
	})
}

// with connects, runs do at the version the database is at, and tells the one it is at afterwards.
func (c migrations) with(a *app, do func(m *migrator, at int32) error) (err error) {
	files, err := c.open()
	if err != nil {
		return err
	}
	// The files first: a folder that is wrong should not make a table in the database.
	if _, err := newMigrator(a.ctx, nil, files, c.Dir, nil); err != nil {
		return err
	}
	conn, err := connect(a.ctx, c.DBURI, a.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(a.ctx))) }()
	m, err := newMigrator(a.ctx, conn, files, c.Dir, func(direction, name string) {
		_, _ = fmt.Fprintf(a.stdout, "%-4s %s\n", direction, name)
	})
	if err != nil {
		return err
	}
	at, err := m.version(a.ctx)
	if err != nil {
		return err
	}
	if err := do(m, at); err != nil {
		return err
	}
	if at, err = m.version(a.ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "version %d of %d\n", at, m.last())
	return err
}

// open opens the folder of migrations.
func (c migrations) open() (fs.FS, error) {
	info, err := os.Stat(c.Dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", c.Dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the folder of migrations: %w", err)
	}
	return os.DirFS(c.Dir), nil
}

type migrateStatus struct {
	migrations
}

// Help is shown by --help.
func (migrateStatus) Help() string {
	return "Lists the migrations of the folder, each as applied or pending. It changes nothing in the database."
}

// Examples are shown by --help.
func (migrateStatus) Examples() string {
	return "  postern migrate status --db-uri postgres://owner@localhost/app --dir db/migrations\n"
}

// Run lists the migrations.
func (c migrateStatus) Run(a *app) (err error) {
	files, err := c.open()
	if err != nil {
		return err
	}
	m, err := newMigrator(a.ctx, nil, files, c.Dir, nil)
	if err != nil {
		return err
	}
	conn, err := connect(a.ctx, c.DBURI, a.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(a.ctx))) }()
	at, err := versionOf(a.ctx, conn)
	if err != nil {
		return err
	}
	for _, migration := range m.tern.Migrations {
		state := "pending"
		if migration.Sequence <= at {
			state = "applied"
		}
		if _, err := fmt.Fprintf(a.stdout, "%s  %s\n", state, migration.Name); err != nil {
			return err
		}
	}
	if at > m.last() {
		return fmt.Errorf("the database is at version %d, but %s ends at %d", at, c.Dir, m.last())
	}
	_, err = fmt.Fprintf(a.stdout, "version %d of %d\n", at, m.last())
	return err
}

// versionOf reads the version of a database that may never have been migrated: that is 0.
func versionOf(ctx context.Context, conn *pgx.Conn) (version int32, err error) {
	err = conn.QueryRow(ctx, "select version from "+versionTable).Scan(&version)
	var pgErr *pgconn.PgError
	const undefinedTable = "42P01"
	if errors.As(err, &pgErr) && pgErr.Code == undefinedTable {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version in %s: %w", versionTable, err)
	}
	return version, nil
}

type migrateNew struct {
	Name        string `arg:"" optional:"" help:"What the migration does, in a few words."`
	Dir         string `default:"migrations" placeholder:"DIR" help:"Folder of the migrations (default: ${default})."`
	WithHelpers bool   `help:"Write the migration of the SQL helpers: the schema auth with auth.claim('sub'), auth.uid(), auth.role() and auth.has_scope('…'), by which policies ask who calls."`
}

// Help is shown by --help.
func (migrateNew) Help() string {
	return "Writes the next numbered file into the folder, which it makes where it is missing, and prints the file's path. " +
		"The file is empty but for comments, or with --with-helpers complete."
}

// Examples are shown by --help.
func (migrateNew) Examples() string {
	return "  postern migrate new \"add chat\"\n  postern migrate new --with-helpers\n"
}

// Run writes the file.
func (c migrateNew) Run(a *app) error {
	name, text := c.Name, migrationTemplate
	switch {
	case c.WithHelpers:
		name, text = cmp.Or(name, "auth helpers"), policypattern.Helpers
	case name == "":
		return usageError{errors.New("say what the migration does, in a few words")}
	}
	file, err := writeMigration(c.Dir, name, text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, file)
	return err
}
