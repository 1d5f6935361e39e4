// Package policypattern writes migrations for what applications want of policies again and again: rows that belong to somebody, to a
// tenant, to the members of a group; columns that change only under a condition. Each pattern is a template in patterns/; what it
// writes is plain SQL for people to read, keep and change.
package policypattern

import "embed"

// Helpers is the migration of the SQL helpers: the schema auth, with functions that tell the caller's claims.
//
//go:embed auth_helpers.sql
var Helpers string

//go:embed patterns
var files embed.FS
