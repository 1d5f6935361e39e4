package introspect_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// dump writes a definition and what is derived from it for people to compare.
func dump(d *schema.Definition) string {
	p := &printer{}
	p.relations(d)
	for _, k := range d.ForeignKeys {
		unique := ""
		if k.Unique {
			unique = " unique"
		}
		p.line("foreign key %s of %s to %s%s: %s", k.Constraint, k.Source, k.Target, unique, pairs(k.Columns))
	}
	p.viewKeys(d)
	for _, r := range d.ComputedRelationships {
		p.line("computed relationship %s from %s to %s, single row %t", r.Function, r.Source, r.Target, r.SingleRow)
	}
	for _, f := range d.ComputedFields {
		p.line("computed field %s of %s: %s, %s", f.Function, f.Relation, f.Type, encodings[f.Encoding])
	}
	p.routines(d)
	for _, r := range d.Representations {
		p.line("representation of %s as %s by %s", r.Source, r.Target, r.Function)
	}
	for _, h := range d.MediaHandlers {
		p.line("handler %s of %s for %s, produces %s", h.Function, h.Relation, h.MediaType, h.Produces)
	}
	p.dataTypes(d)
	for _, r := range d.Roles {
		p.line("role %s, superuser %t, bypasses RLS %t, isolation %q, settings %v", r.Name, r.Superuser, r.BypassRLS, r.IsolationLevel, r.Settings)
	}
	for _, s := range d.Schemas {
		p.line("schema %s: %s", s, d.Comments[s])
	}
	p.relationships(schema.New(d))
	return p.String()
}

var (
	encodings = []string{
		"to_json", "verbatim", "boolean", "number", "string", "verbatim each", "boolean each", "number each", "string each",
	}
	identities = []string{"", ", identity by default", ", identity always"}
	volatility = []string{"volatile", "stable", "immutable"}
	keyRoles   = []string{"primary key", "foreign key", "referenced key"}
)

type printer struct{ strings.Builder }

func (p *printer) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " "))
	p.WriteByte('\n')
}

func (p *printer) relations(d *schema.Definition) {
	for _, r := range d.Relations {
		var can []string
		for word, ok := range map[string]bool{"insert": r.Insertable, "update": r.Updatable, "delete": r.Deletable} {
			if ok {
				can = append(can, word)
			}
		}
		slices.Sort(can)
		p.line("%s %s (%s) %s", r.Kind, r.Name, strings.Join(can, " "), r.Comment)
		p.columns(r.Columns)
		if r.PrimaryKey != nil {
			p.line("  primary key %q", r.PrimaryKey)
		}
		for _, u := range r.UniqueKeys {
			p.line("  unique %q", u)
		}
	}
}

func (p *printer) columns(columns []*schema.Column) {
	for _, c := range columns {
		var b strings.Builder
		fmt.Fprintf(&b, "  %s: %s", c.Name, c.Type)
		if c.NominalType != c.Type {
			fmt.Fprintf(&b, " as %s", c.NominalType)
		}
		if !c.Nullable {
			b.WriteString(", not null")
		}
		if c.Default != "" {
			fmt.Fprintf(&b, ", default %s", c.Default)
		}
		b.WriteString(identities[c.Identity])
		if c.Generated {
			b.WriteString(", generated")
		}
		if c.MaxLength != 0 {
			fmt.Fprintf(&b, ", at most %d", c.MaxLength)
		}
		if c.Enum != nil {
			fmt.Fprintf(&b, ", one of %q", c.Enum)
		}
		if c.IsArray {
			b.WriteString(", array")
		}
		b.WriteString(dimensions(c.IsMultidimensional))
		if c.IsComposite {
			b.WriteString(", composite")
		}
		if c.ReadOnly {
			b.WriteString(", read only")
		}
		fmt.Fprintf(&b, ", %s", encodings[c.Encoding])
		if c.Comment != "" {
			fmt.Fprintf(&b, ". %s", c.Comment)
		}
		p.line("%s", b.String())
	}
}

func (p *printer) dataTypes(d *schema.Definition) {
	for _, t := range d.DataTypes {
		switch {
		case t.Enum != nil:
			p.line("type %s: one of %q", t.Text, t.Enum)
		case t.Base != "":
			p.line("type %s: domain over %s%s", t.Text, t.Base, dimensions(t.IsMultidimensional))
		default:
			p.line("type %s: composite", t.Text)
		}
		if t.CastsToJSON {
			p.line("  has a cast to json")
		}
		for _, a := range t.Attributes {
			p.line("  %s: %s%s", a.Name, a.Type, dimensions(a.IsMultidimensional))
		}
	}
}

func dimensions(several bool) string {
	if several {
		return ", of several dimensions"
	}
	return ""
}

func (p *printer) viewKeys(d *schema.Definition) {
	for _, k := range d.ViewKeys {
		var columns []string
		for _, c := range k.Columns {
			columns = append(columns, fmt.Sprintf("%s as %q", c.TableColumn, c.ViewColumns))
		}
		p.line("%s %s of %s, held by %s, in view %s: %s", keyRoles[k.Role], k.Constraint, k.Table, k.Source, k.View, strings.Join(columns, ", "))
	}
}

func (p *printer) routines(d *schema.Definition) {
	for _, r := range d.Routines {
		var params []string
		for _, a := range r.Parameters {
			s := a.Name + " " + a.Type
			if a.CastType != a.Type {
				s += " cast to " + a.CastType
			}
			if a.Variadic {
				s = "variadic " + s
			}
			if !a.Required {
				s += " optional"
			}
			params = append(params, s)
		}
		returns := r.Returns.String()
		if r.Composite {
			returns = "composite " + returns
		} else {
			returns = encodings[r.Encoding] + " " + returns
		}
		if r.CompositeAlias {
			returns = "domain over " + returns
		}
		if r.ReturnsSet {
			returns = "set of " + returns
		}
		extra := ""
		if r.Variadic {
			extra += ", variadic"
		}
		if r.IsolationLevel != "" {
			extra += ", isolation " + r.IsolationLevel
		}
		if r.Settings != nil {
			extra += fmt.Sprintf(", settings %v", r.Settings)
		}
		p.line("%s routine %s(%s) returns %s%s %s", volatility[r.Volatility], r.Name, strings.Join(params, ", "), returns, extra, r.Comment)
		p.columns(r.Columns)
	}
}

func (p *printer) relationships(c *schema.Catalog) {
	for _, source := range c.RelationshipSources() {
		for _, r := range c.Relationships(source) {
			extra := ""
			if r.Junction != nil {
				extra = fmt.Sprintf(" through %s %s %s", r.Junction.Relation, pairs(r.Junction.SourceColumns), pairs(r.Junction.TargetColumns))
			}
			if r.IsParent {
				extra += " (parent)"
			}
			p.line("%s embeds %s %s %s%s%s%s", r.Source, r.Target, r.Cardinality, r.Constraint, pairs(r.Columns), r.Function, extra)
		}
	}
	for _, s := range c.Schemas {
		for _, r := range c.Relations(s) {
			if r.IsView() && r.PrimaryKey != nil {
				p.line("view %s has primary key %q", r.Name, r.PrimaryKey)
			}
		}
	}
}

func pairs(columns []schema.ColumnPair) string {
	if columns == nil {
		return ""
	}
	var out []string
	for _, c := range columns {
		out = append(out, c.Source+"="+c.Target)
	}
	return "(" + strings.Join(out, ", ") + ")"
}
