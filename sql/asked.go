package sql

import "github.com/postern-db/postern/schema"

// Asked writes queries for the rows that a plan asks for, whoever may see them, so that a policy can be held against them. From
// says what a relation is read from: SQL text that stands in for its name.
type Asked struct {
	Plan *Plan
	From func(schema.Name) string
}

// Rows writes the query of the rows of a node that the plan asks for. path leads to the node from the root, which comes first. The
// rows have the relation's own columns. Ranges, and filters by what else is embedded, do not count. ok is false if the rows
// come from a function.
func (a Asked) Rows(path []*Node) (q Query, ok bool) {
	b := builder{plan: a.Plan}
	ok = a.rows(&b, path, "*", "")
	return Query{string(b.text), b.args}, ok
}

// upName is the alias of the relations above the one that is asked for.
const upName = "pgrst_up"

// rows writes the query of the last node of path; and, if not empty, is a further condition.
func (a Asked) rows(b *builder, path []*Node, items, and string) bool {
	n := path[len(path)-1]
	alias := schema.Name{Name: n.From.Name}
	first := a.open(b, n, alias, items)
	if and != "" {
		first()
		b.raw("(")
		b.raw(and)
		b.raw(")")
	}
	return a.above(b, path, alias, first)
}

// open writes SELECT, FROM and the node's own conditions, and returns what begins the next one.
func (a Asked) open(b *builder, n *Node, alias schema.Name, items string) (and func()) {
	b.raw("SELECT " + items + " FROM ")
	b.raw(a.From(n.From))
	b.raw(" AS ")
	b.ident(alias.Name)
	sep := " WHERE "
	and = func() { b.raw(sep); sep = " AND " }
	where := n.Where
	if m := a.Plan.Mutation; m != nil && n == a.Plan.Root {
		where = m.Where
	}
	for i := range where {
		if !where[i].hasEmbed() {
			and()
			b.condition(alias, &where[i])
		}
	}
	return and
}

// above writes that a row of the relation above embeds this one.
func (a Asked) above(b *builder, path []*Node, alias schema.Name, and func()) bool {
	if len(path) == 1 {
		return true
	}
	n, parent := path[len(path)-1], path[len(path)-2]
	r := n.Relationship
	if r == nil || r.Cardinality == schema.Computed || parent.From.Name == "" || a.Plan.Call != nil {
		return false
	}
	up := schema.Name{Name: upName}
	for range path[:len(path)-2] {
		up.Name += "_"
	}
	and()
	b.raw("EXISTS (")
	next := a.open(b, parent, up, "1")
	if j := r.Junction; j != nil {
		next()
		b.raw("EXISTS (SELECT 1 FROM ")
		b.raw(a.From(j.Relation))
		b.raw(" AS pgrst_junction WHERE true")
		junction := schema.Name{Name: "pgrst_junction"}
		for _, p := range j.TargetColumns {
			b.raw(" AND ")
			b.equal(junction, p.Target, alias, p.Source)
		}
		for _, p := range j.SourceColumns {
			b.raw(" AND ")
			b.equal(junction, p.Target, up, p.Source)
		}
		b.raw(")")
	}
	for _, p := range r.Columns {
		next()
		b.equal(alias, p.Target, up, p.Source)
	}
	ok := a.above(b, path[:len(path)-1], up, next)
	b.raw(")")
	return ok
}

// hasEmbed reports whether the condition asks whether an embedded relation is there.
func (c *Condition) hasEmbed() bool {
	for i := range c.Children {
		if c.Children[i].hasEmbed() {
			return true
		}
	}
	return c.Embed != nil
}

// Written writes the query of the rows as a create, update or upsert would leave them: the columns of the body, and the others as
// they are now or by their default. passing is an SQL condition, from the catalog, on the rows as they are now. Defaults are
// worked out only of the columns that defaults names; the others are null. Triggers are not run.
func (a Asked) Written(passing string, defaults func(column string) bool) Query {
	b := builder{plan: a.Plan}
	rel, m, payload := a.Plan.Relation, a.Plan.Mutation, a.Plan.Request.Payload
	update := a.Plan.Request.Action == Update
	written := make(map[string]bool, len(m.Columns))
	for i := range m.Columns {
		written[m.Columns[i].Name] = true
	}
	b.raw("SELECT ")
	b.list(len(rel.Columns), ", ", func(i int) {
		c := rel.Columns[i]
		switch {
		case written[c.Name]:
			b.raw("(pgrst_body.")
			b.ident(c.Name)
			b.raw(")")
		case update:
			b.raw("pgrst_now.")
			b.ident(c.Name)
		case c.Default != "" && !c.Generated && defaults(c.Name):
			b.raw("(" + c.Default + ")")
		default:
			b.raw("NULL")
		}
		b.raw("::" + c.NominalType + " AS ")
		b.ident(c.Name)
	})
	b.raw(" ")
	b.fromBody(body{payload.Raw, payload.IsObject, m.ApplyDefaults, update}, m.Columns)
	if update {
		b.raw(", (")
		a.rows(&b, []*Node{a.Plan.Root}, "*", passing)
		b.raw(") AS pgrst_now")
	}
	return Query{string(b.text), b.args}
}

// Conflicting writes the query of the rows that are there already for what an upsert writes, by the columns of its conflict.
func (a Asked) Conflicting() Query {
	b := builder{plan: a.Plan}
	m, payload := a.Plan.Mutation, a.Plan.Request.Payload
	there := schema.Name{Name: a.Plan.Relation.Name.Name}
	b.raw("SELECT * FROM ")
	b.raw(a.From(a.Plan.Relation.Name))
	b.raw(" AS ")
	b.ident(there.Name)
	b.raw(" WHERE EXISTS (SELECT 1 ")
	b.fromBody(body{payload.Raw, payload.IsObject, m.ApplyDefaults, false}, m.Columns)
	b.raw(" WHERE ")
	b.list(len(m.OnConflict), " AND ", func(i int) {
		b.equal(there, m.OnConflict[i], schema.Name{Name: "pgrst_body"}, m.OnConflict[i])
	})
	b.raw(")")
	return Query{string(b.text), b.args}
}
