// Package typegen writes the types of programs that use the API: TypeScript for supabase-js and postgrest-js, and Go structs.
//
// What it writes depends on nothing but its input, and comes in a fixed order, so that a file under version control changes only
// when the database did.
package typegen

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// kind is what a type is in JSON, as precisely as a program's types can tell.
type kind uint8

const (
	unknown  kind = iota // any JSON
	document             // json and jsonb, and what has a cast to JSON of its own
	boolean
	int16Kind
	int32Kind
	int64Kind
	float32Kind
	float64Kind
	decimal
	text
	timestamp // with time zone
	array
	enum
	composite
	row
	void
	record
)

// shape is a type, resolved.
type shape struct {
	kind    kind
	element *shape           // of an array
	typ     *schema.DataType // of an enum or composite
	row     *schema.Relation // of a row
}

// resolver finds types by the names that the catalog has for them.
type resolver struct{ catalog *schema.Catalog }

// maxDepth bounds domains over domains over arrays.
const maxDepth = 32

// resolve returns the shape of a type by its SQL text.
func (r *resolver) resolve(sqlText string) shape { return r.resolveAt(sqlText, 0) }

func (r *resolver) resolveAt(sqlText string, depth int) shape {
	if depth > maxDepth {
		return shape{}
	}
	if element, ok := strings.CutSuffix(sqlText, "[]"); ok {
		e := r.resolveAt(element, depth+1)
		return shape{kind: array, element: &e}
	}
	plain := withoutModifiers(sqlText)
	for _, text := range []string{sqlText, plain} {
		if t := r.catalog.DataType(text); t != nil {
			return r.declared(t, depth)
		}
		if rel := r.catalog.RowType(text); rel != nil {
			return shape{kind: row, row: rel}
		}
	}
	return shape{kind: builtin(plain)}
}

func (r *resolver) declared(t *schema.DataType, depth int) shape {
	switch {
	case t.CastsToJSON && t.Base == "":
		return shape{kind: document}
	case t.Enum != nil:
		return shape{kind: enum, typ: t}
	case t.IsMultidimensional:
		return nested()
	case t.Base != "":
		return r.resolveAt(t.Base, depth+1)
	case t.Attributes != nil:
		return shape{kind: composite, typ: t}
	}
	return shape{}
}

// nested is the shape of arrays of several dimensions: how deep they are no type can tell.
func nested() shape { return shape{kind: array, element: &shape{}} }

// attribute returns the shape of a member of a composite type.
func (r *resolver) attribute(a schema.Attribute) shape {
	if a.IsMultidimensional {
		return nested()
	}
	return r.resolve(a.Type)
}

// withoutModifiers cuts the modifiers from a type's name: character varying(8), timestamp(3) with time zone.
func withoutModifiers(name string) string {
	begin, end := strings.IndexByte(name, '('), strings.LastIndexByte(name, ')')
	if begin < 0 || end < begin || strings.Contains(name[:begin], `"`) {
		return name
	}
	return name[:begin] + name[end+1:]
}

// column returns the shape of a column's values as they are read, or as they are written.
func (r *resolver) column(c *schema.Column, written bool) shape {
	from, to := c.NominalType, "json"
	if written {
		from, to = to, from
	}
	if r.catalog.Representation(from, to) != "" {
		return shape{kind: document}
	}
	if c.IsMultidimensional {
		return nested()
	}
	s := r.resolve(c.Type)
	if s.kind != unknown {
		return s
	}
	switch c.Encoding {
	case schema.String:
		return shape{kind: text}
	case schema.ToJSON:
		return shape{kind: document}
	}
	return s
}

// returned returns the shape of one value of a routine whose result is no row. The catalog names it as pg_type does.
func (r *resolver) returned(f *schema.Routine) shape {
	name := f.Returns
	if t := r.catalog.DataTypeNamed(name); t != nil {
		return r.declared(t, 0)
	}
	if element, ok := strings.CutPrefix(name.Name, "_"); ok && (f.Encoding == schema.ToJSON || f.Encoding.IsArray()) {
		e := shape{kind: builtin(element)}
		of := schema.Name{Schema: name.Schema, Name: element}
		if t := r.catalog.DataTypeNamed(of); t != nil {
			e = r.declared(t, 0)
		} else if rel := r.catalog.Relation(of); rel != nil {
			e = shape{kind: row, row: rel}
		}
		return shape{kind: array, element: &e}
	}
	if k := builtin(name.Name); k != unknown || f.Encoding != schema.String {
		return shape{kind: k}
	}
	return shape{kind: text}
}

// builtin is the kind of a type by its SQL name or its name in pg_type (PostgreSQL manual, chapter 8 Data Types).
func builtin(name string) kind {
	switch strings.TrimPrefix(name, "pg_catalog.") {
	case "boolean", "bool":
		return boolean
	case "smallint", "int2":
		return int16Kind
	case "integer", "int4":
		return int32Kind
	case "bigint", "int8":
		return int64Kind
	case "real", "float4":
		return float32Kind
	case "double precision", "float8":
		return float64Kind
	case "numeric":
		return decimal
	case "json", "jsonb":
		return document
	case "timestamp with time zone", "timestamptz":
		return timestamp
	case "void":
		return void
	case "record":
		return record
	case "text", "character varying", "varchar", "character", "bpchar", `"char"`, "char", "name", "citext", "public.citext", "uuid",
		"date", "timestamp without time zone", "timestamp", "time without time zone", "time", "time with time zone", "timetz", "interval",
		"bytea", "bit", "bit varying", "varbit", "inet", "cidr", "macaddr", "macaddr8", "money", "xml", "tsvector", "tsquery",
		"point", "line", "lseg", "box", "path", "polygon", "circle", "pg_lsn", "jsonpath", "oid", "regclass", "regtype", "regproc",
		"int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange",
		"int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange":
		return text
	}
	return unknown
}

// exposes reports whether types of that schema are written.
func (r *resolver) exposes(name schema.Name) bool { return r.catalog.Exposes(name.Schema) }

// optional reports whether an insert may leave the column out.
func optional(c *schema.Column) bool {
	return c.Nullable || c.Default != "" || c.Identity != schema.NotIdentity || c.Generated
}

// byColumnName returns the columns ordered by name.
func byColumnName(columns []*schema.Column) []*schema.Column {
	out := slices.Clone(columns)
	slices.SortFunc(out, func(a, b *schema.Column) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// toOne returns the relationships of a relation to those rows of the same schema that its foreign keys refer to, ordered.
func toOne(c *schema.Catalog, r *schema.Relation) []*schema.Relationship {
	var out []*schema.Relationship
	for _, rel := range c.Relationships(r.Name) {
		refers := rel.Cardinality == schema.ManyToOne || rel.Cardinality == schema.OneToOne && !rel.IsParent
		if refers && rel.Target.Schema == r.Name.Schema {
			out = append(out, rel)
		}
	}
	slices.SortStableFunc(out, func(a, b *schema.Relationship) int {
		if c := strings.Compare(a.Constraint, b.Constraint); c != 0 {
			return c
		}
		return a.Target.Compare(b.Target)
	})
	return out
}

// inSchema returns the names of that schema.
func inSchema(names []schema.Name, in string) []schema.Name {
	var out []schema.Name
	for _, n := range names {
		if n.Schema == in {
			out = append(out, n)
		}
	}
	return out
}
