package chat_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
)

// Several databases of one cluster can hold the chat, and the way down leaves nothing in its own.
func TestMigrations(t *testing.T) {
	t.Parallel()
	server := pgtest.StartServer(t, nil) // roles belong to the cluster
	up, down := apitest.UpScripts(t, chat.Migrations()), apitest.DownScripts(t, chat.Migrations())
	run := func(database string, scripts ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), server.URI("postgres", database))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		for _, script := range scripts {
			if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
				t.Fatalf("in %s: %v", database, err)
			}
		}
	}
	run("postgres", "create database other")
	const nothingIsLeft = "create schema api; drop schema api"
	run("other", up...)
	for range 2 {
		run("postgres", up...)
		run("postgres", down...)
		run("postgres", nothingIsLeft)
	}
	run("other", "set role authenticator", "set role alice", "select from api.chat")
}
