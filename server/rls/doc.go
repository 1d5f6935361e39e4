// Package rls runs requests against PostgreSQL: each in one transaction, as the caller's database role, with the caller's
// claims in settings of that transaction, so that row-level security decides.
//
// A transaction is one flight: the settings and the statement travel together in one pipeline with one Sync, which PostgreSQL
// treats as one implicit transaction (PostgreSQL manual, 55.2.4 Pipelining). Every setting is local to the transaction; a
// connection goes back to the pool with none of them.
package rls
