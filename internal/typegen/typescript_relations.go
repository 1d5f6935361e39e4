package typegen

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// relation writes a member of Tables or Views.
func (t *typescript) relation(r *schema.Relation) {
	columns := byColumnName(r.Columns)
	t.open(key(r.Name.Name), ": {")
	t.open("Row: {")
	for _, c := range columns {
		t.line(key(c.Name), ": ", t.orNull(c, false))
	}
	computed := t.catalog.ComputedFields(r.Name)
	for _, f := range computed {
		t.line(key(f.Function.Name), ": ", t.ts(t.resolve(f.Type)), " | null")
	}
	t.close("}")
	if !r.IsView() || r.Insertable || r.Updatable {
		t.changes("Insert", columns, !r.IsView() || r.Insertable, !r.IsView())
		t.changes("Update", columns, !r.IsView() || r.Updatable, false)
	}
	t.relationships(r)
	if len(computed) > 0 {
		names := make([]string, len(computed))
		for i, f := range computed {
			names[i] = f.Function.Name
		}
		t.line("ComputedFields: ", labels(names, " | "))
	}
	t.close("}")
}

// changes writes what may be given for a row. What a view's columns need its catalog does not tell, so that none is required.
func (t *typescript) changes(name string, columns []*schema.Column, admitted, required bool) {
	if !admitted {
		t.line(name, ": Record<PropertyKey, never>")
		return
	}
	t.open(name, ": {")
	for _, c := range columns {
		switch {
		case !c.Writable():
			t.line(key(c.Name), "?: never")
		case required && !optional(c):
			t.line(key(c.Name), ": ", t.orNull(c, true))
		default:
			t.line(key(c.Name), "?: ", t.orNull(c, true))
		}
	}
	t.close("}")
}

// orNull is the type of a column's values.
func (t *typescript) orNull(c *schema.Column, written bool) string {
	name := t.ts(t.column(c, written))
	if c.Nullable && name != "unknown" {
		name += " | null"
	}
	return name
}

func (t *typescript) relationships(r *schema.Relation) {
	all := toOne(t.catalog, r)
	if len(all) == 0 {
		t.line("Relationships: []")
		return
	}
	t.open("Relationships: [")
	for _, rel := range all {
		sources, targets := make([]string, len(rel.Columns)), make([]string, len(rel.Columns))
		for i, p := range rel.Columns {
			sources[i], targets[i] = p.Source, p.Target
		}
		t.open("{")
		t.line("foreignKeyName: ", quote(rel.Constraint))
		t.line("columns: [", labels(sources, ", "), "]")
		t.line("isOneToOne: ", yes(rel.Cardinality == schema.OneToOne))
		t.line("referencedRelation: ", quote(rel.Target.Name))
		t.line("referencedColumns: [", labels(targets, ", "), "]")
		t.close("},")
	}
	t.close("]")
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// rpc is a function name with its overloads, and with the computed relationships that have this name.
type rpc struct {
	name      string
	overloads []*schema.Routine
	computed  []*schema.Relationship
}

// functions returns what a schema's Functions are written of, ordered by name.
func (t *typescript) functions(in string) []rpc {
	byName := map[string]*rpc{}
	names := inSchema(t.catalog.RoutineNames(), in)
	for _, n := range names {
		byName[n.Name] = &rpc{name: n.Name, overloads: t.catalog.Routines(n)}
	}
	for _, r := range t.catalog.Relations(in) {
		for _, rel := range t.catalog.Relationships(r.Name) {
			if rel.Cardinality != schema.Computed || rel.Function.Schema != in || rel.Target.Schema != in {
				continue
			}
			f := byName[rel.Function.Name]
			if f == nil {
				f = &rpc{name: rel.Function.Name}
				byName[f.name] = f
				names = append(names, rel.Function)
			}
			f.computed = append(f.computed, rel)
		}
	}
	out := make([]rpc, 0, len(names))
	slices.SortFunc(names, schema.Name.Compare)
	for _, n := range names {
		out = append(out, *byName[n.Name])
	}
	return out
}

// function writes a member of Functions: an alternative for each overload.
func (t *typescript) function(f rpc) {
	var alternatives [][]string
	for _, o := range f.overloads {
		if !t.isComputed(f, o) {
			alternatives = append(alternatives, t.overload(o))
		}
	}
	for _, rel := range f.computed {
		alternatives = append(alternatives, t.computedRelationship(rel))
	}
	if len(alternatives) == 1 {
		t.open(key(f.name), ": {")
		for _, member := range alternatives[0] {
			t.line(member)
		}
		t.close("}")
		return
	}
	t.open(key(f.name), ":")
	for _, members := range alternatives {
		t.line("| { ", strings.Join(members, "; "), " }")
	}
	t.depth--
}

// isComputed reports whether a routine, which can be called since its parameter has a name, is a computed relationship as well.
func (t *typescript) isComputed(f rpc, o *schema.Routine) bool {
	if len(f.computed) == 0 || len(o.Parameters) != 1 {
		return false
	}
	s := t.resolve(o.Parameters[0].Type)
	return s.kind == row && s.row.Name == f.computed[0].Source
}

// overload returns the members that describe a routine.
func (t *typescript) overload(o *schema.Routine) []string {
	args := make([]string, len(o.Parameters))
	for i, p := range o.Parameters {
		mark := ": "
		if !p.Required {
			mark = "?: "
		}
		args[i] = key(p.Name) + mark + t.ts(t.resolve(p.Type))
	}
	result := t.result(o)
	if o.ReturnsSet {
		if strings.Contains(result, " | ") && result[0] != '{' {
			result = "(" + result + ")"
		}
		result += "[]"
	}
	members := []string{"Args: " + inline(args), "Returns: " + result}
	if r := t.catalog.Relation(o.Returns); o.Composite && r != nil {
		members = append(members, setOf("*", r.Name.Name, !o.ReturnsSet, o.ReturnsSet))
	}
	return members
}

// result is the type of one value or row that a routine returns.
func (t *typescript) result(o *schema.Routine) string {
	if !o.Composite {
		return t.ts(t.returned(o))
	}
	if r := t.catalog.Relation(o.Returns); r != nil {
		return rowType(r)
	}
	if d := t.catalog.DataTypeNamed(o.Returns); d != nil && d.Attributes != nil && t.exposes(d.Name) {
		return reference(d.Name, "CompositeTypes")
	}
	if o.Columns == nil {
		return "Record<string, unknown>"
	}
	members := make([]string, len(o.Columns))
	for i, c := range o.Columns {
		members[i] = key(c.Name) + ": " + t.ts(t.column(c, false))
	}
	return inline(members)
}

// computedRelationship returns the members that let the client embed the target by the function's name.
func (t *typescript) computedRelationship(rel *schema.Relationship) []string {
	source, target := t.catalog.Relation(rel.Source), t.catalog.Relation(rel.Target)
	args, result := "Record<PropertyKey, never>", "Record<string, unknown>"
	if source != nil {
		args = `{ "": ` + rowType(source) + " }"
	}
	if target != nil {
		result = rowType(target)
	}
	if !rel.SingleRow {
		result += "[]"
	}
	return []string{"Args: " + args, "Returns: " + result, setOf(rel.Source.Name, rel.Target.Name, rel.SingleRow, true)}
}

func setOf(from, to string, oneToOne, set bool) string {
	return "SetofOptions: { from: " + quote(from) + "; to: " + quote(to) + "; isOneToOne: " + yes(oneToOne) +
		"; isSetofReturn: " + yes(set) + " }"
}
