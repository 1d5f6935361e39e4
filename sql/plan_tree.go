package sql

import (
	"slices"

	"github.com/postern-db/postern/schema"
)

// readTree plans what is read: relation is nil if the catalog does not hold what the rows come from.
func (pl *planner) readTree(relation *schema.Relation, from schema.Name) *Error {
	root := &Node{Relation: relation, From: from, Name: from.Name, RequestName: from.Name}
	root.grow(pl.request.Select, 1)
	pl.plan.Root = root
	if err := pl.target(root); err != nil {
		return err
	}
	if pl.request.Action != Read {
		root.IsSource, root.Alias = true, from.Name
	}
	steps := [...]func(*Node) *Error{
		pl.resolveRelationships, pl.resolveColumns, pl.resolveOrders, pl.resolveConditions, pl.checkAggregates,
	}
	for _, step := range steps {
		if err := step(root); err != nil {
			return err
		}
	}
	root.spreadOutputs()
	root.hoistAggregates()
	if err := root.moveSpreadOrders(); err != nil {
		return err
	}
	if !pl.request.Action.Mutates() {
		root.restrict(pl.settings.MaxRows)
	}
	return nil
}

// grow adds a child for each embedded relation of the items.
func (n *Node) grow(items []*SelectItem, depth int) {
	n.items = items
	for _, item := range items {
		if item.Kind == SelectField {
			continue
		}
		child := &Node{
			Name: item.Name, RequestName: item.Name, Hint: item.Hint, Join: item.Join, Depth: depth,
		}
		if item.Alias != "" {
			child.RequestName, child.HasAlias = item.Alias, true
		}
		if item.Kind == SelectSpread {
			child.Spread = SpreadToOne
		}
		child.grow(item.Items, depth+1)
		n.Children = append(n.Children, child)
	}
	n.search = slices.Clone(n.Children)
}

// target hands every filter, order, limit and condition to the node that its path names. They are taken from the last to
// the first, since PostgREST does, and where a name fits several nodes the one found last is looked at first.
func (pl *planner) target(root *Node) *Error {
	r := pl.request
	for i := len(r.Filters) - 1; i >= 0; i-- {
		f := &r.Filters[i]
		if len(f.Path) == 0 && r.Action.Mutates() {
			continue
		}
		n, err := pl.find(root, f.Path)
		if err != nil {
			return err
		}
		n.filters = append(n.filters, f)
	}
	for _, o := range slices.Backward(r.Orders) {
		n, err := pl.find(root, o.Path)
		if err != nil {
			return err
		}
		n.orders = o.Terms
	}
	if !r.Action.Mutates() {
		root.Range = r.Range
		for _, l := range slices.Backward(r.Limits) {
			n, err := pl.find(root, l.Path)
			if err != nil {
				return err
			}
			n.Range = l.Range
		}
	}
	for i := len(r.Logic) - 1; i >= 0; i-- {
		l := &r.Logic[i]
		if len(l.Path) == 0 && r.Action.Mutates() {
			continue
		}
		n, err := pl.find(root, l.Path)
		if err != nil {
			return err
		}
		n.logic = append(n.logic, &l.Tree)
	}
	root.collectWarnings(pl.plan)
	return nil
}

func (pl *planner) find(n *Node, path []string) (*Node, *Error) {
	for _, name := range path {
		i := slices.IndexFunc(n.search, func(c *Node) bool {
			return c.RequestName == name || pl.settings.LegacyTargetNames && c.Name == name
		})
		if i < 0 {
			return nil, pl.notEmbedded(n, name)
		}
		child := n.search[i]
		n.search = slices.Insert(slices.Delete(n.search, i, i+1), 0, child)
		if child.HasAlias && child.Name == name && child.RequestName != name {
			child.legacy = true
		}
		n = child
	}
	return n, nil
}

func (pl *planner) notEmbedded(n *Node, name string) *Error {
	e := &Error{
		Code: CodeNotEmbedded, Message: "'" + name + "' is not an embedded resource in this request",
		Hint: "Verify that '" + name + "' is included in the 'select' query parameter.",
	}
	for _, c := range n.search {
		if c.Name == name && c.HasAlias {
			e.Details = "Target names are not allowed in filters if they have an alias"
			e.Hint = "Change '" + name + "' to '" + c.RequestName + "' in filters, orders or limits."
			break
		}
	}
	return e
}

func (n *Node) collectWarnings(p *Plan) {
	if n.legacy {
		p.Warnings = append(p.Warnings, TargetWarning{n.Name, n.RequestName})
	}
	for _, c := range n.Children {
		c.collectWarnings(p)
	}
}

// restrict applies db-max-rows to every level.
func (n *Node) restrict(maxRows int64) {
	n.Range = n.Range.restrict(maxRows)
	for _, c := range n.Children {
		c.restrict(maxRows)
	}
}

// sqlName returns what names the node in SQL.
func (n *Node) sqlName() schema.Name {
	if n.Alias != "" {
		return schema.Name{Name: n.Alias}
	}
	return n.From
}
