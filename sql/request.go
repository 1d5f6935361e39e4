package sql

// Action is what a request wants done.
type Action uint8

// The actions.
const (
	Read         Action = iota // GET and HEAD of a relation
	Create                     // POST to a relation
	Update                     // PATCH of a relation
	Upsert                     // PUT to a relation: one row by its primary key
	Delete                     // DELETE of a relation
	Call                       // GET, HEAD and POST of a routine
	InfoRelation               // OPTIONS of a relation
	InfoRoutine                // OPTIONS of a routine
	InfoSchema                 // OPTIONS of the root
	Describe                   // GET and HEAD of the root: the API's description
)

// Mutates reports whether the action writes to a relation.
func (a Action) Mutates() bool { return a >= Create && a <= Delete }

// Request is a request by its syntax: what the client wrote, with no name looked up.
type Request struct {
	Action      Action
	HeadersOnly bool   // HEAD: no body is wanted
	ByPost      bool   // a Call by POST: the arguments are in the body, and the routine may write
	Name        string // of the relation or routine; empty for the root
	Schema      string // the schema that the profile header chose, else the default
	// SchemaNegotiated is set if the client chose the schema or could have chosen another.
	SchemaNegotiated bool

	Select     []*SelectItem
	Filters    []Filter
	Logic      []LogicFilter
	Orders     []Order
	Limits     []Limit
	Parameters []Parameter // of a Call by GET or HEAD
	Columns    []string    // columns=, sorted and without repeats; nil if absent
	HasColumns bool
	OnConflict []string // on_conflict=; nil if absent
	// Canonical is the query with its parameters sorted, for Content-Location.
	Canonical string

	// Range is the range of the top level: limit, offset and the Range header together.
	Range       Range
	Preferences Preferences
	Accept      []MediaType // by the client's preference
	ContentType MediaType
	Payload     *Payload
}

// SelectItem is one item of select=: a field, an embedded relation or a spread relation.
type SelectItem struct {
	Kind      SelectKind
	Alias     string
	Name      string // of the field or relation; "*" for all columns
	Path      []PathStep
	Cast      string
	Aggregate Aggregate
	// AggregateCast is the cast of the aggregate's result.
	AggregateCast string

	Hint  string // !hint of an embedded relation
	Join  Join
	Items []*SelectItem // of an embedded relation
}

// SelectKind tells the items of select= apart.
type SelectKind uint8

// The kinds of select items.
const (
	SelectField SelectKind = iota
	SelectRelation
	SelectSpread
)

// Join is the join type of an embedded relation.
type Join uint8

// The join types: JoinDefault acts as JoinLeft.
const (
	JoinDefault Join = iota
	JoinLeft
	JoinInner
)

// Aggregate is an aggregate function in select=.
type Aggregate uint8

// The aggregate functions.
const (
	NoAggregate Aggregate = iota
	Sum
	Avg
	Count
	Max
	Min
)

// String returns the function's name in lower case.
func (a Aggregate) String() string {
	return [...]string{"", "sum", "avg", "count", "max", "min"}[a]
}

// PathStep is one step into a JSON, composite or array value.
type PathStep struct {
	Text    bool // ->> rather than ->
	IsIndex bool
	Key     string // the key; of an index, the number with its sign
}

// Field is a column with a path into it.
type Field struct {
	Name string
	Path []PathStep
}

// Filter is a condition on a column of the relation at Path; an empty Path is the top level.
type Filter struct {
	Path  []string
	Field Field
	Operation
}

// LogicFilter is an and= or or= parameter.
type LogicFilter struct {
	Path []string
	Tree Logic
}

// Logic is a tree of conditions. A leaf has Filter set.
type Logic struct {
	Negated  bool
	Or       bool // else and
	Children []Logic
	Filter   *Filter
}

// Operation is an operator with its operand.
type Operation struct {
	Negated     bool
	Operator    Operator
	Quantifier  Quantifier
	Language    string // of a full text search
	HasLanguage bool
	Value       string
	Values      []string // of In
	Is          IsValue
}

// Operator is a filter operator.
type Operator uint8

// The operators (PostgREST reference, Tables and Views, Operators).
const (
	OpNone Operator = iota
	OpEqual
	OpGreaterEqual
	OpGreater
	OpLessEqual
	OpLess
	OpLike
	OpILike
	OpMatch
	OpIMatch
	OpNotEqual
	OpContains
	OpContained
	OpOverlap
	OpStrictlyLeft
	OpStrictlyRight
	OpNotExtendsRight
	OpNotExtendsLeft
	OpAdjacent
	OpIn
	OpIs
	OpIsDistinct
	OpFTS
	OpPlainFTS
	OpPhraseFTS
	OpWebFTS
)

// Quantifier is the (any) or (all) modifier of an operator.
type Quantifier uint8

// The quantifiers.
const (
	NoQuantifier Quantifier = iota
	Any
	All
)

// IsValue is the operand of is.
type IsValue uint8

// The operands of is.
const (
	IsNull IsValue = iota
	IsNotNull
	IsTrue
	IsFalse
	IsUnknown
)

// Order is an order= parameter of the relation at Path.
type Order struct {
	Path  []string
	Terms []OrderTerm
}

// OrderTerm is one term of order=. Relation is set to order by a column of a related row.
type OrderTerm struct {
	Relation  string
	Field     Field
	Direction Direction
	Nulls     Nulls
}

// Direction is the direction of an order term.
type Direction uint8

// The directions.
const (
	DefaultDirection Direction = iota
	Ascending
	Descending
)

// Nulls says where an order puts nulls.
type Nulls uint8

// The places of nulls.
const (
	DefaultNulls Nulls = iota
	NullsFirst
	NullsLast
)

// Limit holds limit= and offset= of the embedded relation at Path.
type Limit struct {
	Path  []string
	Range Range
}

// Parameter is an argument of a routine, or a field of a form.
type Parameter struct {
	Name  string
	Value string
}
