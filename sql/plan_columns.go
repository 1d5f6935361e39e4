package sql

import (
	"slices"

	"github.com/postern-db/postern/schema"
)

// column resolves a field of a relation, which is nil if the catalog does not hold it.
func (pl *planner) column(n *Node, f Field) Column {
	c := Column{Name: f.Name, Path: f.Path}
	known := columnOf(n.Relation, f.Name)
	if known == nil {
		c.Encoding, c.ToJSONB = schema.ToJSON, len(f.Path) > 0
		if n.Relation != nil {
			if computed := pl.catalog.ComputedField(n.Relation.Name, f.Name); computed != nil {
				c.Encoding, c.Type, c.BaseType = computed.Encoding, computed.Type, computed.Type
			}
		}
	} else {
		c.Known, c.Encoding, c.Type, c.BaseType = true, known.Encoding, known.NominalType, known.Type
		c.ToJSONB = len(f.Path) > 0 && c.Type != "json" && c.Type != "jsonb"
	}
	if len(f.Path) > 0 {
		c.Encoding = schema.Verbatim
		if f.Path[len(f.Path)-1].Text {
			c.Encoding = schema.String
		}
	}
	return c
}

// resolveColumns resolves the selected columns of a node and of those below it. Stars are expanded at the top level, whose
// columns are encoded one by one, and wherever columns must be known by name.
func (pl *planner) resolveColumns(root *Node) *Error {
	pl.selectColumns(root, false)
	return nil
}

func (pl *planner) selectColumns(n *Node, aggregated bool) {
	for _, item := range n.items {
		if item.Kind == SelectField && item.Aggregate != NoAggregate {
			aggregated = true
		}
	}
	expand := aggregated || n.Depth == 0 || n.Spread != NoSpread ||
		n.Relation != nil && pl.catalog.HasOutputRepresentation(n.Relation)
	for _, item := range n.items {
		if item.Kind != SelectField {
			continue
		}
		if n.Select == nil {
			n.Select = make([]SelectColumn, 0, n.selectLength(expand))
		}
		star := item.Name == "*" && len(item.Path) == 0
		switch {
		case star && item.Aggregate == NoAggregate && expand && n.Relation != nil:
			for _, c := range n.Relation.Columns {
				n.Select = append(n.Select, pl.knownColumn(c))
			}
		case star && item.Aggregate == Count && n.Spread != NoSpread:
			n.Select = append(n.Select, SelectColumn{
				Column: Column{Name: "*", FullRow: true}, Aggregate: Count, AggregateCast: item.AggregateCast, Alias: item.Alias,
			})
		default:
			n.Select = append(n.Select, pl.selectColumn(n, item))
		}
	}
	for i := range n.Select {
		n.Select[i].nameAfterPath(n.Spread != NoSpread)
	}
	for _, c := range n.Children {
		pl.selectColumns(c, aggregated)
	}
}

// selectLength is how many columns the items of the node select.
func (n *Node) selectLength(expand bool) int {
	length := len(n.items)
	for _, item := range n.items {
		if item.Name == "*" && expand && n.Relation != nil {
			length += len(n.Relation.Columns) - 1
		}
	}
	return length
}

func (pl *planner) knownColumn(c *schema.Column) SelectColumn {
	out := SelectColumn{Column: Column{
		Name: c.Name, Type: c.NominalType, BaseType: c.Type, Encoding: c.Encoding, Known: true,
	}}
	pl.represent(&out)
	return out
}

func (pl *planner) selectColumn(n *Node, item *SelectItem) SelectColumn {
	out := SelectColumn{
		Column: pl.column(n, Field{item.Name, item.Path}), Cast: item.Cast,
		Aggregate: item.Aggregate, AggregateCast: item.AggregateCast, Alias: item.Alias,
	}
	pl.represent(&out)
	switch {
	case out.Aggregate != NoAggregate:
		out.Encoding = castEncoding(out.AggregateCast)
		if out.AggregateCast == "" && out.Aggregate == Count {
			out.Encoding = schema.Verbatim
		}
	case out.Cast != "":
		out.Encoding = castEncoding(out.Cast)
	}
	return out
}

// represent applies the representation as json that a domain's author has declared.
func (pl *planner) represent(c *SelectColumn) {
	if f := pl.catalog.Representation(c.Type, "json"); f != "" {
		c.Transform, c.Encoding = f, schema.Verbatim
	}
}

