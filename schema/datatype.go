package schema

// DataType is a type that was created in the database: an enum, a domain, a composite type, or the row type of a relation.
type DataType struct {
	Name Name
	// Text is the SQL text of the type, as columns and parameters name it.
	Text string
	// Enum are an enum's labels in their order.
	Enum []string
	// Base is the SQL text of the type that a domain is based on, with its modifiers; empty if it is no domain.
	Base string
	// Attributes are those of a composite type in the order of their definition; nil for a relation's row type, whose
	// attributes are its columns.
	Attributes []Attribute
}

// Attribute is a member of a composite type. It may always be null.
type Attribute struct {
	Name string
	Type string // SQL text with modifiers
}
