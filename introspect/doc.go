// Package introspect reads PostgreSQL's system catalogs into a schema.Catalog, and tells when to read them again.
//
// Load runs one read-only transaction with one query a concern; each query is a file beside this one, with comments that say
// why it is as it is. The queries fetch rows of pg_catalog nearly as they are stored, and Go joins them: naming a type
// once, not once for each column that has it, is what makes ten thousand tables load in less than a second. Columns arrive
// in the binary protocol's format, so that arrays and names need no unquoting.
//
// Watcher listens for NOTIFY and reloads.
package introspect
