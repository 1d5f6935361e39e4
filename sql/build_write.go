package sql

import "github.com/postern-db/postern/schema"

// write writes the statement of an insert, update, upsert or delete.
func (b *builder) write() *Statement {
	p, m := b.plan, b.plan.Mutation
	var s *Statement
	switch {
	case p.Handler.Kind != HandlerNone:
		with := b.capture(func() {
			b.raw("WITH " + source + " AS (")
			b.mutate()
			b.raw(") ")
		})
		s = b.finish(with, nil)
	case len(m.Location) > 0:
		s = b.location()
	default:
		b.explain()
		b.mutate()
		s = b.statement(ShapeNone, nil)
		if p.Media.Kind == MediaPlan {
			s.Shape = ShapeLines
		}
	}
	s.ReadsResponse = p.RunsCode || m.CountInserted
	return s
}

// location writes an insert that returns the number of its rows and the primary key of one of them.
func (b *builder) location() *Statement {
	m := b.plan.Mutation
	b.explain()
	b.raw("WITH " + source + " AS (")
	b.mutate()
	b.raw(") SELECT (SELECT pg_catalog.count(*) FROM " + source + ")")
	columns := make([]OutputColumn, len(m.Location))
	for i, name := range m.Location {
		b.raw(", pg_catalog.to_json(")
		b.ident(name)
		b.raw(")#>>'{}'")
		columns[i] = OutputColumn{Key: name, Encoding: schema.String}
	}
	b.raw(" FROM " + source + " LIMIT 1")
	if b.plan.Media.Kind == MediaPlan {
		return b.statement(ShapeLines, nil)
	}
	return b.statement(ShapeLocation, columns)
}

func (b *builder) mutate() {
	switch b.plan.Request.Action {
	case Update:
		b.update()
	case Delete:
		b.raw("DELETE FROM ")
		b.name(b.plan.Relation.Name)
		b.mutationWhere()
		b.returning()
	default:
		b.insert()
	}
}

func (b *builder) mutationWhere() {
	first := true
	b.conditions(b.plan.Relation.Name, b.plan.Mutation.Where, func() {
		if first {
			b.raw(" WHERE ")
		} else {
			b.raw(" AND ")
		}
		first = false
	})
}

func (b *builder) returning() {
	m := b.plan.Mutation
	if len(m.Returning) == 0 {
		if b.plan.Handler.Kind != HandlerNone {
			b.raw(" RETURNING 1")
		}
		return
	}
	b.raw(" RETURNING ")
	b.list(len(m.Returning), ", ", func(i int) { b.column(b.plan.Relation.Name, m.Returning[i]) })
}

func (b *builder) writeColumnNames() {
	columns := b.plan.Mutation.Columns
	b.list(len(columns), ", ", func(i int) { b.ident(columns[i].Name) })
}

func (b *builder) insert() {
	m := b.plan.Mutation
	b.raw("INSERT INTO ")
	b.name(b.plan.Relation.Name)
	if len(m.Columns) > 0 {
		b.raw("(")
		b.writeColumnNames()
		b.raw(")")
	}
	b.raw(" SELECT ")
	b.list(len(m.Columns), ", ", func(i int) {
		b.raw("pgrst_body.")
		b.ident(m.Columns[i].Name)
	})
	b.raw(" ")
	p := b.plan.Request.Payload
	b.fromBody(body{p.Raw, p.IsObject, m.ApplyDefaults, false}, m.Columns)
	isUpsert := b.plan.Request.Action == Upsert
	if m.CountInserted {
		b.raw(" WHERE ")
		b.raw(countUp)
	}
	if isUpsert {
		b.conditions(schema.Name{Name: "pgrst_body"}, m.Where, func() { b.raw(" AND ") })
	}
	b.onConflict()
	b.returning()
}

// countUp and countDown keep the number of inserted rows in a setting of the transaction: a row that turns out to be a
// duplicate is counted when it is tried and taken back when it is updated instead. Both are true.
const (
	countUp   = "set_config('pgrst.inserted', (coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0) + 1)::text, true) <> '0'"
	countDown = "set_config('pgrst.inserted', (coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0) - 1)::text, true) <> '-1'"
)

