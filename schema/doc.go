// Package schema is the database catalog as plain, immutable data: relations with their columns and keys, the
// relationships between them, routines, domain representations, media type handlers and roles, with look-ups by name.
//
// It knows nothing of PostgreSQL connections, of SQL text or of HTTP. Package introspect fills a Definition from
// pg_catalog; New derives what follows from it (inverse, many-to-many and view relationships) and returns a Catalog, which
// is never changed afterwards and may be shared by any number of goroutines.
package schema
