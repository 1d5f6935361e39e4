// Package chatclaims is the chat example with one database role for all users: the policies go by the token's claim "sub".
// README.md walks through it.
package chatclaims

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations holds the migrations, in tern's file format, at its root.
func Migrations() fs.FS {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		// Only a malformed path is an error, and this one is a constant.
		panic(fmt.Sprintf("chatclaims: open migrations: %v", err))
	}
	return migrations
}
