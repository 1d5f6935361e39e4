// Package chat is the chat example: tables and policies under which each user sees the messages they sent or received, and
// nothing else. README.md walks through it; `postern demo` runs it.
package chat

import (
	"embed"
	"fmt"
	"io/fs"
)

// Schema is the schema that the API is to expose (parameter db-schemas).
const Schema = "api"

// Authenticator is the role that the server is to log in as.
const Authenticator = "authenticator"

//go:embed migrations/*.sql seed.sql
var files embed.FS

// Migrations holds the migrations, in tern's file format, at its root.
func Migrations() fs.FS {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		// Only a malformed path is an error, and this one is a constant.
		panic(fmt.Sprintf("chat: open migrations: %v", err))
	}
	return migrations
}

// Seed is an SQL script that adds a few messages among alice, bob and carol. It must be run once, as the owner of the table
// or as superuser.
func Seed() string {
	seed, err := files.ReadFile("seed.sql")
	if err != nil {
		panic(fmt.Sprintf("chat: read seed: %v", err)) // the compiler put it there
	}
	return string(seed)
}
