package pgtest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/embedpg"
)

// Database is a database of one test.
type Database struct {
	// Name is the database's name, which needs no quoting.
	Name string

	server *embedpg.Server
}

// New returns a database for one test, which is dropped when the test ends, open connections or not.
//
// The setup scripts, each of any number of statements, run as superuser, each in one transaction. They run once for all
// tests that give the same scripts; each test has a copy of the result. A copy has everything in the database but not
// what PostgreSQL keeps beside it: ALTER DATABASE … SET and grants on the database; run those with Exec.
// For roles see [Role].
func New(tb testing.TB, scripts ...string) *Database {
	tb.Helper()
	server := Server(tb)
	template, err := binary.template(tb, scripts)
	if err != nil {
		tb.Fatalf("pgtest: set up: %v", err)
	}
	d := &Database{Name: binary.next("test"), server: server}
	if err := admin(server, "postgres", "create database "+d.Name+" template "+template); err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := admin(server, "postgres", "drop database if exists "+d.Name+" with (force)"); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return d
}

// URI is a connection URI for a role that may log in; it needs no password.
func (d *Database) URI(role string) string { return d.server.URI(role, d.Name) }

// Exec runs a script of any number of statements as superuser, in one transaction, on a connection of its own.
func (d *Database) Exec(tb testing.TB, script string) {
	tb.Helper()
	if err := admin(d.server, d.Name, script); err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
}

// Conn connects as role and closes the connection when the test ends.
func (d *Database) Conn(tb testing.TB, role string) *pgx.Conn {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.URI(role))
	if err != nil {
		tb.Fatalf("pgtest: connect as %s: %v", role, err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
