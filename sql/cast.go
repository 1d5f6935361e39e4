package sql

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// standardTypes are the type names that the SQL grammar itself knows and that are no identifiers, with their names in
// pg_type (PostgreSQL manual, 8 Data Types).
var standardTypes = map[string]string{
	"int": "int4", "integer": "int4", "smallint": "int2", "bigint": "int8", "real": "float4", "float": "float8",
	"double precision": "float8", "decimal": "numeric", "dec": "numeric", "numeric": "numeric", "boolean": "bool",
	"character varying": "varchar", "char varying": "varchar", "national character varying": "varchar",
	"character": "bpchar", "char": "bpchar", "nchar": "bpchar", "national character": "bpchar", "national char": "bpchar", "national char varying": "varchar",
	"nchar varying": "varchar",
	"bit":           "bit", "bit varying": "varbit", "time": "time", "time without time zone": "time",
	"time with time zone": "timetz", "timestamp": "timestamp", "timestamp without time zone": "timestamp",
	"timestamp with time zone": "timestamptz", "interval": "interval",
}

// castType returns a cast's type as SQL text: a name of the SQL grammar, else a quoted identifier, folded as SQL folds one
// without quotes.
func castType(name string) string {
	name = typeName(name)
	if _, ok := standardTypes[name]; ok {
		return name
	}
	return schema.QuoteIdentifier(name)
}

// typeName folds a type's name as PostgreSQL folds it in UTF-8: only ASCII letters.
func typeName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, strings.Join(strings.Fields(name), " "))
}

// castEncoding tells how a value that was cast to a type becomes JSON; "" is no cast.
func castEncoding(name string) schema.Encoding {
	if name == "" {
		return schema.ToJSON
	}
	name = typeName(name)
	if known, ok := standardTypes[name]; ok {
		name = known
	}
	switch name {
	case "int2", "int4", "int8", "json", "jsonb":
		return schema.Verbatim
	case "bool":
		return schema.Boolean
	case "float4", "float8", "numeric":
		return schema.Number
	case "text", "varchar", "bpchar", "uuid":
		return schema.String
	default:
		return schema.ToJSON
	}
}
