package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// findParts lists what the request reads and writes: the relation of the path, what it embeds, and what is below views.
func (e *explainer) findParts() {
	p := e.in.Plan
	if p.Root == nil {
		return
	}
	var root []string
	if p.Relation != nil {
		root = p.Root.NeededColumns(p.Relation)
	}
	switch action := p.Request.Action; {
	case action == sql.Read:
		e.addPart(p.Relation.Name, policy.ReadRows, []*sql.Node{p.Root}, root, "", false)
	case action.Mutates():
		e.addWrite()
	}
	e.addEmbedded([]*sql.Node{p.Root})
}

// addWrite lists what a write needs. What it returns or filters by has to be read, too.
func (e *explainer) addWrite() {
	p, m := e.in.Plan, e.in.Plan.Mutation
	name, path := p.Relation.Name, []*sql.Node{p.Root}
	columns := make([]string, len(m.Columns))
	for i := range m.Columns {
		columns[i] = m.Columns[i].Name
	}
	filters := sql.ConditionColumns(m.Where)
	returned := m.Returning
	if slices.Equal(returned, []string{"*"}) {
		returned = allColumns(p.Relation)
	}
	reads := len(filters) > 0 || len(returned) > 0
	back, returns := "to be seen afterwards", false
	if len(returned) > 0 || len(filters) > 0 {
		back, returns = "to return what was written", true
	}
	read := slices.Compact(slices.Sorted(slices.Values(slices.Concat(filters, returned))))
	switch p.Request.Action {
	case sql.Delete:
		e.addPart(name, policy.DeleteRows, path, nil, "", false)
	case sql.Update:
		e.addPart(name, policy.UpdateRows, path, columns, "", false)
		e.addPart(name, policy.UpdateRows, path, columns, "as it would be written", true)
	default:
		e.addPart(name, policy.CreateRows, path, columns, "", true)
		if len(m.OnConflict) > 0 && m.Merge {
			e.addPart(name, policy.UpdateRows, nil, columns, "where the row is there already", false)
			e.parts[len(e.parts)-1].conflict = p.Request.Payload != nil
		}
		reads = reads || len(m.OnConflict) > 0
	}
	if reads && p.Request.Action != sql.Create && p.Request.Action != sql.Upsert {
		e.addPart(name, policy.ReadRows, path, read, "to find the rows", false)
	}
	if p.Request.Action != sql.Delete {
		e.addPart(name, policy.ReadRows, path, read, back, true)
		e.parts[len(e.parts)-1].returns = returns
	}
}

func allColumns(rel *schema.Relation) []string {
	out := make([]string, len(rel.Columns))
	for i, c := range rel.Columns {
		out[i] = c.Name
	}
	return out
}

func (e *explainer) addEmbedded(path []*sql.Node) {
	for _, c := range path[len(path)-1].Children {
		here := append(slices.Clone(path), c)
		if j := c.Relationship.Junction; j != nil {
			var columns []string
			for _, pair := range slices.Concat(j.SourceColumns, j.TargetColumns) {
				columns = append(columns, pair.Target)
			}
			e.addPart(j.Relation, policy.ReadRows, nil, columns, "joins what is embedded", false)
		}
		if c.Relation != nil {
			e.addPart(c.Relation.Name, policy.ReadRows, here, c.NeededColumns(c.Relation), "embedded", false)
		}
		e.addEmbedded(here)
	}
}

// addPart adds a relation and, if it is a view, what it reads.
func (e *explainer) addPart(name schema.Name, action policy.Action, path []*sql.Node, columns []string, role string, written bool) {
	rel := e.db.Relation(name.Schema, name.Name)
	if rel == nil {
		return
	}
	access := e.db.Access(rel, e.role, action)
	e.parts = append(e.parts, newPart(rel, action, access, e.role, path, columns, role, written))
	e.addBelow(rel, access)
}

func (e *explainer) addBelow(view *policy.Relation, access policy.Access) {
	for _, b := range access.Below {
		e.parts = append(e.parts, newPart(b.Relation, b.Access.Action, b.Access, b.Role, nil, nil, "below the view "+view.String(), false))
		e.addBelow(b.Relation, b.Access)
	}
}

func newPart(rel *policy.Relation, action policy.Action, access policy.Access, judged *policy.Role, path []*sql.Node, columns []string,
	role string, written bool,
) part {
	return part{
		Relation: Relation{
			Name: rel.String(), Kind: rel.Kind.String(), Action: action.String(), Role: judged.Name, Owner: rel.Owner.Name, Part: role,
			Missing: []Grant{}, Policies: []Policy{}, columns: columns,
		},
		rel: rel, action: action, access: access, judged: judged, path: path, written: written,
	}
}
