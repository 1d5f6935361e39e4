package openapi

import (
	"slices"

	"github.com/postern-db/postern/schema"
)

// relationSchemas writes the schemas of a row as it is read, inserted and updated.
func (d *document) relationSchemas(r *relation) {
	id := component(r.Name.Name)
	if r.canRead() {
		d.member(id, func() { d.row(r) })
	}
	if r.canInsert() {
		d.member(id+".insert", func() {
			d.changes(r, r.may.insert, true)
			d.required(r, func(c *schema.Column) bool { return needed(c) && r.may.insert.has(c.Name) })
		})
	}
	if r.canUpdate() {
		d.member(id+".update", func() { d.changes(r, r.may.update, false) })
	}
}

// row describes a whole row: every column is there unless select leaves it out.
func (d *document) row(r *relation) {
	if r.Comment != "" {
		d.text("description", r.Comment)
	}
	d.text("type", "object")
	keys := d.in.foreignKeys(r.Relation)
	d.member("properties", func() {
		for _, c := range r.Columns {
			if !r.may.read.has(c.Name) {
				continue
			}
			d.member(c.Name, func() {
				d.valueMembers(d.columnValue(c), reading, 0)
				if note := d.note(r, c, keys); note != "" {
					d.text("description", note)
				}
				if !c.Writable() {
					d.bool("readOnly", true)
				}
			})
		}
	})
	d.required(r, func(c *schema.Column) bool { return r.may.read.has(c.Name) })
}

// note is the column's comment, and what keys and default say.
func (d *document) note(r *relation, c *schema.Column, keys []*schema.Relationship) string {
	note := c.Comment
	add := func(text string) {
		if note != "" {
			note += "\n\n"
		}
		note += text
	}
	if slices.Contains(r.PrimaryKey, c.Name) {
		add("Primary key.")
	}
	if to := foreignKey(keys, c.Name); to != nil && d.readable[to.Target.Name] != nil {
		add("Foreign key to `" + to.Target.Name + "." + to.Columns[0].Target + "`.")
	}
	switch {
	case c.Identity != schema.NotIdentity:
		add("Numbered by the database.")
	case c.Generated:
		add("Computed by the database.")
	case c.ReadOnly:
		add("Cannot be written through this view.")
	}
	return note
}

// changes describes the columns that may be written, none of which need be; with what stands for one that is left out, if
// that is its default.
func (d *document) changes(r *relation, allowed columns, withDefaults bool) {
	d.text("type", "object")
	d.member("properties", func() {
		for _, c := range r.Columns {
			if !c.Writable() || !allowed.has(c.Name) {
				continue
			}
			d.member(c.Name, func() {
				d.valueMembers(d.columnValue(c), writing, 0)
				if withDefaults {
					d.defaultOf(c)
				}
			})
		}
	})
}

func (d *document) defaultOf(c *schema.Column) {
	if json, ok := constant(c); ok && !d.represented(d.columnValue(c), writing) {
		d.value("default", json)
	} else if c.Default != "" && c.Identity == schema.NotIdentity {
		d.text("description", "Default: `", c.Default, "`")
	}
}

func (d *document) required(r *relation, is func(*schema.Column) bool) {
	var names []string
	for _, c := range r.Columns {
		if is(c) {
			names = append(names, c.Name)
		}
	}
	if names != nil {
		d.texts("required", names)
	}
}

// rowsResponse is what reading answers, with links to the related rows of the first row.
func (d *document) rowsResponse(r *relation) {
	id := component(r.Name.Name)
	d.member(id+".rows", func() {
		d.text("description", "Rows of "+r.Name.Name)
		d.value("headers", `{"Content-Range":{"$ref":"#/components/headers/Content-Range"}}`)
		d.member("content", func() {
			d.member("application/json", func() {
				d.member("schema", func() {
					d.text("type", "array")
					d.key("items")
					d.ref("schemas/", id)
				})
			})
			d.member("application/vnd.pgrst.object+json", func() {
				d.key("schema")
				d.ref("schemas/", id)
			})
			d.value("text/csv", `{"schema":{"type":"string"}}`)
		})
		d.links(r)
	})
}
