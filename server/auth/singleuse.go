package auth

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
)

// ConsumeToken is the statement that uses up a single-use token. Its arguments
// are [Caller.UseID] (text) and Caller.Expires (timestamptz). It fails with
// SQLSTATE PT401 if the token was used before, and waits while another
// transaction is using it.
//
// It must be the first statement of the request's transaction: before the role
// is assumed, since only the login role may run it, and before
// transaction_read_only is set, since it writes. A transaction that is rolled
// back has not used the token; so no row may be shown before COMMIT, and the
// request may not ask for a rollback (Prefer: tx=rollback).
const ConsumeToken = "select postern_auth.postern_consume_token($1, $2)"

//go:embed single_use.sql
var singleUseSQL string

// SingleUseMigration is the SQL that creates what ConsumeToken needs. It may be
// run again. The login role must then be granted USAGE on the schema postern_auth
// and EXECUTE on the function in it.
func SingleUseMigration() string { return singleUseSQL }

// UseID stands for the token in the table of used ones: a hash of its issuer
// and its id, 64 characters, so that two issuers' ids do not collide and
// long ones fit. It is for callers with SingleUse only.
func (c *Caller) UseID() string {
	sum := sha256.Sum256([]byte(c.Issuer + "\x00" + c.TokenID))
	return hex.EncodeToString(sum[:])
}
