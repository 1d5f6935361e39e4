package sql

import "github.com/postern-db/postern/schema"

// selectList writes the items of a node's SELECT.
type selectList struct {
	*builder
	top     bool
	columns []OutputColumn
	// grouping is set if the node aggregates; then groups are the terms to group by: all items that are not aggregated, in the
	// same text, for PostgreSQL takes two parameters of the same value for two expressions.
	grouping bool
	groups   []string

	wrapped bool // the current item is within to_json
	start   int  // of the current item's expression
}

func (l *selectList) write(n *Node) {
	table := n.sqlName()
	l.columns = make([]OutputColumn, 0, len(n.Select)+len(n.Children))
	if len(n.Select) == 0 && len(n.Children) == 0 {
		l.everything(n, table)
	}
	for i := range n.Select {
		c := &n.Select[i]
		l.begin(c.Encoding)
		l.selectColumn(table, c)
		switch {
		case c.Aggregate != NoAggregate:
		case c.Alias == "" && c.Cast != "": // PostgREST groups by what is cast, unless the result has a name
			if l.grouping {
				l.groups = append(l.groups, l.capture(func() { l.field(table, &c.Column) }))
			}
		default:
			l.group()
		}
		l.end(c.Key(), c.Encoding, c.Alias != "")
	}
	for i := range n.ExtraSelect {
		c := &n.ExtraSelect[i]
		at := table
		if c.Table != "" {
			at = schema.Name{Name: c.Table}
		}
		l.begin(schema.ToJSON)
		l.selectColumn(at, &c.SelectColumn)
		l.end(c.Alias, schema.ToJSON, true)
	}
	for _, c := range n.Children {
		switch {
		case c.Spread != NoSpread:
			l.spread(c)
		case !c.EmptyEmbed:
			l.begin(schema.Verbatim)
			l.embedded(c)
			l.group()
			l.end(c.RequestName, schema.Verbatim, true)
		}
	}
}

// everything selects all columns where the request selects none.
func (l *selectList) everything(n *Node, table schema.Name) {
	if n.Relation == nil || n.Depth > 0 {
		l.column(table, "*")
		return
	}
	for _, c := range n.Relation.Columns {
		l.begin(c.Encoding)
		l.column(table, c.Name)
		l.end(c.Name, c.Encoding, false)
	}
}

// spread selects the columns of a spread node.
func (l *selectList) spread(c *Node) {
	for i := range c.Outputs {
		o := &c.Outputs[i]
		enc := o.Encoding
		if c.Spread == SpreadToMany {
			enc = schema.Verbatim
		}
		l.begin(enc)
		l.spreadColumn(c, o)
		if o.Aggregate == NoAggregate {
			l.group()
		}
		l.end(o.Key(), enc, o.Alias != "" || o.Aggregate != NoAggregate)
	}
}

// begin writes what comes before an item's expression.
func (l *selectList) begin(enc schema.Encoding) {
	if len(l.columns) > 0 {
		l.raw(", ")
	}
	l.wrapped = l.top && !l.numbered && enc == schema.ToJSON && l.plan.Handler.Kind != HandlerCSV
	if l.wrapped {
		l.encodes = true
		l.raw("pg_catalog.to_json(")
	}
	l.start = len(l.text)
}

// group makes the current item's expression a term to group by.
func (l *selectList) group() {
	if l.grouping {
		l.groups = append(l.groups, string(l.text[l.start:]))
	}
}

// end writes what comes after an item's expression.
func (l *selectList) end(key string, enc schema.Encoding, named bool) {
	if l.wrapped {
		l.raw(")")
	}
	switch {
	case l.top && l.numbered:
		l.raw(" AS c")
		l.integer(int64(len(l.columns) + 1))
	case named && !l.top:
		l.raw(" AS ")
		l.ident(key)
	}
	l.columns = append(l.columns, OutputColumn{clip(key), enc})
}
