package policy

import "github.com/postern-db/postern/internal/nodetree"

// RelationKind is PostgreSQL's relkind.
type RelationKind string

// The kinds of relations.
const (
	Table            RelationKind = "r"
	PartitionedTable RelationKind = "p"
	View             RelationKind = "v"
	MaterializedView RelationKind = "m"
	ForeignTable     RelationKind = "f"
)

// String names the kind as SQL does.
func (k RelationKind) String() string {
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
	return string(k)
}

// Relation is a table, view, materialized view or foreign table.
type Relation struct {
	Schema *Schema
	Name   string
	Kind   RelationKind
	Owner  *Role
	// Partition says that it is a partition of another table.
	Partition bool
	// RLS is ENABLE, ForceRLS is FORCE ROW LEVEL SECURITY.
	RLS, ForceRLS bool
	// SecurityInvoker says of a view that what it reads is judged as its user and not as its owner (from PostgreSQL 15 on).
	SecurityInvoker bool
	SecurityBarrier bool
	// Rows is PostgreSQL's estimate, -1 if it was never counted.
	Rows float64
	// Extension is the extension that made it, "" if none did.
	Extension string

	Columns     []*Column
	Grants      []Grant
	Policies    []*Policy // in the order of their names
	Indexes     []Index
	Constraints []Constraint
	Triggers    []Trigger
	// Reads is what a view's query refers to. Relations of the system are left out.
	Reads []Dependency
	// Query is the tree of a view's query, nil for others.
	Query *nodetree.Node

	oid uint32
	// policedAbove is the table with row-level security that it is a partition of or inherits from, 0 if there is none.
	policedAbove uint32
	// conditions is what the queries inside a view's query read.
	conditions []Dependency
	// updatable are the commands that a view accepts by itself and by rules, acceptable those with its triggers.
	updatable, acceptable int
}

// String is the relation's name with its schema, quoted where SQL needs it.
func (r *Relation) String() string { return QuoteName(r.Schema.Name, r.Name) }

// PolicedAbove returns the table with row-level security that a relation is a partition of or inherits from, nil if there is none. That
// table's policies hold for what is read by way of it, not for the relation by itself.
func (d *Database) PolicedAbove(r *Relation) *Relation { return d.byOID[r.policedAbove] }

// IsTable says whether it is a table that row-level security can hold.
func (r *Relation) IsTable() bool { return r.Kind == Table || r.Kind == PartitionedTable }

// Column returns the column of that name, nil if there is none.
func (r *Relation) Column(name string) *Column {
	for _, c := range r.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// ColumnNumber returns the column with that attribute number, nil if there is none.
func (r *Relation) ColumnNumber(number int) *Column {
	for _, c := range r.Columns {
		if c.Number == number {
			return c
		}
	}
	return nil
}

// PrimaryKey returns the primary key, nil if there is none.
func (r *Relation) PrimaryKey() *Constraint {
	for i := range r.Constraints {
		if r.Constraints[i].Kind == PrimaryKey {
			return &r.Constraints[i]
		}
	}
	return nil
}

// Column is a column of a relation.
type Column struct {
	Name    string
	Number  int    // PostgreSQL's attribute number, from 1
	Type    string // as SQL writes it
	NotNull bool
	// Identity and Generated say that PostgreSQL gives the value.
	Identity, Generated bool
	// Default is the expression of the default or of the generated value, "" if there is none.
	Default string
	// Grants are those on the column alone.
	Grants []Grant

	typeOID uint32
	present bool // no row that the table shows has a null there
}

// TypeOID is the oid of the column's type.
func (c *Column) TypeOID() uint32 { return c.typeOID }

// Index is a valid index.
type Index struct {
	Name                     string
	Unique, Primary, Partial bool
	Method                   string // btree, hash, gin …
	// Columns are the numbers of the key columns in order, 0 for an expression.
	Columns []int
	// Expressions are the trees of the key columns that are expressions, in order.
	Expressions []*nodetree.Node
	// Definition is the statement that makes it, if it has an expression.
	Definition string
}

// ConstraintKind is PostgreSQL's contype.
type ConstraintKind string

// The kinds of constraints that are read.
const (
	PrimaryKey ConstraintKind = "p"
	Unique     ConstraintKind = "u"
	ForeignKey ConstraintKind = "f"
)

// Constraint is a primary key, unique constraint or foreign key.
type Constraint struct {
	Name    string
	Kind    ConstraintKind
	Columns []int // attribute numbers
	// Target and TargetColumns are what a foreign key refers to; OnDelete is PostgreSQL's confdeltype: a no action, r restrict,
	// c cascade, n set null, d set default.
	Target        *Relation
	TargetColumns []int
	OnDelete      string
}
