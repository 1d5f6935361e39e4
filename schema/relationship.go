package schema

// Cardinality is the cardinality of a relationship, seen from its source relation.
type Cardinality uint8

// The cardinalities (PostgREST reference, Resource Embedding).
const (
	ManyToOne  Cardinality = iota // the source holds the foreign key
	OneToMany                     // the target holds the foreign key
	OneToOne                      // like ManyToOne or OneToMany, with a unique foreign key
	ManyToMany                    // by a junction that holds two foreign keys
	Computed                      // by a function from a row of the source to rows of the target
)

// String returns the name that error details use, for example "many-to-one".
func (c Cardinality) String() string {
	switch c {
	case ManyToOne:
		return "many-to-one"
	case OneToMany:
		return "one-to-many"
	case OneToOne:
		return "one-to-one"
	case ManyToMany:
		return "many-to-many"
	case Computed:
		return "computed"
	}
	return "unknown"
}

// ColumnPair joins a column of the source to a column of the target.
type ColumnPair struct {
	Source string
	Target string
}

// Relationship says that rows of Source can embed rows of Target.
type Relationship struct {
	Source      Name
	Target      Name
	Cardinality Cardinality
	// Constraint is the foreign key's name; empty for ManyToMany and Computed.
	Constraint string
	// Columns join source and target; empty for ManyToMany and Computed.
	Columns []ColumnPair
	// IsParent is set on a OneToOne whose target holds the foreign key.
	IsParent     bool
	Junction     *Junction // set for ManyToMany
	Function     Name      // set for Computed
	SingleRow    bool      // set for Computed: the function returns at most one row
	RunsCode     bool      // set for Computed: the function may run code that is not known to be harmless, see Relation.RunsCode
	IsSelf       bool      // source and target are the same relation
	SourceIsView bool
	TargetIsView bool
}

// ToOne reports whether a source row has at most one target row.
func (r *Relationship) ToOne() bool {
	switch r.Cardinality {
	case ManyToOne, OneToOne:
		return true
	case Computed:
		return r.SingleRow
	default:
		return false
	}
}

// Junction is the relation in the middle of a many-to-many relationship.
type Junction struct {
	Relation         Name
	SourceConstraint string
	TargetConstraint string
	SourceColumns    []ColumnPair // source column, junction column
	TargetColumns    []ColumnPair // target column, junction column
}
