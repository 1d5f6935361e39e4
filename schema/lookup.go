package schema

import (
	"cmp"
	"slices"
	"strings"
)

// Exposes reports whether the API exposes that schema.
func (c *Catalog) Exposes(schema string) bool { return slices.Contains(c.Schemas, schema) }

// Relation returns the exposed relation of that name, or nil.
func (c *Catalog) Relation(name Name) *Relation { return c.relations[name] }

// Relations returns the exposed relations of a schema, ordered by name.
func (c *Catalog) Relations(schema string) []*Relation {
	var out []*Relation
	for name, r := range c.relations {
		if name.Schema == schema {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *Relation) int { return a.Name.Compare(b.Name) })
	return out
}

// RelationCount returns how many relations are exposed.
func (c *Catalog) RelationCount() int { return len(c.relations) }

// Relationships returns the relationships whose source is that relation, in a fixed order.
func (c *Catalog) Relationships(source Name) []*Relationship { return c.relationships[source] }

// RelationshipSources returns the names of all relations that have relationships, ordered.
func (c *Catalog) RelationshipSources() []Name { return sortedNames(c.relationships) }

// Routines returns the overloads of that name, those with the fewest parameters first.
func (c *Catalog) Routines(name Name) []*Routine { return c.routines[name] }

// RoutineNames returns the names of all routines, ordered.
func (c *Catalog) RoutineNames() []Name { return sortedNames(c.routines) }

// Representation returns the function that converts source to target, as SQL text, or "".
func (c *Catalog) Representation(source, target string) string {
	if len(c.representations) == 0 {
		return ""
	}
	return c.representations[[2]string{source, target}]
}

// HasOutputRepresentation reports whether a column of the relation has a representation of its own as json.
func (c *Catalog) HasOutputRepresentation(r *Relation) bool {
	return len(c.representations) > 0 && slices.ContainsFunc(r.Columns, func(col *Column) bool {
		return c.Representation(col.NominalType, "json") != ""
	})
}

// Representations returns all domain representations, ordered by source and target.
func (c *Catalog) Representations() []Representation {
	out := make([]Representation, 0, len(c.representations))
	for k, f := range c.representations {
		out = append(out, Representation{Source: k[0], Target: k[1], Function: f})
	}
	slices.SortFunc(out, func(a, b Representation) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), strings.Compare(a.Target, b.Target))
	})
	return out
}

// MediaHandler returns the handler for a relation (or routine) and a media type in lower case, or nil.
func (c *Catalog) MediaHandler(relation Name, mediaType string) *MediaHandler {
	if len(c.handlers) == 0 {
		return nil
	}
	return c.handlers[handlerKey{relation, mediaType}]
}

// AnyMediaHandler returns the handler for a media type that serves every relation, or nil.
func (c *Catalog) AnyMediaHandler(mediaType string) *MediaHandler {
	return c.MediaHandler(Name{Schema: "pg_catalog", Name: "anyelement"}, mediaType)
}

// MediaHandlers returns all handlers, ordered by relation and media type.
func (c *Catalog) MediaHandlers() []*MediaHandler {
	out := make([]*MediaHandler, 0, len(c.handlers))
	for _, h := range c.handlers {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b *MediaHandler) int {
		return cmp.Or(a.Relation.Compare(b.Relation), strings.Compare(a.MediaType, b.MediaType))
	})
	return out
}

// ComputedField returns the computed field of a relation, or nil.
func (c *Catalog) ComputedField(relation Name, field string) *ComputedField {
	if len(c.computedFields) == 0 {
		return nil
	}
	return c.computedFields[computedKey{relation, field}]
}

// ComputedFields returns the computed fields of a relation, ordered by name.
func (c *Catalog) ComputedFields(relation Name) []*ComputedField {
	var out []*ComputedField
	for k, f := range c.computedFields {
		if k.relation == relation {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *ComputedField) int { return a.Function.Compare(b.Function) })
	return out
}

// Role returns a role that the login role may become, or nil.
func (c *Catalog) Role(name string) *Role { return c.roles[name] }

// Roles returns the roles that the login role may become, ordered by name.
func (c *Catalog) Roles() []*Role {
	out := make([]*Role, 0, len(c.roles))
	for _, r := range c.roles {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Role) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Comment returns the comment on an exposed schema.
func (c *Catalog) Comment(schema string) string { return c.comments[schema] }

func sortedNames[V any](m map[Name]V) []Name {
	out := make([]Name, 0, len(m))
	for n := range m {
		out = append(out, n)
	}
	slices.SortFunc(out, Name.Compare)
	return out
}