func (b *builder) onConflict() {
	m := b.plan.Mutation
	if len(m.OnConflict) == 0 {
		return
	}
	b.raw(" ON CONFLICT(")
	b.list(len(m.OnConflict), ", ", func(i int) { b.ident(m.OnConflict[i]) })
	b.raw(") ")
	if !m.Merge || len(m.Columns) == 0 {
		b.raw("DO NOTHING")
		return
	}
	b.raw("DO UPDATE SET ")
	b.list(len(m.Columns), ", ", func(i int) {
		b.ident(m.Columns[i].Name)
		b.raw(" = EXCLUDED.")
		b.ident(m.Columns[i].Name)
	})
	b.raw(" WHERE ")
	b.raw(countDown)
}

func (b *builder) update() {
	m, rel := b.plan.Mutation, b.plan.Relation.Name
	if len(m.Columns) == 0 {
		// There is nothing to set, so nothing is updated; the columns are still those that a result would have.
		b.raw("SELECT ")
		if len(m.Returning) == 0 {
			b.raw("NULL")
		}
		b.list(len(m.Returning), ", ", func(i int) { b.column(schema.Name{Name: rel.Name}, m.Returning[i]) })
		b.raw(" FROM ")
		b.name(rel)
		b.raw(" WHERE false")
		return
	}
	b.raw("UPDATE ")
	b.name(rel)
	b.raw(" SET ")
	b.list(len(m.Columns), ", ", func(i int) {
		b.ident(m.Columns[i].Name)
		b.raw(" = pgrst_body.")
		b.ident(m.Columns[i].Name)
	})
	b.raw(" ")
	p := b.plan.Request.Payload
	b.fromBody(body{p.Raw, p.IsObject, m.ApplyDefaults, false}, m.Columns)
	b.mutationWhere()
	b.returning()
}

// body is a JSON document that becomes rows.
type body struct {
	raw      []byte
	isObject bool
	defaults bool // members that are missing take the column's default instead of null
	oneRow   bool
}

// fromBody writes the FROM clause that turns one parameter, the JSON document, into rows named pgrst_body.
func (b *builder) fromBody(doc body, columns []WriteColumn) {
	typ, prefix := "json", "json"
	value := "pgrst_payload.json_data"
	if doc.defaults {
		typ, prefix, value = "jsonb", "jsonb", "pgrst_json_defs.val"
	}
	b.raw("FROM (SELECT ")
	b.bytesParam(doc.raw, false)
	b.raw("::" + typ + " AS json_data) pgrst_payload, ")
	if doc.defaults {
		b.defaults(doc.isObject, columns)
	}
	b.raw("LATERAL (SELECT ")
	b.list(len(columns), ", ", func(i int) {
		c := &columns[i]
		if c.Transform == "" {
			b.ident(c.Name)
			return
		}
		b.raw(c.Transform)
		b.raw("(")
		b.ident(c.Name)
		b.raw(") AS ")
		b.ident(c.Name)
	})
	b.raw(" FROM ")
	switch {
	case len(columns) == 0 && doc.isObject:
		b.raw("(values(1)) _")
	case len(columns) == 0:
		b.raw(prefix + "_array_elements(" + value + ") _")
	default:
		function := "_to_recordset("
		if doc.isObject {
			function = "_to_record("
		}
		b.raw(prefix + function + value + ") AS _(")
		b.list(len(columns), ", ", func(i int) {
			b.ident(columns[i].Name)
			b.raw(" ")
			b.raw(columns[i].Type)
		})
		b.raw(")")
		if doc.oneRow {
			b.raw(" LIMIT 1")
		}
	}
	b.raw(") pgrst_body")
}

// maxPairs is how many names and values a call of jsonb_build_object holds, since a function takes at most 100 arguments.
const maxPairs = 50

// defaults puts the columns' defaults under the members of each object.
func (b *builder) defaults(isObject bool, columns []WriteColumn) {
	object := func() {
		b.raw("jsonb_build_object(")
		n := 0
		for i := range columns {
			c := &columns[i]
			if c.Default == "" {
				continue
			}
			switch {
			case n == 0:
			case n%maxPairs == 0:
				b.raw(") || jsonb_build_object(")
			default:
				b.raw(", ")
			}
			n++
			b.raw(schema.QuoteLiteral(c.Name))
			b.raw(", ")
			b.raw(c.Default)
		}
		b.raw(")")
	}
	b.raw("LATERAL (SELECT ")
	if isObject {
		object()
		b.raw(" || pgrst_payload.json_data AS val) pgrst_json_defs, ")
		return
	}
	b.raw("jsonb_agg(")
	object()
	b.raw(" || elem) AS val FROM jsonb_array_elements(pgrst_payload.json_data) elem) pgrst_json_defs, ")
}
