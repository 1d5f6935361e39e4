package sql

import (
	"slices"

	"github.com/postern-db/postern/schema"
)

// NeededColumns lists the columns of a relation that a node reads, sorted: for its items, its joins, its filters and its order.
func (n *Node) NeededColumns(rel *schema.Relation) []string {
	out := n.neededColumns(nil)
	if r := n.Relationship; r != nil {
		for _, p := range r.Columns {
			out = append(out, p.Target)
		}
		if r.Junction != nil {
			for _, p := range r.Junction.TargetColumns {
				out = append(out, p.Source)
			}
		}
	}
	if slices.Contains(out, "*") {
		out = nil
		for _, c := range rel.Columns {
			out = append(out, c.Name)
		}
	}
	out = slices.DeleteFunc(out, func(name string) bool { return rel.Column(name) == nil })
	slices.Sort(out)
	return slices.Compact(out)
}

// ConditionColumns lists the columns that conditions compare.
func ConditionColumns(where []Condition) []string { return appendConditionColumns(nil, where) }
