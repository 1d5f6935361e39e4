package openapi

import (
	"strconv"
	"strings"
)

// builtin is what is known of one of PostgreSQL's types (PostgreSQL manual, chapter 8 Data Types): the JSON that to_json makes
// of it, how it can be filtered, and an example.
type builtin struct {
	kind     string // the JSON type, "" for any
	format   string // by the OpenAPI format registry where that has it, else PostgreSQL's name of the type; "" for none
	keywords string // further members of the schema, as JSON without braces
	family   family
	example  string // JSON
}

// builtinType returns what is known of a type by its SQL name without modifiers. known is false for all other types.
func builtinType(name string) (b builtin, known bool) {
	switch name {
	case "boolean":
		return builtin{"boolean", "", "", booleans, `true`}, true
	case "smallint":
		return builtin{"integer", "int16", `"minimum":-32768,"maximum":32767`, ordered, `1`}, true
	case "integer":
		return builtin{"integer", "int32", "", ordered, `1`}, true
	case "bigint":
		return builtin{"integer", "int64", "", ordered, `1`}, true
	case "real":
		return builtin{"number", "float", "", ordered, `1.5`}, true
	case "double precision":
		return builtin{"number", "double", "", ordered, `1.5`}, true
	case "numeric":
		return builtin{"number", "", "", ordered, `1.5`}, true
	case "text", "character varying", "character", "bpchar", "name", "citext":
		return builtin{"string", "", "", textual, `"text"`}, true
	case "uuid":
		return builtin{"string", "uuid", "", ordered, `"b2c9a7de-3f5e-4d0c-9a54-0a3c5f1d2e88"`}, true
	case "date":
		return builtin{"string", "date", "", ordered, `"2026-01-31"`}, true
	case "timestamp with time zone":
		return builtin{"string", "date-time", "", ordered, `"2026-01-31T12:00:00+00:00"`}, true
	case "timestamp without time zone":
		return builtin{"string", "date-time-local", "", ordered, `"2026-01-31T12:00:00"`}, true
	case "time without time zone":
		return builtin{"string", "time-local", "", ordered, `"12:00:00"`}, true
	case "time with time zone":
		return builtin{"string", "timetz", "", ordered, `"12:00:00+00"`}, true
	case "interval":
		return builtin{"string", "interval", "", ordered, `"1 day"`}, true
	case "json":
		return builtin{"", "", "", documents, `{"key":"value"}`}, true
	case "jsonb":
		return builtin{"", "", "", containers, `{"key":"value"}`}, true
	case "bytea":
		return builtin{"string", "bytea", "", ordered, `"\\x00ff"`}, true
	case "bit", "bit varying":
		return builtin{"string", name, `"pattern":"^[01]*$"`, ordered, `"1"`}, true
	case "inet", "cidr":
		return builtin{"string", name, "", ordered, `"192.0.2.1/32"`}, true
	case "macaddr", "macaddr8":
		return builtin{"string", name, "", ordered, ""}, true
	case "money":
		return builtin{"string", name, "", ordered, `"1.00"`}, true
	case "xml":
		return builtin{"string", name, `"contentMediaType":"application/xml"`, documents, `"<empty/>"`}, true
	case "tsvector":
		return builtin{"string", name, "", searchable, `"'word':1"`}, true
	case "int4range", "int8range", "numrange":
		return builtin{"string", name, "", ranges, `"[1,10)"`}, true
	case "daterange", "tsrange", "tstzrange":
		return builtin{"string", name, "", ranges, `"[2026-01-01,2026-02-01)"`}, true
	case "int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange":
		return builtin{"string", name, "", ranges, `"{}"`}, true
	}
	return builtin{}, false
}

// withoutModifiers cuts the modifiers from a type's SQL text: character varying(8), timestamp(3) with time zone.
func withoutModifiers(text string) string {
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if begin < 0 || end < begin || strings.Contains(text[:begin], `"`) {
		return text
	}
	return text[:begin] + text[end+1:]
}

// lengthOf returns how many characters or bits a type holds by its SQL text, 0 if that is not limited.
func lengthOf(text string) int {
	name, rest, _ := strings.Cut(text, "(")
	switch name {
	case "character", "character varying", "bit", "bit varying":
		if n, err := strconv.Atoi(strings.TrimSuffix(rest, ")")); err == nil {
			return n
		}
	}
	return 0
}

// numericBounds returns the limits of numeric(precision,scale) as members of a schema, "" if it has none or large ones.
func numericBounds(nominal string) string {
	inner, ok := strings.CutPrefix(nominal, "numeric(")
	if !ok {
		return ""
	}
	p, s, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	precision, err := strconv.Atoi(p)
	scale, scaleErr := strconv.Atoi(s)
	if digits := precision - scale; err == nil && scaleErr == nil && digits >= 0 && digits <= 15 {
		limit := "1" + strings.Repeat("0", digits)
		return `"exclusiveMinimum":-` + limit + `,"exclusiveMaximum":` + limit
	}
	return ""
}
