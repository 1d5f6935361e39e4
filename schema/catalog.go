package schema

import (
	"slices"
	"strings"
)

// ForeignKey is a foreign key constraint as pg_constraint holds it.
type ForeignKey struct {
	Constraint string
	Source     Name         // the relation that has the constraint
	Target     Name         // the relation that it references
	Columns    []ColumnPair // in the order of the constraint
	Unique     bool         // the source columns are a primary or unique key: one-to-one
}

// KeyRole tells which part a table column plays in the constraint of a ViewKey.
type KeyRole uint8

// The parts that a view's column can hold of a base table's constraint.
const (
	PrimaryKeyRole KeyRole = iota
	ForeignKeyRole         // the referencing columns of a foreign key
	ReferencedRole         // the columns that a foreign key references
)

// ViewKey says that a view shows all columns of a key of one of its base tables.
type ViewKey struct {
	Table      Name
	View       Name
	Source     Name // the relation that has the constraint; it is Table unless Role is ReferencedRole
	Constraint string
	Role       KeyRole
	Columns    []ViewKeyColumn // in the order of the constraint
}

// ViewKeyColumn is a key column of the base table with the view's columns that show it; more than one if the view selects it
// repeatedly.
type ViewKeyColumn struct {
	TableColumn string
	ViewColumns []string
}

// ComputedRelationship is a function from a row of one relation to rows of another.
type ComputedRelationship struct {
	Function  Name
	Source    Name
	Target    Name
	SingleRow bool
	RunsCode  bool // calling it may run code that is not known to be harmless, see Relation.RunsCode
}

// ComputedField is a function from a row of a relation to a value, which can be selected and filtered like a column.
type ComputedField struct {
	Function Name
	Relation Name
	Encoding Encoding
	Type     string // SQL text of the result's type
	RunsCode bool   // calling it may run code that is not known to be harmless, see Relation.RunsCode
}

// Representation is an implicit cast between a domain and json or text, by which the domain's author decides how values are
// shown and read (PostgREST reference, Domain Representations).
type Representation struct {
	Source   string // SQL text of the type it converts from
	Target   string // SQL text of the type it converts to
	Function string // the function's name as SQL text, quoted where needed
}

// MediaHandler produces a media type from the rows of a relation, or from any rows (PostgREST reference, Media Type
// Handlers).
type MediaHandler struct {
	Function Name // the aggregate; for a routine that returns the domain, the domain's name
	// Relation is the relation, or the routine, that it handles; pg_catalog.anyelement stands for all.
	Relation Name
	// MediaType is what the client asks for, in lower case; "*/*" accepts everything.
	MediaType string
	// Produces is the media type of the result unless the function sets another.
	Produces string
	// RunsCode is set if calling it may run code that is not known to be harmless, see Relation.RunsCode.
	RunsCode bool
}

// HandlesAny reports whether the handler serves every relation.
func (h *MediaHandler) HandlesAny() bool {
	return h.Relation == Name{Schema: "pg_catalog", Name: "anyelement"}
}

// Role is a database role that the login role may become.
type Role struct {
	Name      string
	Superuser bool
	BypassRLS bool
	// IsolationLevel is its default_transaction_isolation setting, empty if none.
	IsolationLevel string
	// Settings are those of its ALTER ROLE … SET parameters that any user may set; they are applied to its transactions.
	Settings []Setting
	// MemberOf are the roles, sorted, whose privileges it has without SET ROLE: itself and those that it inherits from.
	MemberOf []string
}

// Definition is everything that introspection reads; New turns it into a Catalog.
type Definition struct {
	// Schemas are the exposed schemas, the first being the default.
	Schemas []string
	// ServerVersion is PostgreSQL's server_version_num, for example 150018.
	ServerVersion int
	// LoginRole is the role of the connection that read the catalog.
	LoginRole string
	// Relations are the relations of all schemas but the system's, since relationships may lead through unexposed ones.
	Relations             []*Relation
	ForeignKeys           []ForeignKey
	ViewKeys              []ViewKey
	ComputedRelationships []ComputedRelationship
	ComputedFields        []ComputedField
	Routines              []*Routine
	Representations       []Representation
	MediaHandlers         []MediaHandler
	Roles                 []Role
	// DataTypes are ordered by name.
	DataTypes []DataType
	// Comments are the comments of the exposed schemas, by name.
	Comments map[string]string
	// SchemaGrantees are the roles, by exposed schema and sorted, that own the schema or have USAGE on it. If it is nil the
	// definition tells nothing of privileges, and every role can see everything.
	SchemaGrantees map[string][]string
	// CodeTypes are the names, sorted, of types that run code which is not known to be harmless when values are made or shown.
	CodeTypes []string
}

