package config

import "strings"

// FunctionName names a database function. The zero value names none.
type FunctionName struct {
	// Schema is empty when the search path is to find the function.
	Schema string
	Name   string
}

// IsZero tells whether no function is named.
func (f FunctionName) IsZero() bool { return f.Name == "" }

// String gives schema.name as the configuration writes it, unquoted.
func (f FunctionName) String() string {
	if f.Schema == "" {
		return f.Name
	}
	return f.Schema + "." + f.Name
}

// SQL gives the name as a quoted SQL identifier.
func (f FunctionName) SQL() string {
	if f.Schema == "" {
		return quoteIdentifier(f.Name)
	}
	return quoteIdentifier(f.Schema) + "." + quoteIdentifier(f.Name)
}

// parseFunctionName splits at the first dot, as PostgREST does: neither part is
// quoted, and a schema with a dot in its name cannot be written.
func parseFunctionName(text string) FunctionName {
	schema, name, _ := strings.Cut(text, ".")
	if name == "" {
		return FunctionName{Name: schema}
	}
	return FunctionName{Schema: schema, Name: name}
}

// quoteIdentifier quotes name. What follows a NUL is cut off, since PostgreSQL
// cannot hold one.
func quoteIdentifier(name string) string {
	name, _, _ = strings.Cut(name, "\x00")
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
