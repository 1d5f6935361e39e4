package sql

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// Settings are those parts of the configuration that planning depends on.
type Settings struct {
	Aggregates        bool  // db-aggregates-enabled
	Plans             bool  // db-plan-enabled: EXPLAIN output may be asked for
	MaxRows           int64 // db-max-rows; 0 is unlimited
	LegacyTargetNames bool  // url-use-legacy-target-names: an aliased relation may also be named by its own name
	SafeUpdate        bool  // db-safe-update: PATCH and DELETE need a filter
}

// Plan is a request with its names resolved against a catalog: everything that Build needs.
type Plan struct {
	Request  *Request
	Relation *schema.Relation // of all actions on a relation
	Routine  *schema.Routine  // of Call and InfoRoutine
	Root     *Node            // what is read, or returned by a write or a call
	Mutation *Mutation        // of the actions that write
	Call     *RoutineCall
	Handler  Handler
	Media    MediaType // of the response
	MaxRows  int64
	// RunsCode is set if the statement can run code that is not known to be harmless, which could leave something in the
	// session.
	RunsCode bool
	// Warnings are embedded relations that were named by their own name although they have an alias.
	Warnings []TargetWarning
}

// TargetWarning tells that a filter, order or limit names an embedded relation by its name instead of its alias.
type TargetWarning struct {
	Relation string
	Alias    string
}

// ReadOnly reports whether the plan's transaction is read-only.
func (p *Plan) ReadOnly() bool {
	switch {
	case p.Mutation != nil:
		return false
	case p.Routine != nil:
		return !p.Request.ByPost || p.Routine.Volatility != schema.Volatile
	default:
		return true
	}
}

// Node is a relation in the tree of what is read: the root, or an embedded relation.
type Node struct {
	Relation *schema.Relation // nil if the catalog does not hold it, as with the result of a function
	From     schema.Name
	Alias    string // in SQL; empty if From itself names it
	IsSource bool   // reads the rows that a write or a call yields, rather than From

	Name        string // as the request names it
	RequestName string // alias, else Name: the key in the result
	HasAlias    bool
	Hint        string
	Join        Join
	Spread      SpreadKind
	Depth       int

	Relationship *schema.Relationship // to the parent
	ParentAlias  string               // the parent's name in SQL
	JSONAlias    string               // name in SQL of the joined subquery that yields this node
	Select       []SelectColumn
	Where        []Condition
	Order        []OrderColumn
	Range        Range
	Children     []*Node

	// ExtraSelect and SpreadOrder carry the order of a to-many spread out of the subquery in which it cannot be applied.
	ExtraSelect []ExtraColumn
	SpreadOrder []OrderColumn
	// Spreads holds what a spread node adds to its parent's columns.
	Outputs []SpreadColumn
	// EmptyEmbed is set if nothing of the node is selected: it only filters.
	EmptyEmbed bool

	items   []*SelectItem
	filters []*Filter
	logic   []*Logic
	orders  []OrderTerm
	search  []*Node // children in the order in which targets are looked for
	legacy  bool    // was targeted by its name although it has an alias
}

// SpreadKind tells whether and how a node's columns become columns of its parent.
type SpreadKind uint8

// The kinds of spread.
const (
	NoSpread SpreadKind = iota
	SpreadToOne
	SpreadToMany
)

// Column is a resolved column, with what must be done to its value.
type Column struct {
	Name      string
	Path      []PathStep
	ToJSONB   bool // the value is converted to jsonb before Path applies
	Type      string
	BaseType  string
	Transform string // function of a domain representation, as SQL text
	Encoding  schema.Encoding
	FullRow   bool // the row itself rather than a column
	ToVector  bool // the value is converted to tsvector in Language
	Known     bool // the catalog has the column
}

// SelectColumn is a column that is read.
type SelectColumn struct {
	Column
	Cast          string
	Aggregate     Aggregate
	AggregateCast string
	Alias         string
}

