package schema

// Volatility is a routine's volatility category (PostgreSQL manual, 38.7 Function Volatility Categories).
type Volatility uint8

// The volatility categories.
const (
	Volatile Volatility = iota
	Stable
	Immutable
)

// Parameter is an input parameter of a routine (IN, INOUT or VARIADIC).
type Parameter struct {
	Name string // empty if the parameter is unnamed
	Type string // SQL text of the type
	// CastType is the type to cast an argument to: Type, but for bit and character, which would cut a value to one place, their
	// varying forms.
	CastType string
	Required bool // has no default
	Variadic bool
}

// Setting is a configuration parameter with a value, as SET takes it.
type Setting struct {
	Name  string
	Value string
}

// Routine is a function that can be called over the API. Several routines may share a name (overloads).
type Routine struct {
	Name       Name
	Comment    string
	Parameters []Parameter
	// Returns is the type's name; for a composite type or a relation's row type it is the relation's name.
	Returns    Name
	ReturnsSet bool
	// Composite is set if it returns rows of several columns: a composite type, a relation's row type, TABLE or OUT parameters.
	Composite bool
	// CompositeAlias is set if the return type is a domain over a composite type.
	CompositeAlias bool
	// Columns are the columns of the rows it returns if Composite and if they can be known beforehand, else nil.
	Columns []*Column
	// Encoding is how its value becomes JSON unless Composite.
	Encoding   Encoding
	Volatility Volatility
	Variadic   bool
	// IsolationLevel is its SET default_transaction_isolation, for example "serializable"; empty if it sets none.
	IsolationLevel string
	// Settings are its SET clauses that are to hold for the whole transaction (db-hoisted-tx-settings).
	Settings []Setting
	// Grantees are the roles, sorted, that own the routine or may execute it; Public stands for all roles.
	Grantees []string
	// RunsCode is set if a call may run code that is not known to be harmless, see Relation.RunsCode. It holds for all
	// routines of one name.
	RunsCode bool
}

// ReturnsScalar reports whether it returns exactly one value that is no row.
func (r *Routine) ReturnsScalar() bool { return !r.ReturnsSet && !r.Composite }

// ReturnsSetOfScalar reports whether it returns a set of values that are no rows.
func (r *Routine) ReturnsSetOfScalar() bool { return r.ReturnsSet && !r.Composite }

// ReturnsSingleComposite reports whether it returns exactly one row.
func (r *Routine) ReturnsSingleComposite() bool { return !r.ReturnsSet && r.Composite }

// ReturnsVoid reports whether it returns nothing.
func (r *Routine) ReturnsVoid() bool {
	return r.ReturnsScalar() && r.Returns == Name{Schema: "pg_catalog", Name: "void"}
}
