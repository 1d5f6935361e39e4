package apitest

import (
	"io/fs"
	"testing"

	"github.com/jackc/tern/v2/migrate"
)

// UpScripts gives the way up of each migration, as setup scripts for pgtest.New.
func UpScripts(tb testing.TB, files fs.FS) []string {
	tb.Helper()
	m := load(tb, files)
	var scripts []string
	for _, migration := range m.Migrations {
		scripts = append(scripts, migration.UpSQL)
	}
	return scripts
}

// DownScripts gives the way down of each migration, the last first.
func DownScripts(tb testing.TB, files fs.FS) []string {
	tb.Helper()
	m := load(tb, files)
	var scripts []string
	for i := len(m.Migrations) - 1; i >= 0; i-- {
		scripts = append(scripts, m.Migrations[i].DownSQL)
	}
	return scripts
}

func load(tb testing.TB, files fs.FS) *migrate.Migrator {
	tb.Helper()
	m, err := migrate.NewMigrator(tb.Context(), nil, "public.schema_version")
	if err != nil {
		tb.Fatal(err)
	}
	if err := m.LoadMigrations(files); err != nil {
		tb.Fatal(err)
	}
	return m
}
