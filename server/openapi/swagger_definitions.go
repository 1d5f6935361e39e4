package openapi

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// definitions writes the schema of each relation's rows.
func (s *swagger) definitions() {
	for i := range s.relations {
		r := s.relations[i].Relation
		s.member(r.Name.Name, func() { s.definition(r) })
	}
}

func (s *swagger) definition(r *schema.Relation) {
	if r.Comment != "" {
		s.text("description", r.Comment)
	}
	s.text("type", "object")
	if len(r.Columns) == 0 {
		return
	}
	keys := s.in.foreignKeys(r)
	s.member("properties", func() {
		for _, c := range r.Columns {
			s.member(c.Name, func() { s.property(r, c, keys) })
		}
	})
	var required []string
	for _, c := range r.Columns {
		if !c.Nullable {
			required = append(required, c.Name)
		}
	}
	if required != nil {
		s.texts("required", required)
	}
}

func (s *swagger) property(r *schema.Relation, c *schema.Column, keys []*schema.Relationship) {
	s.swaggerType(c.Type)
	s.text("format", swaggerFormat(c.Type))
	if d := swaggerDefault(c); d != "" {
		s.value("default", d)
	}
	note := ""
	if slices.Contains(r.PrimaryKey, c.Name) {
		note = "\nThis is a Primary Key.<pk/>"
	}
	if to := foreignKey(keys, c.Name); to != nil {
		table, column := to.Target.Name, to.Columns[0].Target
		note += "\nThis is a Foreign Key to `" + table + "." + column + "`.<fk table='" + table + "' column='" + column + "'/>"
	}
	switch {
	case note == "":
		if c.Comment != "" {
			s.text("description", c.Comment)
		}
	case c.Comment == "":
		s.text("description", "Note:", note)
	default:
		s.text("description", c.Comment, "\n\nNote:", note)
	}
	if len(c.Enum) > 0 {
		s.texts("enum", c.Enum)
	}
	if c.MaxLength > 0 {
		s.number("maxLength", c.MaxLength)
	}
}

// foreignKeys returns the relationships of the relation to the rows of the same schema that its foreign keys of one column
// refer to, tables before views.
func (in *Input) foreignKeys(r *schema.Relation) []*schema.Relationship {
	var out []*schema.Relationship
	for _, rel := range in.Catalog.Relationships(r.Name) {
		toOne := rel.Cardinality == schema.ManyToOne || rel.Cardinality == schema.OneToOne && !rel.IsParent
		if toOne && len(rel.Columns) == 1 && rel.Target.Schema == r.Name.Schema {
			out = append(out, rel)
		}
	}
	slices.SortStableFunc(out, func(a, b *schema.Relationship) int {
		return cmp.Compare(rank(a.TargetIsView), rank(b.TargetIsView))
	})
	return out
}

func rank(later bool) int {
	if later {
		return 1
	}
	return 0
}

func foreignKey(keys []*schema.Relationship, column string) *schema.Relationship {
	for _, k := range keys {
		if k.Columns[0].Source == column {
			return k
		}
	}
	return nil
}

// swaggerType writes the type, and the items' type of an array. For json there is none.
func (s *swagger) swaggerType(name string) {
	kind := swaggerType(name)
	if kind == "" {
		return
	}
	s.text("type", kind)
	if kind == "array" {
		s.member("items", func() {
			if element := swaggerType(elementType(name)); element != "" {
				s.text("type", element)
			}
		})
	}
}

func swaggerType(name string) string {
	switch name {
	case "boolean":
		return "boolean"
	case "smallint", "integer", "bigint":
		return "integer"
	case "numeric", "real", "double precision":
		return "number"
	case "json", "jsonb":
		return ""
	}
	if strings.HasSuffix(name, "[]") {
		return "array"
	}
	return "string"
}

func elementType(array string) string { return strings.TrimSuffix(array, "[]") }

func swaggerFormat(name string) string {
	switch name {
	case "smallint", "integer":
		return "int32"
	case "bigint":
		return "int64"
	}
	return name
}

// swaggerDefault returns the default as JSON, "" if it cannot be shown: the text of the expression where the value is a
// string, without quotes and cast if it is a constant; else the expression if it happens to be JSON.
func swaggerDefault(c *schema.Column) string {
	if c.Default == "" {
		return ""
	}
	text := c.Default
	if swaggerType(c.Type) == "string" {
		if constant, ok := strings.CutSuffix(text, "::"+c.Type); ok {
			text = strings.Trim(constant, "'")
		}
		text = `"` + text + `"`
	}
	if !json.Valid([]byte(text)) {
		return ""
	}
	return text
}

// compareOverloads orders routines of a name: by the number of parameters, then by comment, then by the parameters.
func compareOverloads(a, b *overload) int {
	if c := cmp.Or(cmp.Compare(len(a.Parameters), len(b.Parameters)), strings.Compare(a.Comment, b.Comment)); c != 0 {
		return c
	}
	for i := range a.Parameters {
		c := cmp.Or(strings.Compare(a.Parameters[i].Name, b.Parameters[i].Name), strings.Compare(a.shownType(i), b.shownType(i)))
		if c != 0 {
			return c
		}
	}
	return 0
}
