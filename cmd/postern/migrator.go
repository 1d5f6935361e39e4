package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

// versionTable is where tern keeps the number of the last migration that was applied; it is tern's default.
const versionTable = "public.schema_version"

// migrator brings a database from one version to another by the files of a folder, with tern's library.
type migrator struct {
	tern  *migrate.Migrator
	files fs.FS
	// dir goes before the names of the files in messages.
	dir string
	// running is the migration that was begun last, and direction is up or down.
	running, direction string
}

// newMigrator reads the files and makes the version table where there is none. report is told each migration that begins.
// conn may be nil, for the list of migrations alone.
func newMigrator(ctx context.Context, conn *pgx.Conn, files fs.FS, dir string, report func(direction, name string)) (*migrator, error) {
	names, err := migrationNames(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	t, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return nil, fmt.Errorf("make the table %s: %w", versionTable, err)
	}
	m := &migrator{tern: t, files: files, dir: dir}
	if err := t.LoadMigrations(files); err != nil {
		file := dir
		if n := len(t.Migrations); n < len(names) {
			file = path.Join(dir, names[n]) // it stops at the first that it cannot read
		}
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	t.OnStart = func(_ int32, name, direction, _ string) {
		m.running, m.direction = name, direction
		report(direction, name)
	}
	for _, migration := range t.Migrations {
		runWhole(migration)
	}
	return m, nil
}

// noTransaction is the line by which a migration asks tern to run outside a transaction.
const noTransaction = "---- tern: disable-tx ----"

// runWhole has a migration's SQL run by runScript, which counts statements. What runs without a transaction is left to
// tern, which sends it one statement at a time.
func runWhole(m *migrate.Migration) {
	if up := m.UpSQL; !strings.Contains(up, noTransaction) {
		m.UpSQL, m.UpFunc = "", func(ctx context.Context, conn *pgx.Conn) error { return runScript(ctx, conn, up) }
	}
	if down := m.DownSQL; down != "" && !strings.Contains(down, noTransaction) {
		m.DownSQL, m.DownFunc = "", func(ctx context.Context, conn *pgx.Conn) error { return runScript(ctx, conn, down) }
	}
}

// runScript runs any number of statements.
func runScript(ctx context.Context, conn *pgx.Conn, script string) error {
	results := conn.PgConn().Exec(ctx, script)
	done := 0
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err != nil {
			break
		}
		done++
	}
	if err := results.Close(); err != nil {
		return &scriptError{Script: script, Done: done, Err: err}
	}
	return nil
}

// to migrates up or down. Each migration is one transaction: after an error the version is that of the last that succeeded.
func (m *migrator) to(ctx context.Context, version int32) error {
	err := m.tern.MigrateTo(ctx, version)
	var irreversible migrate.IrreversibleMigrationError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil: // the error may only say that the connection is closed
		return fmt.Errorf("migrate to version %d: %w", version, ctx.Err())
	case errors.As(err, &irreversible):
		at, versionErr := m.version(ctx)
		if versionErr != nil {
			return errors.Join(err, versionErr)
		}
		return fmt.Errorf("%s cannot be undone: there is nothing below its line ---- create above / drop below ----; the database stays at version %d",
			path.Join(m.dir, m.tern.Migrations[at-1].Name), at)
	case m.running == "":
		return err
	}
	return m.explain(ctx, err)
}

// explain finds the place of an error in the file of the migration that runs.
func (m *migrator) explain(ctx context.Context, err error) error {
	e := &migrationError{File: path.Join(m.dir, m.running), Err: err}
	source, readErr := fs.ReadFile(m.files, m.running)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	var failed *scriptError
	var refused migrate.MigrationPgError // from tern, of one statement
	if errors.As(err, &refused) {
		failed = &scriptError{Script: refused.Sql, Err: refused.PgError}
	}
	if failed != nil || errors.As(err, &failed) {
		e.locate(string(source), m.direction, failed)
	}
	at, versionErr := m.version(ctx)
	if versionErr != nil {
		return e // the connection is gone
	}
	if refused.PgError != nil {
		return fmt.Errorf("%w; the database stays at version %d, but what the file did before stays too: it runs without a transaction", e, at)
	}
	return fmt.Errorf("%w; the database stays at version %d", e, at)
}

func (m *migrator) version(ctx context.Context) (int32, error) {
	at, err := m.tern.GetCurrentVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the version in %s: %w", versionTable, err)
	}
	return at, nil
}

// last is the version after all migrations.
func (m *migrator) last() int32 { return int32(len(m.tern.Migrations)) }