// Catalog is the schema cache: all that requests are planned with. It is immutable.
type Catalog struct {
	Schemas       []string
	ServerVersion int
	LoginRole     string

	relations       map[Name]*Relation
	relationships   map[Name][]*Relationship
	routines        map[Name][]*Routine
	representations map[[2]string]string
	handlers        map[handlerKey]*MediaHandler
	computedFields  map[computedKey]*ComputedField
	roles           map[string]*Role
	comments        map[string]string
	schemaGrantees  map[string][]string
	codeTypes       []string
	dataTypes       []DataType
	typesByText     map[string]*DataType
}

type handlerKey struct {
	relation  Name
	mediaType string
}

type computedKey struct {
	relation Name
	field    string
}

// New derives relationships and indexes the definition. It takes ownership of d.
func New(d *Definition) *Catalog {
	c := &Catalog{
		Schemas:         d.Schemas,
		ServerVersion:   d.ServerVersion,
		LoginRole:       d.LoginRole,
		relations:       make(map[Name]*Relation, len(d.Relations)),
		routines:        make(map[Name][]*Routine),
		representations: make(map[[2]string]string, len(d.Representations)),
		handlers:        make(map[handlerKey]*MediaHandler, len(d.MediaHandlers)),
		computedFields:  make(map[computedKey]*ComputedField, len(d.ComputedFields)),
		comments:        d.Comments,
		schemaGrantees:  d.SchemaGrantees,
		codeTypes:       d.CodeTypes,
		dataTypes:       d.DataTypes,
		typesByText:     make(map[string]*DataType, len(d.DataTypes)),
	}
	for i := range d.DataTypes {
		c.typesByText[d.DataTypes[i].Text] = &d.DataTypes[i]
	}
	all := make(map[Name]*Relation, len(d.Relations))
	for _, r := range d.Relations {
		r.columns = make(map[string]*Column, len(r.Columns))
		for _, col := range r.Columns {
			r.columns[col.Name] = col
		}
		all[r.Name] = r
		if c.Exposes(r.Name.Schema) {
			c.relations[r.Name] = r
		}
	}
	addViewPrimaryKeys(all, d.ViewKeys)
	c.relationships = c.exposedRelationships(deriveRelationships(all, d))
	for _, r := range d.Routines {
		c.routines[r.Name] = append(c.routines[r.Name], r)
	}
	for _, overloads := range c.routines {
		slices.SortStableFunc(overloads, compareOverloads)
	}
	for _, r := range d.Representations {
		c.representations[[2]string{r.Source, r.Target}] = r.Function
	}
	for i := range d.MediaHandlers {
		h := &d.MediaHandlers[i]
		c.handlers[handlerKey{h.Relation, h.MediaType}] = h
	}
	for i := range d.ComputedFields {
		f := &d.ComputedFields[i]
		c.computedFields[computedKey{f.Relation, f.Function.Name}] = f
	}
	return c.WithRoles(d.Roles)
}

// WithRoles returns a catalog that differs from c in its roles alone.
func (c *Catalog) WithRoles(roles []Role) *Catalog {
	next := *c
	next.roles = make(map[string]*Role, len(roles))
	for i := range roles {
		next.roles[roles[i].Name] = &roles[i]
	}
	return &next
}

// compareOverloads puts routines with fewer parameters first.
func compareOverloads(a, b *Routine) int {
	if n := len(a.Parameters) - len(b.Parameters); n != 0 {
		return n
	}
	for i := range a.Parameters {
		if c := strings.Compare(a.Parameters[i].Name, b.Parameters[i].Name); c != 0 {
			return c
		}
		if c := strings.Compare(a.Parameters[i].Type, b.Parameters[i].Type); c != 0 {
			return c
		}
	}
	return 0
}
