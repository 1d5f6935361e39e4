package openapi

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// results writes the responses of calls.
func (d *document) results(overloads []*overload) {
	var valued []*overload // those with different results
	void := false
	for _, o := range overloads {
		if o.ReturnsVoid() {
			void = true
		} else if !slices.ContainsFunc(valued, o.returnsLike) {
			valued = append(valued, o)
		}
	}
	d.member("responses", func() {
		if len(valued) > 0 {
			d.member("200", func() {
				d.text("description", "The result")
				d.member("content", func() {
					d.member("application/json", func() {
						d.member("schema", func() { d.alternatives("anyOf", valued, d.resultMembers) })
					})
				})
			})
		}
		if void {
			d.value("204", `{"description":"Done"}`)
		}
		d.errors("400", "401", "403", "404")
	})
}

// returnsLike reports whether two routines return the same type. Records are never alike.
func (o *overload) returnsLike(p *overload) bool {
	return o.Returns == p.Returns && o.ReturnsSet == p.ReturnsSet && o.Composite == p.Composite && o.Encoding == p.Encoding &&
		o.Returns != schema.Name{Schema: "pg_catalog", Name: "record"}
}

// resultMembers describes what a call answers: a value, a row, or an array of either.
func (d *document) resultMembers(o *overload) {
	if !o.ReturnsSet {
		d.resultItem(o)
		return
	}
	d.text("type", "array")
	d.member("items", func() { d.resultItem(o) })
}

func (d *document) resultItem(o *overload) {
	if !o.Composite {
		v := d.typeValue(d.resultType(o.Routine))
		v.encoding = o.Encoding
		d.valueMembers(v, reading, 0)
		return
	}
	if r := d.returnedRelation([]*overload{o}); r != nil && r.may.read.all {
		d.text("$ref", "#/components/schemas/", component(o.Returns.Name))
		return
	}
	d.text("type", "object")
	if len(o.Columns) == 0 {
		return
	}
	d.member("properties", func() {
		for _, c := range o.Columns {
			d.member(c.Name, func() {
				v := d.columnValue(c)
				v.nullable = true
				d.valueMembers(v, reading, 1)
			})
		}
	})
}

// resultType returns the SQL name of the type of a function's values. In the catalog the names of arrays begin with an
// underscore; whether one is an array shows in its encoding.
func (d *document) resultType(r *schema.Routine) string {
	n := r.Returns
	if element, ok := strings.CutPrefix(n.Name, "_"); ok && (r.Encoding == schema.ToJSON || r.Encoding.IsArray()) {
		return d.sqlName(schema.Name{Schema: n.Schema, Name: element}) + "[]"
	}
	return d.sqlName(n)
}

// sqlName returns the SQL name of a type by its name in pg_type.
func (d *document) sqlName(n schema.Name) string {
	if n.Schema != "pg_catalog" {
		if t := d.in.Catalog.DataTypeNamed(n); t != nil {
			return t.Text
		}
		if component(n.Schema) == n.Schema && component(n.Name) == n.Name {
			return n.String()
		}
		return n.Quoted()
	}
	switch n.Name {
	case "bool":
		return "boolean"
	case "int2":
		return "smallint"
	case "int4":
		return "integer"
	case "int8":
		return "bigint"
	case "float4":
		return "real"
	case "float8":
		return "double precision"
	case "varchar":
		return "character varying"
	case "bpchar":
		return "character"
	case "varbit":
		return "bit varying"
	case "timestamptz":
		return "timestamp with time zone"
	case "timestamp":
		return "timestamp without time zone"
	case "timetz":
		return "time with time zone"
	case "time":
		return "time without time zone"
	}
	return n.Name
}
