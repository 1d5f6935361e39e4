package openapi

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// link leads from a row to related rows: a read of the target, filtered by the source's columns.
type link struct {
	name, description string
	target            *relation
	pairs             []schema.ColumnPair
}

// linksOf returns the relation's links to relations that the caller can read.
func (d *document) linksOf(r *relation) []link {
	var out []link
	seen := map[string]bool{}
	all := d.in.Catalog.Relationships(r.Name)
	for _, rel := range all {
		target := d.readable[rel.Target.Name]
		if rel.Target.Schema != d.in.Schema || target == nil || len(rel.Columns) == 0 || !followable(r, target, rel.Columns) {
			continue
		}
		parts := make([]string, 0, 2*len(rel.Columns)+1)
		for _, p := range rel.Columns {
			parts = append(parts, component(p.Source))
		}
		parts = append(parts, component(rel.Target.Name))
		for _, p := range rel.Columns {
			parts = append(parts, component(p.Target))
		}
		name := strings.Join(parts, ".")
		if seen[name] {
			continue
		}
		seen[name] = true
		description := "The " + rel.Cardinality.String() + " relationship " + rel.Constraint
		if embed := embedding(rel, all); embed != "" {
			description += ", which select can embed as `" + embed + "(" + readableColumns(target) + ")`"
		}
		out = append(out, link{name: name, target: target, pairs: rel.Columns, description: description})
	}
	return out
}

// embedding returns how select names the relationship so that it can mean none of the others from its source, with a hint only if there must be
// one; "" if nothing tells it apart, as with a foreign key of several columns to its own table.
func embedding(rel *schema.Relationship, all []*schema.Relationship) string {
	type spelling struct{ target, hint string }
	name := rel.Target.Name
	spellings := []spelling{{name, ""}, {name, rel.Constraint}}
	if len(rel.Columns) == 1 {
		source, target := rel.Columns[0].Source, rel.Columns[0].Target
		spellings = append(spellings, spelling{name, source}, spelling{name, target}, spelling{source, ""})
	}
	for _, s := range append(spellings, spelling{rel.Constraint, ""}) {
		clear := rel.Matches(s.target, s.hint) && s.target != "count" // which is an aggregate
		for _, other := range all {
			clear = clear && (other == rel || other.Target.Schema != rel.Target.Schema || !other.Matches(s.target, s.hint))
		}
		switch {
		case !clear:
		case s.hint == "":
			return fieldName(s.target)
		default:
			return fieldName(s.target) + "!" + hint(s.hint)
		}
	}
	return ""
}

// hint returns a name as a hint. left and inner mean joins there unless they are quoted, and so do names that begin with them.
func hint(name string) string {
	if strings.HasPrefix(name, "left") || strings.HasPrefix(name, "inner") {
		return `"` + name + `"`
	}
	return fieldName(name)
}

// readableColumns is a select of all columns that the caller can read.
func readableColumns(r *relation) string {
	if r.may.read.all {
		return "*"
	}
	var names []string
	for _, c := range r.Columns {
		if r.may.read.has(c.Name) {
			names = append(names, fieldName(c.Name))
		}
	}
	return strings.Join(names, ",")
}

func followable(r, target *relation, pairs []schema.ColumnPair) bool {
	for _, p := range pairs {
		_, filterable := filterKey(p.Target)
		expressible := !strings.ContainsAny(p.Source, "{}") // a brace would end the runtime expression
		if !filterable || !expressible || !r.may.read.has(p.Source) || !target.may.read.has(p.Target) {
			return false
		}
	}
	return true
}

func (d *document) links(r *relation) {
	links := d.linksOf(r)
	if len(links) == 0 {
		return
	}
	d.member("links", func() {
		for _, l := range links {
			d.member(l.name, func() {
				d.text("operationId", component(l.target.Name.Name), ".read")
				d.text("description", l.description)
				d.member("parameters", func() {
					for _, p := range l.pairs {
						key, _ := filterKey(p.Target)
						d.text(key, "eq.{$response.body#/0/", pointerToken(p.Source), "}")
					}
				})
			})
		}
	})
}
