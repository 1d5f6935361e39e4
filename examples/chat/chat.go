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

// Anon is the role of requests without a token (parameter db-anon-role). All it may do is sign in.
const Anon = "anon"

// SecretSQL gives the database the server's jwt-secret, $1, which login signs tokens with. It must be run as superuser or as the
// owner of the table.
const SecretSQL = "insert into private.secret (jwt_secret) values ($1) on conflict (singleton) do update set jwt_secret = excluded.jwt_secret"

//go:embed migrations/*.sql seed.sql page/*
var files embed.FS

// Migrations holds the migrations, in tern's file format, at its root.
func Migrations() fs.FS { return folder("migrations") }

// Page holds the files of the web page, to be served beside the API.
func Page() fs.FS { return folder("page") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		// Only a malformed path is an error, and these are constants.
		panic(fmt.Sprintf("chat: open %s: %v", name, err))
	}
	return sub
}

// Seed is an SQL script that adds a few messages among alice, bob and carol, and their passwords. It must be run once, as the owner of the table
// or as superuser.
func Seed() string {
	seed, err := files.ReadFile("seed.sql")
	if err != nil {
		panic(fmt.Sprintf("chat: read seed: %v", err)) // the compiler put it there
	}
	return string(seed)
}
