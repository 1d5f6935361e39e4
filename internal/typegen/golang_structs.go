package typegen

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// relation writes the structs of a row and of what an insert and an update take, as far as the relation admits them.
func (g *golang) relation(r *schema.Relation) {
	name := g.rows[r.Name]
	g.comment(r.Comment, name+" is a row of the "+r.Kind.String()+" "+r.Name.String()+".")
	g.printf("type %s struct {\n", name)
	fields := names{}
	for _, c := range r.Columns {
		typ := g.goType(g.column(c, false))
		if c.Nullable {
			typ = nullable(typ)
		}
		g.field(fields, c.Name, c.Comment, typ, "")
	}
	g.printf("}\n\n")
	if r.Insertable {
		g.comment("", name+"Insert is what an insert into "+r.Name.String()+" takes.")
		g.changes(name+"Insert", r, func(c *schema.Column) bool { return optional(c) || r.IsView() })
	}
	if r.Updatable {
		g.comment("", name+"Update is what an update of "+r.Name.String()+" takes.")
		g.changes(name+"Update", r, func(*schema.Column) bool { return true })
	}
}

func (g *golang) changes(name string, r *schema.Relation, mayBeLeftOut func(*schema.Column) bool) {
	g.printf("type %s struct {\n", name)
	fields := names{}
	for _, c := range r.Columns {
		if !c.Writable() {
			continue
		}
		typ := g.goType(g.column(c, true))
		if mayBeLeftOut(c) {
			g.field(fields, c.Name, "", "Optional["+typ+"]", ",omitzero")
		} else {
			g.field(fields, c.Name, "", typ, "")
		}
	}
	g.printf("}\n\n")
}

// field writes a field of a struct. A name that no tag can hold is told in a comment.
func (g *golang) field(taken names, name, comment, typ, options string) {
	if !taggable(name) {
		g.printf("// %q is left out: encoding/json has no tag for such a name.\n", name)
		return
	}
	for line := range strings.Lines(comment) {
		g.printf("// %s\n", strings.TrimSpace(line))
	}
	g.printf("%s %s `json:\"%s%s\"`\n", taken.take(name), typ, name, options)
}

// routine writes the structs of a function's arguments, and of its rows if no other type has them.
func (g *golang) routine(f *schema.Routine) {
	base := identifier(g.prefixed(f.Name))
	if len(f.Parameters) > 0 && f.Parameters[0].Name != "" {
		name := g.taken.takeAll(base, "Args") + "Args"
		g.comment(f.Comment, name+" are the arguments of the function "+f.Name.String()+".")
		g.printf("type %s struct {\n", name)
		fields := names{}
		for _, p := range f.Parameters {
			typ := g.goType(g.resolve(p.Type))
			if p.Required {
				g.field(fields, p.Name, "", typ, "")
			} else {
				g.field(fields, p.Name, "", "Optional["+typ+"]", ",omitzero")
			}
		}
		g.printf("}\n\n")
	}
	if !f.Composite || f.Columns == nil || g.catalog.Relation(f.Returns) != nil || g.types[f.Returns] != "" {
		return
	}
	name := g.taken.takeAll(base, "Row") + "Row"
	g.comment("", name+" is a row that the function "+f.Name.String()+" returns.")
	g.printf("type %s struct {\n", name)
	fields := names{}
	for _, c := range f.Columns {
		g.field(fields, c.Name, "", nullable(g.goType(g.column(c, false))), "")
	}
	g.printf("}\n\n")
}

// usedTypes returns the enums and composite types that are written: those of the catalog's schemas, and those that these refer to.
func (g *golang) usedTypes() map[schema.Name]bool {
	used := map[schema.Name]bool{}
	var add func(s shape)
	add = func(s shape) {
		switch s.kind {
		case array:
			add(*s.element)
		case enum, composite:
			if used[s.typ.Name] {
				return
			}
			used[s.typ.Name] = true
			for _, a := range s.typ.Attributes {
				add(g.attribute(a))
			}
		}
	}
	types := g.catalog.DataTypes()
	for i := range types {
		if t := &types[i]; g.exposes(t.Name) {
			add(g.declared(t, 0))
		}
	}
	for _, s := range g.catalog.Schemas {
		for _, r := range g.catalog.Relations(s) {
			for _, c := range r.Columns {
				add(g.column(c, false))
			}
		}
		for _, n := range inSchema(g.catalog.RoutineNames(), s) {
			for _, f := range g.catalog.Routines(n) {
				for _, p := range f.Parameters {
					add(g.resolve(p.Type))
				}
				for _, c := range f.Columns {
					add(g.column(c, false))
				}
				add(g.returned(f))
			}
		}
	}
	return used
}
