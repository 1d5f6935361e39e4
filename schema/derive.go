package schema

import (
	"cmp"
	"slices"
	"strings"
)

// deriveRelationships turns foreign keys into relationships in both directions, carries them over to the views that show the
// key columns, and finds the junctions of many-to-many relationships. Computed relationships replace a derived one of the
// same source whose target has the function's name.
func deriveRelationships(all map[Name]*Relation, d *Definition) []*Relationship {
	direct := make([]*Relationship, 0, len(d.ForeignKeys))
	for i := range d.ForeignKeys {
		fk := &d.ForeignKeys[i]
		card := ManyToOne
		if fk.Unique {
			card = OneToOne
		}
		direct = append(direct, &Relationship{
			Source: fk.Source, Target: fk.Target, Cardinality: card, Constraint: fk.Constraint,
			Columns: fk.Columns, IsSelf: fk.Source == fk.Target,
		})
	}
	direct = append(direct, viewRelationships(direct, d.ViewKeys)...)
	rels := append(slices.Clone(direct), junctionRelationships(all, direct)...)
	rels = append(rels, inverseRelationships(direct)...)
	return overrideComputed(rels, d.ComputedRelationships)
}

func overrideComputed(rels []*Relationship, computed []ComputedRelationship) []*Relationship {
	type pair struct{ source, target Name }
	overridden := make(map[pair]bool, len(computed))
	for _, f := range computed {
		overridden[pair{f.Source, f.Function}] = true
	}
	rels = slices.DeleteFunc(rels, func(r *Relationship) bool { return overridden[pair{r.Source, r.Target}] })
	for _, f := range computed {
		rels = append(rels, &Relationship{
			Source: f.Source, Target: f.Target, Cardinality: Computed, Function: f.Function,
			SingleRow: f.SingleRow, RunsCode: f.RunsCode, IsSelf: f.Source == f.Target,
		})
	}
	return rels
}

// viewKeyIndex names a constraint by the relation that has it, since only there its name is unique.
type viewKeyIndex struct {
	source     Name
	constraint string
	role       KeyRole
}

// viewRelationships finds, for each foreign key, the views over either side that show all of its columns. A view that selects
// a key column repeatedly gets a relationship for every combination, as each can be named by a hint.
func viewRelationships(direct []*Relationship, keys []ViewKey) []*Relationship {
	index := make(map[viewKeyIndex][]*ViewKey, len(keys))
	for i := range keys {
		k := viewKeyIndex{keys[i].Source, keys[i].Constraint, keys[i].Role}
		index[k] = append(index[k], &keys[i])
	}
	var out []*Relationship
	for _, r := range direct {
		sources := index[viewKeyIndex{r.Source, r.Constraint, ForeignKeyRole}]
		targets := index[viewKeyIndex{r.Source, r.Constraint, ReferencedRole}]
		for _, s := range sources {
			for _, columns := range combinations(s.Columns) {
				out = append(out, derived(r, s.View, r.Target, columns, targetColumns(r), true, false))
			}
		}
		for _, t := range targets {
			for _, columns := range combinations(t.Columns) {
				out = append(out, derived(r, r.Source, t.View, sourceColumns(r), columns, false, true))
			}
		}
		for _, s := range sources {
			for _, sc := range combinations(s.Columns) {
				for _, t := range targets {
					for _, tc := range combinations(t.Columns) {
						out = append(out, derived(r, s.View, t.View, sc, tc, true, true))
					}
				}
			}
		}
	}
	return out
}

func derived(of *Relationship, source, target Name, sc, tc []string, sourceIsView, targetIsView bool) *Relationship {
	pairs := make([]ColumnPair, min(len(sc), len(tc)))
	for i := range pairs {
		pairs[i] = ColumnPair{sc[i], tc[i]}
	}
	return &Relationship{
		Source: source, Target: target, Cardinality: of.Cardinality, Constraint: of.Constraint, Columns: pairs,
		IsSelf: sourceIsView && targetIsView && source == target, SourceIsView: sourceIsView, TargetIsView: targetIsView,
	}
}

// combinations returns every choice of one view column for each key column.
func combinations(columns []ViewKeyColumn) [][]string {
	out := [][]string{nil}
	for _, c := range columns {
		var next [][]string
		for _, head := range out {
			for _, v := range c.ViewColumns {
				next = append(next, append(slices.Clip(head), v))
			}
		}
		out = next
	}
	return out
}

func sourceColumns(r *Relationship) []string {
	out := make([]string, len(r.Columns))
	for i, p := range r.Columns {
		out[i] = p.Source
	}
	return out
}

func targetColumns(r *Relationship) []string {
	out := make([]string, len(r.Columns))
	for i, p := range r.Columns {
		out[i] = p.Target
	}
	return out
}

