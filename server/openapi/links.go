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
	for _, rel := range d.in.Catalog.Relationships(r.Name) {
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
		out = append(out, link{
			name: name, target: target, pairs: rel.Columns,
			description: "The " + rel.Cardinality.String() + " relationship " + rel.Constraint + ", which select can embed as " +
				rel.Target.Name + "(*)",
		})
	}
	return out
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
