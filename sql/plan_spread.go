package sql

import (
	"slices"
	"strconv"

	"github.com/postern-db/postern/schema"
)

// spreadOutputs tells every parent which columns its spread children add, and finds the embedded relations of which nothing
// is selected.
func (n *Node) spreadOutputs() {
	for _, c := range n.Children {
		c.spreadOutputs()
	}
	if n.Spread != NoSpread {
		n.Outputs = n.outputs()
	}
	n.EmptyEmbed = n.Spread == NoSpread && n.selectsNothing()
}

func (n *Node) selectsNothing() bool {
	return len(n.Select) == 0 && !slices.ContainsFunc(n.Children, func(c *Node) bool { return !c.selectsNothing() })
}

// outputs lists the columns that the node's subquery yields.
func (n *Node) outputs() []SpreadColumn {
	var out []SpreadColumn
	for i := range n.Select {
		c := &n.Select[i]
		name := c.Alias
		if name == "" {
			name = c.Name
		}
		out = append(out, SpreadColumn{Name: name, Encoding: c.Encoding})
	}
	for _, c := range n.Children {
		if c.Spread == NoSpread {
			if !c.EmptyEmbed {
				out = append(out, SpreadColumn{Name: c.RequestName, Encoding: schema.Verbatim})
			}
			continue
		}
		for _, o := range c.Outputs {
			enc := o.Encoding
			if c.Spread == SpreadToMany {
				enc = schema.Verbatim
			}
			out = append(out, SpreadColumn{Name: o.Key(), Encoding: enc})
		}
	}
	return out
}

// hoisted is an aggregate that moves from a spread node to the node that it spreads into.
type hoisted struct {
	node      *Node
	name      string
	aggregate Aggregate
	cast      string
	alias     string
}

// hoistAggregates moves the aggregates of to-one spreads up to the relation whose rows they spread into, since a row of the
// spread relation alone has nothing to aggregate: films?select=year,...director(count()) counts by year.
func (n *Node) hoistAggregates() []hoisted {
	var below []hoisted
	for _, c := range n.Children {
		below = append(below, c.hoistAggregates()...)
	}
	if n.Spread == SpreadToOne {
		var out []hoisted
		for i := range n.Select {
			c := &n.Select[i]
			if c.Aggregate == NoAggregate {
				continue
			}
			name := c.Alias
			if name == "" {
				name = c.Name
			}
			out = append(out, hoisted{n, name, c.Aggregate, c.AggregateCast, c.Alias})
			c.Aggregate, c.AggregateCast = NoAggregate, ""
		}
		for _, h := range below {
			h.node = n
			out = append(out, h)
		}
		return out
	}
	for _, c := range n.Children {
		if c.Spread == NoSpread {
			continue
		}
		for i := range c.Outputs {
			o := &c.Outputs[i]
			for _, h := range below {
				if h.node == c && h.name == o.Name {
					o.Aggregate, o.AggregateCast, o.Alias = h.aggregate, h.cast, h.alias
					o.Encoding = castEncoding(h.cast)
				}
			}
		}
	}
	return nil
}

// moveSpreadOrders moves the order of a to-many spread into the aggregates of its columns. The columns to order by are
// selected under names of their own.
func (n *Node) moveSpreadOrders() *Error {
	if n.Spread == SpreadToMany {
		if n.aggregates() {
			return &Error{
				Code: CodeNotImplemented, Message: "Feature not implemented",
				Details: "Aggregates are not implemented for one-to-many or many-to-many spreads.",
			}
		}
		for i, o := range n.Order {
			alias := numbered(n.JSONAlias+"_"+o.Column.Name+"_"+strconv.Itoa(i+1), n.Depth)
			n.ExtraSelect = append(n.ExtraSelect, ExtraColumn{o.Table, SelectColumn{Column: o.Column, Alias: alias}})
			o.Table, o.Column = "", Column{Name: alias}
			n.SpreadOrder = append(n.SpreadOrder, o)
		}
		n.Order = nil
	}
	for _, c := range n.Children {
		if err := c.moveSpreadOrders(); err != nil {
			return err
		}
	}
	return nil
}

// aggregates reports whether the node itself computes an aggregate, so that its other columns are grouped by.
func (n *Node) aggregates() bool {
	if slices.ContainsFunc(n.Select, func(c SelectColumn) bool { return c.Aggregate != NoAggregate }) {
		return true
	}
	return slices.ContainsFunc(n.Children, func(c *Node) bool {
		return c.Spread != NoSpread && slices.ContainsFunc(c.Outputs, func(o SpreadColumn) bool { return o.Aggregate != NoAggregate })
	})
}

// aggregatesBelow reports whether the node or one below it computes an aggregate.
func (n *Node) aggregatesBelow() bool {
	return n.aggregates() || slices.ContainsFunc(n.Children, (*Node).aggregatesBelow)
}