func inverseRelationships(direct []*Relationship) []*Relationship {
	out := make([]*Relationship, 0, len(direct))
	for _, r := range direct {
		inverse := *r
		inverse.Source, inverse.Target = r.Target, r.Source
		inverse.SourceIsView, inverse.TargetIsView = r.TargetIsView, r.SourceIsView
		inverse.Columns = swap(r.Columns)
		if r.Cardinality == OneToOne {
			inverse.IsParent = true
		} else {
			inverse.Cardinality = OneToMany
		}
		out = append(out, &inverse)
	}
	return out
}

func swap(pairs []ColumnPair) []ColumnPair {
	out := make([]ColumnPair, len(pairs))
	for i, p := range pairs {
		out[i] = ColumnPair{p.Target, p.Source}
	}
	return out
}

// junctionRelationships pairs the foreign keys of each relation whose primary key holds the columns of both.
func junctionRelationships(all map[Name]*Relation, direct []*Relationship) []*Relationship {
	bySource := make(map[Name][]*Relationship)
	for _, r := range direct {
		if r.Cardinality == ManyToOne {
			bySource[r.Source] = append(bySource[r.Source], r)
		}
	}
	var out []*Relationship
	for name, fks := range bySource {
		junction := all[name]
		if junction == nil {
			continue
		}
		for _, a := range fks {
			for _, b := range fks {
				if a.Constraint == b.Constraint || !keyHolds(junction, a) || !keyHolds(junction, b) {
					continue
				}
				out = append(out, &Relationship{
					Source: a.Target, Target: b.Target, Cardinality: ManyToMany, IsSelf: a.Target == b.Target,
					SourceIsView: a.TargetIsView, TargetIsView: b.TargetIsView,
					Junction: &Junction{
						Relation: name, SourceConstraint: a.Constraint, TargetConstraint: b.Constraint,
						SourceColumns: swap(a.Columns), TargetColumns: swap(b.Columns),
					},
				})
			}
		}
	}
	return out
}

func keyHolds(r *Relation, fk *Relationship) bool {
	for _, p := range fk.Columns {
		if !slices.Contains(r.PrimaryKey, p.Source) {
			return false
		}
	}
	return true
}

// addViewPrimaryKeys gives each view the primary key columns that it shows, in alphabetical order. Where it shows one repeatedly the
// first serves.
func addViewPrimaryKeys(all map[Name]*Relation, keys []ViewKey) {
	for i := range keys {
		view := all[keys[i].View]
		if keys[i].Role != PrimaryKeyRole || view == nil || !view.IsView() {
			continue
		}
		for _, c := range keys[i].Columns {
			if len(c.ViewColumns) > 0 {
				view.PrimaryKey = append(view.PrimaryKey, c.ViewColumns[0])
			}
		}
		slices.Sort(view.PrimaryKey)
	}
}

// exposedRelationships keeps those whose source, target and junction are exposed, grouped by source and in a fixed order.
func (c *Catalog) exposedRelationships(rels []*Relationship) map[Name][]*Relationship {
	out := make(map[Name][]*Relationship)
	for _, r := range rels {
		if !c.Exposes(r.Source.Schema) || !c.Exposes(r.Target.Schema) ||
			(r.Junction != nil && !c.Exposes(r.Junction.Relation.Schema)) {
			continue
		}
		out[r.Source] = append(out[r.Source], r)
	}
	for _, list := range out {
		slices.SortStableFunc(list, compareRelationships)
	}
	return out
}

// errorOrder is the order in which ambiguous relationships of the same target are listed to the user.
func errorOrder(c Cardinality) int {
	switch c {
	case OneToMany:
		return 0
	case ManyToOne:
		return 1
	case OneToOne:
		return 2
	case ManyToMany:
		return 3
	default:
		return 4
	}
}

func compareRelationships(a, b *Relationship) int {
	if c := cmp.Or(a.Target.Compare(b.Target), cmp.Compare(errorOrder(a.Cardinality), errorOrder(b.Cardinality)),
		strings.Compare(a.Constraint, b.Constraint), a.Function.Compare(b.Function)); c != 0 {
		return c
	}
	if a.Junction != nil && b.Junction != nil {
		if c := cmp.Or(a.Junction.Relation.Compare(b.Junction.Relation),
			strings.Compare(a.Junction.SourceConstraint, b.Junction.SourceConstraint),
			strings.Compare(a.Junction.TargetConstraint, b.Junction.TargetConstraint)); c != 0 {
			return c
		}
	}
	return slices.CompareFunc(a.Columns, b.Columns, func(x, y ColumnPair) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), strings.Compare(x.Target, y.Target))
	})
}