// Key returns the column's name in the result.
func (c *SelectColumn) Key() string {
	switch {
	case c.Alias != "":
		return c.Alias
	case c.Aggregate != NoAggregate:
		return c.Aggregate.String()
	default:
		return c.Name
	}
}

// Condition is a tree of conditions. A leaf compares Column, or asks whether Embed is there.
type Condition struct {
	Negated  bool
	Or       bool
	Children []Condition
	Column   *Column
	Operation
	Embed *Node
}

// OrderColumn is a term of an order. Table names the joined subquery if the column is a related row's.
type OrderColumn struct {
	Table     string
	Column    Column
	Direction Direction
	Nulls     Nulls
}

// ExtraColumn is a column that is selected only to order by.
type ExtraColumn struct {
	Table string
	SelectColumn
}

// SpreadColumn is a column that a spread node adds to its parent.
type SpreadColumn struct {
	Name          string // in the node's subquery; "*" for all
	Aggregate     Aggregate
	AggregateCast string
	Alias         string
	Encoding      schema.Encoding
}

// Key returns the column's name in the parent.
func (c *SpreadColumn) Key() string {
	switch {
	case c.Alias != "":
		return c.Alias
	case c.Aggregate != NoAggregate:
		return c.Aggregate.String()
	default:
		return c.Name
	}
}

// NewPlan resolves the names of a request, for a caller with that role. Its errors are for the client; what they suggest is
// something that the role can see.
func NewPlan(r *Request, c *schema.Catalog, set *Settings, role string) (*Plan, *Error) {
	p := &Plan{Request: r, MaxRows: set.MaxRows}
	pl := planner{request: r, catalog: c, settings: set, role: role, plan: p}
	var err *Error
	switch r.Action {
	case InfoSchema, Describe:
		return p, pl.describe()
	case InfoRelation:
		return p, pl.findRelation()
	case InfoRoutine:
		return p, pl.call()
	case Call:
		err = pl.call()
	case Read:
		err = pl.read()
	default:
		err = pl.mutate()
	}
	if err == nil {
		p.RunsCode = pl.runsCode()
	}
	return p, err
}

// planner holds what the steps of NewPlan share.
type planner struct {
	request  *Request
	catalog  *schema.Catalog
	settings *Settings
	role     string
	plan     *Plan
}

func (pl *planner) findRelation() *Error {
	name := schema.Name{Schema: pl.request.Schema, Name: pl.request.Name}
	pl.plan.Relation = pl.catalog.Relation(name)
	if pl.plan.Relation == nil {
		e := &Error{
			Code:    CodeNoRelation,
			Message: "Could not find the table '" + name.String() + "' in the schema cache",
		}
		if hint := pl.suggestRelation(name); hint != "" {
			e.Hint = "Perhaps you meant the table '" + name.Schema + "." + hint + "'"
		}
		return e
	}
	return nil
}

func (pl *planner) read() *Error {
	if err := pl.findRelation(); err != nil {
		return err
	}
	if err := pl.readTree(pl.plan.Relation, pl.plan.Relation.Name); err != nil {
		return err
	}
	if err := pl.negotiate(pl.plan.Relation.Name); err != nil {
		return err
	}
	return pl.checkPreferences()
}

// checkPreferences refuses unknown preferences where the client asks for strictness.
func (pl *planner) checkPreferences() *Error {
	p := &pl.request.Preferences
	if len(p.Invalid) > 0 && p.Strict() {
		return &Error{
			Code: CodeInvalidPreferences, Message: "Invalid preferences given with handling=strict",
			Details: "Invalid preferences: " + validUTF8(strings.Join(p.Invalid, ", ")),
		}
	}
	return nil
}

// describe checks that the client takes what the root offers.
func (pl *planner) describe() *Error {
	if pl.request.Action == InfoSchema {
		return nil
	}
	for _, m := range pl.request.Accept {
		switch m.Kind {
		case MediaOpenAPI, MediaJSON, MediaAny:
			pl.plan.Media = MediaType{Kind: MediaOpenAPI, Text: m.Text}
			return nil
		}
	}
	return notAcceptable(pl.request.Accept)
}
