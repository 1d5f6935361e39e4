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

// Matches tells whether a request to embed target, with a hint or without, can mean the relationship. A target may be the name of the
// relation, of the foreign key or of its column (PostgREST reference, Resource Embedding, Foreign Key Joins on Multiple
// Foreign Key Relationships). An embed is clear if it matches one of all relationships from its source to the same schema.
func (r *Relationship) Matches(target, hint string) bool {
	if r.Cardinality == Computed {
		return target == r.Function.Name
	}
	if r.IsSelf {
		// One foreign key makes two relationships: the relation's name means the children, the column's name the parent.
		if hint == "" {
			return target == r.Target.Name && r.Cardinality == OneToMany ||
				r.Cardinality == ManyToOne && r.sourceColumn() == target
		}
		return target == r.Target.Name && r.Cardinality == OneToMany && r.targetColumn() == hint
	}
	if hint == "" {
		return target == r.Target.Name ||
			!r.TargetIsView && (r.isConstraint(target) || r.sourceColumn() == target)
	}
	return target == r.Target.Name && (r.isConstraint(hint) || r.sourceColumn() == hint || r.targetColumn() == hint ||
		r.Junction != nil && r.Junction.Relation.Name == hint)
}

func (r *Relationship) isConstraint(name string) bool {
	return r.Cardinality != ManyToMany && r.Constraint == name
}

// sourceColumn returns the source's column of a single-column key, or "" which no request can name.
func (r *Relationship) sourceColumn() string {
	if len(r.Columns) != 1 {
		return ""
	}
	return r.Columns[0].Source
}

func (r *Relationship) targetColumn() string {
	if len(r.Columns) != 1 {
		return ""
	}
	return r.Columns[0].Target
}

// Junction is the relation in the middle of a many-to-many relationship.
type Junction struct {
	Relation         Name
	SourceConstraint string
	TargetConstraint string
	SourceColumns    []ColumnPair // source column, junction column
	TargetColumns    []ColumnPair // target column, junction column
}
