package sql

import (
	"slices"

	"github.com/postern-db/postern/schema"
)

// Mutation is a write to a relation.
type Mutation struct {
	Columns []WriteColumn
	Where   []Condition
	// Returning are the columns that the rest of the statement needs of the written rows; "*" alone stands for all. Empty if
	// only their number is wanted.
	Returning []string
	// OnConflict are the columns of the unique constraint that decides what a duplicate is; empty if there is none.
	OnConflict []string
	// Merge updates duplicates; else they are left out. Only with OnConflict.
	Merge bool
	// CountInserted keeps apart how many rows were inserted and how many were updated.
	CountInserted bool
	ApplyDefaults bool // missing=default
	// Location are the primary key's columns if the Location header is wanted.
	Location []string
}

// WriteColumn is a column that the body writes.
type WriteColumn struct {
	Name      string
	Type      string // SQL text of the type that the body's value is read as
	Default   string // SQL text
	Transform string // function of a domain representation
}

// mutate plans a write: what is written, and what of it is returned.
func (pl *planner) mutate() *Error {
	if err := pl.findRelation(); err != nil {
		return err
	}
	rel := pl.plan.Relation
	if err := pl.readTree(rel, rel.Name); err != nil {
		return err
	}
	m := &Mutation{ApplyDefaults: pl.request.Preferences.Missing == "default"}
	pl.plan.Mutation = m
	if err := pl.writeColumns(m); err != nil {
		return err
	}
	pl.mutationConditions(m)
	if err := pl.conflicts(m); err != nil {
		return err
	}
	if err := pl.checkSafeUpdate(m); err != nil {
		return err
	}
	switch pl.request.Preferences.Representation {
	case "representation":
		m.Returning = pl.plan.Root.neededColumns(nil)
	case "headers-only":
		if pl.request.Action == Create {
			m.Location = rel.PrimaryKey
			m.Returning = rel.PrimaryKey
		}
	}
	if err := pl.checkPreferences(); err != nil {
		return err
	}
	return pl.negotiate(rel.Name)
}

func (pl *planner) writeColumns(m *Mutation) *Error {
	rel := pl.plan.Relation
	if pl.request.Payload == nil {
		return nil
	}
	m.Columns = make([]WriteColumn, len(pl.request.Payload.Keys))
	for i, key := range pl.request.Payload.Keys {
		c := rel.Column(key)
		if c == nil {
			return &Error{
				Code:    CodeNoColumn,
				Message: "Could not find the '" + key + "' column of '" + rel.Name.Name + "' in the schema cache",
			}
		}
		w := WriteColumn{Name: c.Name, Type: c.NominalType, Default: c.Default}
		if f := pl.catalog.Representation("json", c.NominalType); f != "" {
			w.Type, w.Transform = "json", f
		}
		m.Columns[i] = w
	}
	return nil
}

// mutationConditions resolves the filters of the top level, which choose the rows that are written.
func (pl *planner) mutationConditions(m *Mutation) {
	if pl.request.Action == Create {
		return
	}
	n := &Node{Relation: pl.plan.Relation}
	for i := range pl.request.Filters {
		if f := &pl.request.Filters[i]; len(f.Path) == 0 {
			m.Where = append(m.Where, pl.leaf(n, f))
		}
	}
	for i := range pl.request.Logic {
		m.Where = append(m.Where, pl.condition(n, &pl.request.Logic[i].Tree))
	}
}

func (pl *planner) conflicts(m *Mutation) *Error {
	r, rel := pl.request, pl.plan.Relation
	switch r.Action {
	case Upsert:
		if !pl.filtersAreKey() {
			return &Error{
				Code: CodeInvalidPutFilters, Message: "Filters must include all and only primary key columns with 'eq' operators",
			}
		}
		m.OnConflict, m.Merge, m.CountInserted, m.ApplyDefaults = rel.PrimaryKey, true, true, false
	case Create:
		if r.Preferences.Resolution == "" {
			return nil
		}
		m.Merge = r.Preferences.Resolution == "merge-duplicates"
		m.CountInserted = m.Merge
		m.OnConflict = r.OnConflict
		if m.OnConflict == nil {
			m.OnConflict = rel.PrimaryKey
		}
	}
	return nil
}

// filtersAreKey reports whether a PUT names its row by all columns of the primary key and nothing else.
func (pl *planner) filtersAreKey() bool {
	key := pl.plan.Relation.PrimaryKey
	if len(key) == 0 || len(pl.request.Logic) > 0 {
		return false
	}
	var named []string
	for i := range pl.request.Filters {
		f := &pl.request.Filters[i]
		if len(f.Path) > 0 || len(f.Field.Path) > 0 || f.Negated || f.Operator != OpEqual || f.Quantifier != NoQuantifier ||
			!slices.Contains(key, f.Field.Name) {
			return false
		}
		named = append(named, f.Field.Name)
	}
	slices.Sort(named)
	return len(slices.Compact(named)) == len(key)
}

// checkSafeUpdate refuses to change or delete all rows of a relation where db-safe-update says so.
func (pl *planner) checkSafeUpdate(m *Mutation) *Error {
	if a := pl.request.Action; !pl.settings.SafeUpdate || a != Update && a != Delete || len(m.Where) > 0 {
		return nil
	}
	verb := "PATCH"
	if pl.request.Action == Delete {
		verb = "DELETE"
	}
	return &Error{
		Code: "21000", Message: verb + " requires a filter",
		Details: "Without one it would reach every row of '" + pl.plan.Relation.Name.Name + "', and db-safe-update forbids that",
		Hint:    "Add a filter; to mean all rows name a condition that they all meet, such as a primary key with not.is.null",
	}
}

// neededColumns lists the columns of a written or returned row that the node reads or joins by, sorted. A computed relationship
// may need any column, so with one it is all.
func (n *Node) neededColumns(more []string) []string {
	out := slices.Clone(more)
	for i := range n.Select {
		if n.Select[i].Name == "*" {
			return []string{"*"}
		}
		out = append(out, n.Select[i].Name)
	}
	if len(n.Select) == 0 && len(n.Children) == 0 {
		return []string{"*"}
	}
	for _, c := range n.Children {
		switch r := c.Relationship; r.Cardinality {
		case schema.Computed:
			return []string{"*"}
		case schema.ManyToMany:
			for _, p := range r.Junction.SourceColumns {
				out = append(out, p.Source)
			}
		default:
			for _, p := range r.Columns {
				out = append(out, p.Source)
			}
		}
	}
	for _, o := range n.Order {
		if o.Table == "" {
			out = append(out, o.Column.Name)
		}
	}
	out = appendConditionColumns(out, n.Where)
	slices.Sort(out)
	return slices.Compact(out)
}

func appendConditionColumns(out []string, where []Condition) []string {
	for i := range where {
		if c := where[i].Column; c != nil {
			out = append(out, c.Name)
		}
		out = appendConditionColumns(out, where[i].Children)
	}
	return out
}
