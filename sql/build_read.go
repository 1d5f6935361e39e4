package sql

import (
	"github.com/postern-db/postern/schema"
)

// read writes the statement of a read.
func (b *builder) read() *Statement {
	p := b.plan
	s := b.finish("", b.totalOf(p.Root, p.Request))
	if p.Request.Preferences.countsByPlan() && p.Media.Kind != MediaPlan {
		q := builder{plan: p}
		q.raw("EXPLAIN (FORMAT JSON) ")
		q.count(p.Root)
		s.PlanRows = &Query{string(q.text), q.args}
	}
	s.ReadsResponse = p.RunsCode && (p.Relation.IsView() || p.Root.runsFunctions() || p.Handler.Kind == HandlerCustom)
	return s
}

// totalOf returns what writes the query to count all rows by, or nil if no total is wanted or it is the number of the
// page's rows.
func (b *builder) totalOf(n *Node, r *Request) func() {
	if !r.Preferences.CountsExactly() || b.plan.MaxRows == 0 && r.Range.IsAll() {
		return nil
	}
	return func() {
		b.count(n)
		if r.Preferences.Count == "estimated" && b.plan.MaxRows > 0 && b.plan.Call == nil {
			// One row more than the limit tells that the estimate is needed.
			b.raw(" LIMIT ")
			b.integer(b.plan.MaxRows + 1)
		}
	}
}

// runsFunctions reports whether the node calls functions that are not PostgreSQL's own.
func (n *Node) runsFunctions() bool {
	if r := n.Relationship; r != nil && (r.Cardinality == schema.Computed || r.TargetIsView) {
		return true
	}
	for i := range n.Select {
		if c := &n.Select[i]; !c.Known && c.Name != "*" || c.Transform != "" {
			return true
		}
	}
	for _, c := range n.Children {
		if c.runsFunctions() {
			return true
		}
	}
	return false
}

// node writes the query of a node and returns its columns. The top level's values are written so that they can be encoded,
// without names; those of a subquery are named and left as they are.
func (b *builder) node(n *Node, top bool) []OutputColumn {
	b.raw("SELECT ")
	list := selectList{builder: b, top: top, grouping: n.aggregates()}
	list.write(n)
	b.from(n)
	for _, c := range n.Children {
		b.join(c)
	}
	b.where(n)
	for i, term := range list.groups {
		if i == 0 {
			b.raw(" GROUP BY ")
		} else {
			b.raw(", ")
		}
		b.raw(term)
	}
	b.orderBy(n.sqlName(), n.Order)
	b.limit(n.Range)
	if top && n.isOpaque() {
		return nil
	}
	return list.columns
}

func (b *builder) column(table schema.Name, name string) {
	b.name(table)
	b.raw(".")
	if name == "*" {
		b.raw("*")
	} else {
		b.ident(name)
	}
}

// field writes a column with the path into it.
func (b *builder) field(table schema.Name, c *Column) {
	switch {
	case c.FullRow:
		b.ident(table.Name)
		return
	case len(c.Path) == 0:
		b.column(table, c.Name)
		return
	case c.ToJSONB:
		b.raw("to_jsonb(")
		b.column(table, c.Name)
		b.raw(")")
	default:
		b.column(table, c.Name)
	}
	for _, step := range c.Path {
		if step.Text {
			b.raw("->>")
		} else {
			b.raw("->")
		}
		b.param(step.Key)
		if step.IsIndex {
			b.raw("::int")
		}
	}
}

func (b *builder) selectColumn(table schema.Name, c *SelectColumn) {
	if c.Aggregate != NoAggregate {
		b.aggregated(c.Aggregate, c.AggregateCast, func() { b.castColumn(table, c) })
		return
	}
	b.castColumn(table, c)
}

func (b *builder) castColumn(table schema.Name, c *SelectColumn) {
	if c.Name == "*" && c.Aggregate == Count && !c.FullRow {
		b.raw("*")
		return
	}
	if c.Cast != "" {
		b.raw("CAST(")
	}
	if c.Transform != "" {
		b.raw(c.Transform)
		b.raw("(")
	}
	b.field(table, &c.Column)
	if c.Transform != "" {
		b.raw(")")
	}
	if c.Cast != "" {
		b.raw(" AS ")
		b.raw(castType(c.Cast))
		b.raw(")")
	}
}

func (b *builder) aggregated(a Aggregate, cast string, value func()) {
	if cast != "" {
		b.raw("CAST(")
	}
	b.raw(a.String())
	b.raw("(")
	value()
	b.raw(")")
	if cast != "" {
		b.raw(" AS ")
		b.raw(castType(cast))
		b.raw(")")
	}
}

// spreadColumn writes a column that a spread node adds.
func (b *builder) spreadColumn(c *Node, o *SpreadColumn) {
	name := schema.Name{Name: c.JSONAlias}
	if o.Aggregate != NoAggregate {
		b.aggregated(o.Aggregate, o.AggregateCast, func() { b.column(name, o.Name) })
		return
	}
	if c.Spread == SpreadToMany {
		b.column(name, o.Key())
		return
	}
	b.column(name, o.Name)
}

func (b *builder) orderBy(table schema.Name, terms []OrderColumn) {
	if len(terms) == 0 {
		return
	}
	b.raw(" ORDER BY ")
	b.list(len(terms), ", ", func(i int) {
		t := &terms[i]
		at := table
		if t.Table != "" {
			at = schema.Name{Name: t.Table}
		}
		column := t.Column
		b.field(at, &column)
		switch t.Direction {
		case Ascending:
			b.raw(" ASC")
		case Descending:
			b.raw(" DESC")
		}
		switch t.Nulls {
		case NullsFirst:
			b.raw(" NULLS FIRST")
		case NullsLast:
			b.raw(" NULLS LAST")
		}
	})
}

// limit writes the number of rows as text, since the planner must know it to choose an index, and the offset, which varies
// from page to page, as a parameter.
func (b *builder) limit(r Range) {
	if r.Bounded {
		b.raw(" LIMIT ")
		b.integer(r.Limit())
	}
	if r.Lower != 0 {
		b.raw(" OFFSET ")
		b.text = append(b.text, '$')
		b.args = append(b.args, Arg{Value: appendInteger(nil, r.Lower)})
		b.integer(int64(len(b.args)))
	}
}
