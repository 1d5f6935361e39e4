package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// part is a relation of the request with what is needed to judge it.
type part struct {
	Relation
	rel    *policy.Relation
	action policy.Action
	access policy.Access
	judged *policy.Role
	place

	// view is the simple view by which the request comes to the relation, nil if it names the relation itself or by another view.
	view *view
	// below is the view by which the relation is read, simple or not; nil for what the request names.
	below *policy.Relation
	// certain says for each row that it passes, possible that it may; they differ for what depends on values that are not known yet.
	certain, possible []bool
	rows              *rowSet // that were read for it
	cut               bool    // there may be more
}

// place is what a relation is to the request.
type place struct {
	// path leads to its node from the root; nil for what is below a view that is not simple.
	path []*sql.Node
	// junction says that it joins the last node of path to the one above.
	junction bool
	// written says that the rows are those that a write would leave, conflict that they are there already where an upsert writes.
	written, conflict bool
	// columns are those that the request needs, sets those that it writes.
	columns, sets []string
	role          string // Relation.Part
	returns       bool
}

func (p place) node() *sql.Node { return p.path[len(p.path)-1] }

func (e *explainer) updates() bool { return e.in.Plan.Request.Action == sql.Update }

// findParts lists what the request reads and writes: the relation of the path, what it embeds, and what is below views.
func (e *explainer) findParts() error {
	p := e.in.Plan
	if p.Root == nil {
		return nil
	}
	path := []*sql.Node{p.Root}
	switch action := p.Request.Action; {
	case action == sql.Read:
		if err := e.addPart(p.Relation.Name, policy.ReadRows, place{path: path, columns: p.Root.NeededColumns(p.Relation)}); err != nil {
			return err
		}
	case action.Mutates():
		if err := e.addWrite(path); err != nil {
			return err
		}
	}
	return e.addEmbedded(path)
}

// addWrite lists what a write needs. What it returns or filters by has to be read, too.
func (e *explainer) addWrite(path []*sql.Node) error {
	p, m := e.in.Plan, e.in.Plan.Mutation
	columns := make([]string, len(m.Columns))
	for i := range m.Columns {
		columns[i] = m.Columns[i].Name
	}
	filters, returned := sql.ConditionColumns(m.Where), m.Returning
	if slices.Equal(returned, []string{"*"}) {
		returned = allColumns(p.Relation)
	}
	// An insert with a conflict reads its columns.
	read := slices.Concat(filters, returned, m.OnConflict)
	reads := len(read) > 0
	read = slices.DeleteFunc(read, func(name string) bool { return p.Relation.Column(name) == nil })
	read = slices.Compact(slices.Sorted(slices.Values(read)))
	back := "to be seen afterwards"
	if reads {
		back = "to return what was written"
	}
	if len(m.OnConflict) > 0 && len(returned) == 0 {
		back = "to find the row that is there already"
	}

	type step struct {
		action policy.Action
		place  place
	}
	var steps []step
	add := func(action policy.Action, at place) {
		at.path = path
		steps = append(steps, step{action, at})
	}
	switch action := p.Request.Action; {
	case action == sql.Delete:
		add(policy.DeleteRows, place{})
	case action == sql.Update:
		add(policy.UpdateRows, place{columns: columns})
		add(policy.UpdateRows, place{columns: columns, sets: columns, role: "as it would be written", written: true})
	default:
		add(policy.CreateRows, place{columns: columns, sets: columns, written: true})
		if m.Merge && len(m.OnConflict) > 0 && len(columns) > 0 {
			there := "where the row is there already"
			add(policy.UpdateRows, place{columns: columns, role: there, conflict: true})
			add(policy.ReadRows, place{columns: read, role: there, conflict: true})
			add(policy.UpdateRows, place{columns: columns, sets: columns, role: there + ", as it would be written", conflict: true, written: true})
			add(policy.ReadRows, place{columns: read, sets: columns, role: there + ", as it would be written", conflict: true, written: true, returns: true})
		}
	}
	if action := p.Request.Action; reads && (action == sql.Update || action == sql.Delete) {
		add(policy.ReadRows, place{columns: read, role: "to find the rows"})
	}
	if p.Request.Action != sql.Delete {
		add(policy.ReadRows, place{columns: read, sets: columns, role: back, written: true, returns: reads})
	}
	for _, s := range steps {
		if err := e.addPart(p.Relation.Name, s.action, s.place); err != nil {
			return err
		}
	}
	return nil
}

func allColumns(rel *schema.Relation) []string {
	out := make([]string, len(rel.Columns))
	for i, c := range rel.Columns {
		out[i] = c.Name
	}
	return out
}

func (e *explainer) addEmbedded(path []*sql.Node) error {
	for _, c := range path[len(path)-1].Children {
		here := append(slices.Clone(path), c)
		if j := c.Relationship.Junction; j != nil {
			var columns []string
			for _, pair := range slices.Concat(j.SourceColumns, j.TargetColumns) {
				columns = append(columns, pair.Target)
			}
			if err := e.addPart(j.Relation, policy.ReadRows, place{path: here, junction: true, columns: columns, role: "joins what is embedded"}); err != nil {
				return err
			}
		}
		if c.Relation != nil {
			at := place{path: here, columns: c.NeededColumns(c.Relation), role: "embedded"}
			if err := e.addPart(c.Relation.Name, policy.ReadRows, at); err != nil {
				return err
			}
		}
		if err := e.addEmbedded(here); err != nil {
			return err
		}
	}
	return nil
}

// addPart adds a relation and, if it is a view, what it reads or writes.
func (e *explainer) addPart(name schema.Name, action policy.Action, at place) error {
	rel := e.db.Relation(name.Schema, name.Name)
	if rel == nil {
		return nil
	}
	v, err := e.simple(rel)
	if err != nil {
		return err
	}
	access := e.db.Access(rel, e.role, action)
	e.parts = append(e.parts, newPart(rel, action, access, e.role, at))
	e.addBelow(rel, access, v, at)
	return nil
}

// addBelow adds what is below a view. v is the simple view at the top, nil if there is none.
func (e *explainer) addBelow(above *policy.Relation, access policy.Access, v *view, at place) {
	for _, b := range access.Below {
		next, base := place{}, v
		switch {
		case v != nil && (b.Relation == v.base || e.views[b.Relation] != nil && e.views[b.Relation].base == v.base):
			next = at
			next.columns, next.sets = nil, v.columns(at.sets)
		case at.written || at.conflict:
			continue // what a condition of the view reads is told of with the rows as they are
		default:
			base = nil
		}
		next.role = "below the view " + above.String()
		if at.role != "" && base != nil {
			next.role += ", " + at.role
		}
		p := newPart(b.Relation, b.Access.Action, b.Access, b.Role, next)
		p.view, p.below = base, above
		e.parts = append(e.parts, p)
		e.addBelow(b.Relation, b.Access, base, at)
	}
}

// columns are the columns of the table below that some columns of the view show.
func (v *view) columns(names []string) []string {
	var out []string
	for _, name := range names {
		if below := v.shows[name]; below != "" {
			out = append(out, below)
		}
	}
	return out
}

func newPart(rel *policy.Relation, action policy.Action, access policy.Access, judged *policy.Role, at place) part {
	return part{
		Relation: Relation{
			Name: rel.String(), Kind: rel.Kind.String(), Action: action.String(), Role: judged.Name, Owner: rel.Owner.Name, Part: at.role,
			Missing: []Grant{}, Policies: []Policy{}, Triggers: []string{},
		},
		rel: rel, action: action, access: access, judged: judged, place: at,
	}
}
