package sql

import "github.com/postern-db/postern/schema"

// runsCode reports whether the plan's statement can run code that is not known to be harmless: functions, triggers, policies
// and views that could leave something in the session. Where the catalog cannot tell, it can.
func (pl *planner) runsCode() bool {
	p := pl.plan
	if p.Routine != nil && p.Routine.RunsCode || p.Handler.RunsCode {
		return true
	}
	if p.Mutation != nil && p.Relation.RunsCode&pl.commands() != 0 {
		return true
	}
	if m := p.Mutation; m != nil {
		n := &Node{Relation: p.Relation}
		if pl.conditionsRunCode(n, m.Where) {
			return true
		}
		for _, name := range m.Returning {
			if name != "*" && pl.columnRunsCode(n, &Column{Name: name, Known: p.Relation.Column(name) != nil}) {
				return true
			}
		}
	}
	return p.Root != nil && pl.nodeRunsCode(p.Root)
}

// commands are those that the mutation gives PostgreSQL.
func (pl *planner) commands() schema.Commands {
	switch pl.request.Action {
	case Update:
		return schema.Update
	case Delete:
		return schema.Delete
	default:
		if pl.plan.Mutation.Merge {
			return schema.Insert | schema.Update
		}
		return schema.Insert
	}
}

func (pl *planner) nodeRunsCode(n *Node) bool {
	if n.Relation != nil && n.Relation.RunsCode&schema.Select != 0 {
		return true
	}
	if r := n.Relationship; r != nil {
		if r.RunsCode {
			return true
		}
		if r.Junction != nil {
			junction := pl.catalog.Relation(r.Junction.Relation)
			if junction == nil || junction.RunsCode&schema.Select != 0 {
				return true
			}
		}
	}
	for i := range n.Select {
		if pl.selectRunsCode(n, &n.Select[i]) {
			return true
		}
	}
	for i := range n.ExtraSelect {
		e := &n.ExtraSelect[i]
		if e.Table == "" && pl.selectRunsCode(n, &e.SelectColumn) || e.Table != "" && !pl.embeds(n, e.Table, e.Name) {
			return true
		}
	}
	for i := range n.Outputs {
		if pl.castRunsCode(n.Outputs[i].AggregateCast) {
			return true
		}
	}
	if pl.conditionsRunCode(n, n.Where) || pl.ordersRunCode(n) {
		return true
	}
	for _, c := range n.Children {
		if pl.nodeRunsCode(c) {
			return true
		}
	}
	return false
}

func (pl *planner) ordersRunCode(n *Node) bool {
	for i := range n.Order {
		o := &n.Order[i]
		if o.Table == "" && pl.columnRunsCode(n, &o.Column) || o.Table != "" && !pl.embeds(n, o.Table, o.Column.Name) {
			return true
		}
	}
	return false
}

// embeds reports whether the relation that is embedded as table has that column.
func (pl *planner) embeds(n *Node, table, column string) bool {
	for _, c := range n.Children {
		if c.JSONAlias == table {
			return columnOf(c.Relation, column) != nil
		}
	}
	return false
}

func (pl *planner) selectRunsCode(n *Node, c *SelectColumn) bool {
	return pl.columnRunsCode(n, &c.Column) || pl.castRunsCode(c.Cast) || pl.castRunsCode(c.AggregateCast)
}

// columnRunsCode reports whether a column may be a function of the row: PostgreSQL takes t.name for name(t) where t has no
// such column.
func (pl *planner) columnRunsCode(n *Node, c *Column) bool {
	if c.Known || c.FullRow || c.Name == "*" {
		return false
	}
	if n.Relation == nil { // the rows of a routine
		return false
	}
	f := pl.catalog.ComputedField(n.Relation.Name, c.Name)
	return f == nil || f.RunsCode
}

func (pl *planner) castRunsCode(cast string) bool {
	return cast != "" && pl.catalog.TypeRunsCode(typeName(cast))
}

func (pl *planner) conditionsRunCode(n *Node, where []Condition) bool {
	for i := range where {
		w := &where[i]
		if w.Column != nil && pl.columnRunsCode(n, w.Column) || pl.conditionsRunCode(n, w.Children) {
			return true
		}
	}
	return false
}
