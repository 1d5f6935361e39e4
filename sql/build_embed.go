package sql

import (
	"strconv"

	"github.com/postern-db/postern/schema"
)

func appendInteger(out []byte, n int64) []byte { return strconv.AppendInt(out, n, 10) }

// from writes the FROM clause of a node: its relation, the rows of a write or call, or a function of the parent's row.
func (b *builder) from(n *Node) {
	b.raw(" FROM ")
	switch {
	case n.IsSource:
		b.raw(source)
	case n.Relationship != nil && n.Relationship.Cardinality == schema.Computed:
		b.name(n.Relationship.Function)
		b.raw("(")
		parent := n.ParentAlias
		if parent == "" {
			parent = n.Relationship.Source.Name
		}
		b.ident(parent)
		b.raw("::")
		b.name(n.Relationship.Source)
		b.raw(")")
	default:
		b.name(n.From)
	}
	if n.Alias != "" {
		b.raw(" AS ")
		b.ident(n.Alias)
	}
	if n.Relationship != nil && n.Relationship.Junction != nil {
		b.raw(", ")
		b.name(n.Relationship.Junction.Relation)
	}
}

// join writes the lateral join of an embedded relation. This is the one place that decides on the shape of an embed: a
// to-one relation joins its row, a to-many relation one value that aggregates its rows.
func (b *builder) join(c *Node) {
	inner := c.Join == JoinInner
	if inner {
		b.raw(" INNER JOIN LATERAL (")
	} else {
		b.raw(" LEFT JOIN LATERAL (")
	}
	toMany := c.Spread == SpreadToMany || c.Spread == NoSpread && !c.Relationship.ToOne()
	if !toMany {
		b.node(c, false)
		b.raw(") AS ")
		b.ident(c.JSONAlias)
		b.raw(" ON TRUE")
		return
	}
	b.raw("SELECT json_agg(")
	b.ident(c.JSONAlias)
	b.raw(")")
	b.castJSONB()
	b.raw(" AS ")
	b.ident(c.JSONAlias)
	if c.Spread == SpreadToMany {
		b.spreadArrays(c)
	}
	b.raw(" FROM (")
	b.node(c, false)
	b.raw(") AS ")
	b.ident(c.JSONAlias)
	b.raw(") AS ")
	b.ident(c.JSONAlias)
	b.raw(" ON ")
	if inner {
		b.ident(c.JSONAlias)
		b.raw(" IS NOT NULL")
	} else {
		b.raw("TRUE")
	}
}

// spreadArrays writes one array for each column of a to-many spread.
func (b *builder) spreadArrays(c *Node) {
	at := schema.Name{Name: c.JSONAlias}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		b.raw(", COALESCE(json_agg(")
		b.column(at, o.Name)
		b.orderBy(at, c.SpreadOrder)
		b.raw("), '[]')")
		b.castJSONB()
		b.raw(" AS ")
		b.ident(o.Key())
	}
}

func (b *builder) castJSONB() {
	if b.jsonb {
		b.raw("::jsonb")
	}
}

// embedded writes the value of an embedded relation in its parent's columns.
func (b *builder) embedded(c *Node) {
	if c.Relationship.ToOne() {
		b.raw("row_to_json(")
		b.ident(c.JSONAlias)
		b.raw(".*)")
		b.castJSONB()
		return
	}
	b.raw("COALESCE(")
	b.ident(c.JSONAlias)
	b.raw(".")
	b.ident(c.JSONAlias)
	b.raw(", '[]')")
}

// joinConditions writes how the rows of a node belong to the row of its parent.
func (b *builder) joinConditions(n *Node, and func()) {
	r := n.Relationship
	if r == nil || r.Cardinality == schema.Computed {
		return
	}
	parent := schema.Name{Name: n.ParentAlias}
	if n.ParentAlias == "" {
		parent = r.Source
	}
	if j := r.Junction; j != nil {
		for _, p := range j.TargetColumns {
			and()
			b.equal(j.Relation, p.Target, r.Target, p.Source)
		}
		for _, p := range j.SourceColumns {
			and()
			b.equal(j.Relation, p.Target, parent, p.Source)
		}
		return
	}
	for _, p := range r.Columns {
		and()
		b.equal(n.sqlName(), p.Target, parent, p.Source)
	}
}

func (b *builder) equal(t1 schema.Name, c1 string, t2 schema.Name, c2 string) {
	b.column(t1, c1)
	b.raw(" = ")
	b.column(t2, c2)
}

// count writes the query whose rows are all rows of a node, whatever its range. An inner join counts as EXISTS, which needs
// no aggregate.
func (b *builder) count(n *Node) {
	b.raw("SELECT 1")
	b.from(n)
	first := true
	and := func() {
		if first {
			b.raw(" WHERE ")
		} else {
			b.raw(" AND ")
		}
		first = false
	}
	for i := range n.Where {
		and()
		b.countCondition(n, &n.Where[i])
	}
	b.joinConditions(n, and)
	for _, c := range n.Children {
		if c.Join == JoinInner {
			and()
			b.raw("EXISTS (")
			b.count(c)
			b.raw(")")
		}
	}
}

// countCondition writes a condition of a count query, in which embedded relations are not joined.
func (b *builder) countCondition(n *Node, c *Condition) {
	switch {
	case c.Embed != nil:
		if !c.Operation.Negated {
			b.raw("NOT ")
		}
		b.raw("EXISTS (")
		b.count(c.Embed)
		b.raw(")")
	case c.Column != nil:
		b.filter(n.sqlName(), c)
	default:
		b.tree(c, func(child *Condition) { b.countCondition(n, child) })
	}
}
