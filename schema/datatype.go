package schema

import "slices"

// DataType is a type that was created in the database: an enum, a domain or a composite type. The types of relations' rows are found
// by Catalog.RowType.
type DataType struct {
	Name Name
	// Text is the SQL text of the type, as columns and parameters name it.
	Text string
	// Enum are an enum's labels in their order.
	Enum []string
	// Base is the SQL text of the type that a domain is based on, with its modifiers; empty if it is no domain.
	Base string
	// IsMultidimensional is set for a domain over an array that was declared with several dimensions, see Column.
	IsMultidimensional bool
	// Attributes are those of a composite type in the order of their definition.
	Attributes []Attribute
	// CastsToJSON is set if a cast to json decides what JSON its values become, so that nothing is known of it. Domains count as their
	// base types there.
	CastsToJSON bool
}

// Attribute is a member of a composite type. It may always be null.
type Attribute struct {
	Name               string
	Type               string // SQL text with modifiers
	IsMultidimensional bool   // see Column
}

// DataTypes returns the enums, domains and composite types that are in exposed schemas, or that exposed relations and routines use, be it
// as parts of others; ordered by name.
func (c *Catalog) DataTypes() []DataType { return c.dataTypes }

// DataType returns the type with that SQL text, without modifiers, or nil. Built-in types and the types of relations' rows are not known.
func (c *Catalog) DataType(text string) *DataType { return c.typesByText[text] }

// DataTypeNamed is DataType by name.
func (c *Catalog) DataTypeNamed(name Name) *DataType {
	i, found := slices.BinarySearchFunc(c.dataTypes, name, func(t DataType, n Name) int { return t.Name.Compare(n) })
	if !found {
		return nil
	}
	return &c.dataTypes[i]
}

// RowType returns the exposed relation whose rows have the type with that SQL text, or nil.
func (c *Catalog) RowType(text string) *Relation {
	name, ok := parseName(text)
	if !ok {
		return nil
	}
	return c.Relation(name)
}