// nameAfterPath gives the column the key of the last step of its path, or its own name if a function is applied to it.
func (c *SelectColumn) nameAfterPath(spread bool) {
	switch {
	case c.Alias != "":
	case c.Aggregate != NoAggregate:
		if spread { // the parent must be able to name it
			c.Alias = c.Aggregate.String()
		}
	case len(c.Path) > 0:
		c.Alias = c.Name
		for _, step := range slices.Backward(c.Path) {
			if !step.IsIndex {
				c.Alias = step.Key
				break
			}
		}
	case c.Transform != "":
		c.Alias = c.Name
	}
}

// resolveOrders resolves the order of every node. A related order needs an embedded to-one relation.
func (pl *planner) resolveOrders(n *Node) *Error {
	for _, t := range n.orders {
		o := OrderColumn{Direction: t.Direction, Nulls: t.Nulls}
		if t.Relation == "" {
			o.Column = pl.column(n, t.Field)
		} else {
			child := n.child(t.Relation)
			if child == nil {
				return pl.notEmbedded(&Node{}, t.Relation)
			}
			if !child.Relationship.ToOne() {
				return &Error{
					Code: CodeRelatedOrder, Message: "A related order on '" + child.RequestName + "' is not possible",
					Details: "'" + n.From.Name + "' and '" + child.RequestName +
						"' do not form a many-to-one or one-to-one relationship",
				}
			}
			o.Table = child.JSONAlias
			o.Column = Column{Name: t.Field.Name, Path: t.Field.Path}
		}
		n.Order = append(n.Order, o)
	}
	for _, c := range n.Children {
		if err := pl.resolveOrders(c); err != nil {
			return err
		}
	}
	return nil
}

// child returns the embedded relation that the request calls name.
func (n *Node) child(name string) *Node {
	for _, c := range n.search {
		if c.RequestName == name {
			return c
		}
	}
	return nil
}

// resolveConditions resolves the filters of every node. A test for null on an embedded relation asks whether there is a row.
func (pl *planner) resolveConditions(n *Node) *Error {
	if len(n.filters)+len(n.logic) > 0 {
		n.Where = make([]Condition, 0, len(n.filters)+len(n.logic))
	}
	for i := len(n.filters) - 1; i >= 0; i-- {
		n.Where = append(n.Where, pl.leaf(n, n.filters[i]))
	}
	for i := len(n.logic) - 1; i >= 0; i-- {
		n.Where = append(n.Where, pl.condition(n, n.logic[i]))
	}
	for _, c := range n.Children {
		if err := pl.resolveConditions(c); err != nil {
			return err
		}
	}
	return nil
}

func (pl *planner) condition(n *Node, l *Logic) Condition {
	if l.Filter != nil {
		return pl.leaf(n, l.Filter)
	}
	out := Condition{Negated: l.Negated, Or: l.Or, Children: make([]Condition, len(l.Children))}
	for i := range l.Children {
		out.Children[i] = pl.condition(n, &l.Children[i])
	}
	return out
}

func (pl *planner) leaf(n *Node, f *Filter) Condition {
	if len(f.Field.Path) == 0 && f.Operator == OpIs && f.Is == IsNull {
		if child := n.child(f.Field.Name); child != nil {
			return Condition{Operation: f.Operation, Embed: child}
		}
	}
	c := pl.column(n, f.Field)
	switch f.Operator {
	case OpFTS, OpPlainFTS, OpPhraseFTS, OpWebFTS:
		c.ToVector = c.Known && c.BaseType != "tsvector"
	}
	if c.Type != "" {
		c.Transform = pl.catalog.Representation("text", c.Type)
	}
	return Condition{Column: &c, Operation: f.Operation}
}

func (pl *planner) checkAggregates(n *Node) *Error {
	if pl.settings.Aggregates {
		return nil
	}
	for i := range n.Select {
		if n.Select[i].Aggregate != NoAggregate {
			return &Error{Code: CodeAggregatesNotAllowed, Message: "Use of aggregate functions is not allowed"}
		}
	}
	for _, c := range n.Children {
		if err := pl.checkAggregates(c); err != nil {
			return err
		}
	}
	return nil
}

// columnOf returns a column of a relation, or nil if either is unknown.
func columnOf(r *schema.Relation, name string) *schema.Column {
	if r == nil {
		return nil
	}
	return r.Column(name)
}
