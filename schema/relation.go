package schema

// Kind tells what sort of relation a Relation is (pg_class.relkind).
type Kind uint8

// The kinds of relations that are exposed.
const (
	Table Kind = iota
	PartitionedTable
	View
	MaterializedView
	ForeignTable
)

// String returns the kind in words, such as "materialized view".
func (k Kind) String() string {
	switch k {
	case Table:
		return "table"
	case PartitionedTable:
		return "partitioned table"
	case View:
		return "view"
	case MaterializedView:
		return "materialized view"
	case ForeignTable:
		return "foreign table"
	}
	return "unknown"
}

// Relation is a table, view, materialized view or foreign table. Partitions are not listed; their partitioned table is.
type Relation struct {
	Name    Name
	Kind    Kind
	Comment string
	Columns []*Column // in the order of their definition
	// PrimaryKey holds the names of the primary key's columns, in alphabetical order. For a view it is derived from the key of
	// the table that the view reads, and is empty if the view does not hold the whole key.
	PrimaryKey []string
	UniqueKeys [][]string // columns of each unique constraint, in the order of the constraint
	// Insertable, Updatable and Deletable tell what the relation itself admits, whatever the privileges: an automatically
	// updatable view or one with INSTEAD OF triggers, for example.
	Insertable bool
	Updatable  bool
	Deletable  bool
	// Grantees are the roles, sorted, that own the relation or have a privilege on it or on one of its columns; Public stands for
	// all roles.
	Grantees []string
	// RunsCode are the commands on the relation that may run code which is not known to be harmless: triggers, rules, policies,
	// defaults, constraints, indexes, representations, and what a view's query uses. Such code may leave in the session what
	// outlives the transaction: settings, locks, temporary tables (PostgreSQL manual, DISCARD). If Select is among them, so are
	// all others.
	//
	// Functions are known to be harmless if they are built in and not volatile, or in SQL and only read what is harmless. What was
	// made after the catalog was read does not count.
	RunsCode Commands

	columns map[string]*Column
}

// IsView reports whether the relation is a view or a materialized view.
func (r *Relation) IsView() bool { return r.Kind == View || r.Kind == MaterializedView }

// Column returns the column of that name, or nil.
func (r *Relation) Column(name string) *Column { return r.columns[name] }

// Encoding tells how a value, which PostgreSQL sends in its text form, becomes JSON.
type Encoding uint8

const (
	// ToJSON is for types whose JSON only the database can write (composites, dates and times, types with a cast to
	// json, arrays of all these): the statement selects to_json(column), and the text is JSON as it comes.
	ToJSON Encoding = iota
	// Verbatim is for types whose text is JSON as it stands: integers, json, jsonb.
	Verbatim
	// Boolean is for bool: t and f become true and false.
	Boolean
	// Number is for float4, float8 and numeric: verbatim, but NaN and Infinity are quoted.
	Number
	// String is for all types whose text to_json would write as a string.
	String
	// VerbatimArray is for arrays, of any dimensions, of built-in types whose encoding is Verbatim.
	VerbatimArray
	// BooleanArray is the same for Boolean.
	BooleanArray
	// NumberArray is the same for Number.
	NumberArray
	// StringArray is the same for String.
	StringArray
)

// IsArray reports whether the encoding is one for arrays. Arrays of other types have ToJSON.
func (e Encoding) IsArray() bool { return e >= VerbatimArray }

// Element returns the encoding of an array's elements.
func (e Encoding) Element() Encoding { return e - VerbatimArray + Verbatim }

// ArrayOf returns the encoding of arrays of elements with that encoding, which must not be ToJSON.
func ArrayOf(element Encoding) Encoding { return element - Verbatim + VerbatimArray }

// Identity tells whether and how a column is an identity column (PostgreSQL manual, 5.3 Identity Columns).
type Identity uint8

// The forms of identity.
const (
	NotIdentity Identity = iota
	IdentityByDefault
	IdentityAlways
)

// Column is a column of a relation, or of the rows that a routine returns.
type Column struct {
	Name    string
	Comment string
	// Type is the type without modifiers; for a domain over a built-in type it is that base type, for example
	// "character varying". It is what documents show and what tells a tsvector.
	Type string
	// NominalType is the type as declared, with its modifiers and as SQL text, for example "character varying(64)" or
	// "public.email". It may be used in a cast as it stands.
	NominalType string
	Nullable    bool
	Default     string // SQL text of the default expression; empty if there is none
	Identity    Identity
	Generated   bool // GENERATED ALWAYS AS (…) STORED or VIRTUAL: cannot be written
	MaxLength   int  // characters that a varchar or char column holds; 0 if unlimited
	Enum        []string
	Encoding    Encoding
	IsArray     bool
	IsComposite bool
	// IsMultidimensional is set for an array that was declared with several dimensions. PostgreSQL does not enforce them (PostgreSQL
	// manual, 8.15.1 Declaration of Array Types), so that it is the author's word for what to expect.
	IsMultidimensional bool
	// ReadOnly is set for a column of an automatically updatable view that shows no column which can be written: an expression, or a
	// column that the database computes (PostgreSQL manual, CREATE VIEW, Updatable Views). It is for documents: requests are
	// planned as if it were not set, and PostgreSQL refuses what it must.
	ReadOnly bool
}

// Writable reports whether a value can be given for the column at all.
func (c *Column) Writable() bool { return !c.Generated && c.Identity != IdentityAlways && !c.ReadOnly }

// NewRowType returns a relation that stands for the rows of a routine: it has columns, but neither keys nor relationships.
func NewRowType(name Name, columns []*Column) *Relation {
	r := &Relation{Name: name, Columns: columns, columns: make(map[string]*Column, len(columns))}
	for _, c := range columns {
		r.columns[c.Name] = c
	}
	return r
}
