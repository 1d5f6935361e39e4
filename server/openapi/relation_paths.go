package openapi

import (
	"slices"
)

// relationPath writes the operations on a relation that the caller may do.
func (d *document) relationPath(r *relation) {
	name := r.Name.Name
	id := component(name)
	d.member("/"+pathSegment(name), func() {
		if r.canRead() {
			d.member("get", func() { d.read(r, id) })
		}
		if r.canInsert() {
			d.member("post", func() { d.insert(r, id) })
		}
		if r.canUpsert() {
			d.member("put", func() { d.upsert(r, id) })
		}
		if r.canUpdate() {
			d.member("patch", func() { d.update(r, id) })
		}
		if r.canDelete() {
			d.member("delete", func() { d.remove(r, id) })
		}
	})
}

func (d *document) read(r *relation, id string) {
	d.operation(id+".read", d.in.Schema, "Read "+r.Name.Name, r.Comment)
	d.list("parameters", func() {
		d.filterRefs(r, nil)
		d.selectParameter(r)
		for _, p := range []string{"order", "limit", "offset", "and", "or", "range", "prefer.read"} {
			d.ref("parameters/", p)
		}
		d.profile(reading)
	})
	d.member("responses", func() {
		d.key("200")
		d.ref("responses/", id, ".rows")
		d.key("206")
		d.ref("responses/", id, ".rows")
		d.errors("400", "401", "403", "406", "416")
	})
}

func (d *document) insert(r *relation, id string) {
	d.operation(id+".insert", d.in.Schema, "Insert into "+r.Name.Name, "One row or an array of rows.")
	d.list("parameters", func() {
		d.returned(r)
		d.ref("parameters/columns")
		d.ref("parameters/on_conflict")
		d.ref("parameters/prefer.insert")
		d.profile(writing)
	})
	d.member("requestBody", func() {
		d.bool("required", true)
		d.member("content", func() {
			d.member("application/json", func() {
				d.member("schema", func() {
					d.list("oneOf", func() {
						d.ref("schemas/", id, ".insert")
						d.object(func() {
							d.text("type", "array")
							d.key("items")
							d.ref("schemas/", id, ".insert")
						})
					})
				})
				d.bodyExample(r)
			})
			d.value("text/csv", `{"schema":{"type":"string"}}`)
		})
	})
	d.member("responses", func() {
		d.written(r, id, "201", "Inserted; with rows if Prefer: return=representation asks for them")
		if r.canUpdate() {
			d.written(r, id, "200", "Merged into rows that were there (Prefer: resolution=merge-duplicates)")
		}
		d.errors("400", "401", "403", "409")
	})
}

func (d *document) upsert(r *relation, id string) {
	d.operation(id+".upsert", d.in.Schema, "Insert or replace one row of "+r.Name.Name,
		"The filters and the body name the same primary key.")
	d.list("parameters", func() {
		for _, name := range r.PrimaryKey {
			key, _ := filterKey(name)
			d.object(func() {
				d.text("name", key)
				d.text("in", "query")
				d.bool("required", true)
				d.value("schema", `{"type":"string","pattern":"^eq\\."}`)
			})
		}
		d.returned(r)
		d.ref("parameters/columns")
		d.ref("parameters/prefer.write")
		d.profile(writing)
	})
	d.body(func() { d.ref("schemas/", id, ".insert") }, nil)
	d.member("responses", func() {
		d.written(r, id, "200", "Replaced or inserted, with the row (Prefer: return=representation)")
		d.written(r, id, "201", "Inserted, with the row (Prefer: return=representation)")
		d.value("204", `{"description":"Replaced or inserted"}`)
		d.errors("400", "401", "403", "409")
	})
}

func (d *document) update(r *relation, id string) {
	d.operation(id+".update", d.in.Schema, "Update "+r.Name.Name, "All rows that the filters let through.")
	d.list("parameters", func() {
		d.filterRefs(r, nil)
		d.returned(r)
		d.ref("parameters/columns")
		d.ref("parameters/prefer.write")
		d.profile(writing)
	})
	d.body(func() { d.ref("schemas/", id, ".update") }, nil)
	d.member("responses", func() {
		d.written(r, id, "200", "Updated, with the rows (Prefer: return=representation)")
		d.value("204", `{"description":"Updated"}`)
		d.errors("400", "401", "403", "409")
	})
}

func (d *document) remove(r *relation, id string) {
	d.operation(id+".delete", d.in.Schema, "Delete from "+r.Name.Name, "All rows that the filters let through.")
	d.list("parameters", func() {
		d.filterRefs(r, nil)
		d.returned(r)
		d.ref("parameters/prefer.write")
		d.profile(writing)
	})
	d.member("responses", func() {
		d.written(r, id, "200", "Deleted, with the rows (Prefer: return=representation)")
		d.value("204", `{"description":"Deleted"}`)
		d.errors("400", "401", "403", "409")
	})
}

// selectParameter lists select, which those must give who may not read all columns.
func (d *document) selectParameter(r *relation) {
	if r.may.read.all {
		d.ref("parameters/select")
		return
	}
	d.object(func() {
		d.text("name", "select")
		d.text("in", "query")
		d.text("description", "Columns to answer with, between commas. Not all may be read, so they must be named.")
		d.bool("required", true)
		d.value("schema", `{"type":"string"}`)
		d.text("example", readableColumns(r))
	})
}

// returned lists the parameter for which columns a write answers with, if the caller may see any.
func (d *document) returned(r *relation) {
	if r.canRead() {
		d.ref("parameters/select")
	}
}

// written writes the response of a write. It has rows only for those who may read them.
func (d *document) written(r *relation, id, status, description string) {
	if !r.canRead() && status == "200" {
		return
	}
	d.member(status, func() {
		d.text("description", description)
		if !r.canRead() {
			return
		}
		d.member("content", func() {
			d.member("application/json", func() {
				d.member("schema", func() {
					d.text("type", "array")
					d.key("items")
					d.ref("schemas/", id)
				})
			})
		})
	})
}

// body writes a request body of JSON.
func (d *document) body(schema, example func()) {
	d.member("requestBody", func() {
		d.bool("required", true)
		d.member("content", func() {
			d.member("application/json", func() {
				d.key("schema")
				schema()
				if example != nil {
					example()
				}
			})
		})
	})
}

// bodyExample writes a row with the columns that one would give, unless one of them is of a type without an example.
func (d *document) bodyExample(r *relation) {
	type field struct{ name, json string }
	var fields []field
	for _, c := range r.Columns {
		if !c.Writable() || !r.may.insert.has(c.Name) || !needed(c) && (c.Default != "" || slices.Contains(r.PrimaryKey, c.Name)) {
			continue
		}
		example := d.example(d.columnValue(c))
		switch {
		case example != "":
			fields = append(fields, field{c.Name, example})
		case needed(c):
			return
		}
	}
	if len(fields) == 0 {
		return
	}
	d.member("example", func() {
		for _, f := range fields {
			d.value(f.name, f.json)
		}
	})
}
