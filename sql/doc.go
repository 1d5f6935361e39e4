// Package sql is the query language: it turns the text of a request into SQL in three steps, each a function with one input
// and one output.
//
//	Parse    Source  -> *Request    syntax only, no catalog
//	NewPlan  *Request -> *Plan      names resolved against a schema.Catalog
//	Build    *Plan   -> *Statement  SQL text, arguments and result columns; cannot fail
//
// The package is pure: it opens no connection and knows neither a driver nor net/http, so every step can be fuzzed. What
// a client sends travels as a parameter; in the SQL text stand only fixed words and quoted identifiers.
package sql
