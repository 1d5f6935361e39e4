package policy

import "slices"

// Database is what was read. It is not changed afterwards; all pointers are to elements of its own lists, and each list is
// sorted by name.
type Database struct {
	Name string
	// Version is PostgreSQL's version as a number, such as 160004.
	Version int
	// VersionText is the version as the server tells it, such as "16.4 (Debian 16.4-1)".
	VersionText string
	// Login is the role that the API's server logs in as.
	Login *Role
	// Anonymous is the role of callers without a token, nil if there is none.
	Anonymous *Role
	// Exposed are the names of the schemas that the API serves, in the order given.
	Exposed []string

	Roles     []*Role
	Schemas   []*Schema // all but the system's
	Relations []*Relation
	Sequences []*Sequence
	// Functions are those of all schemas but the system's, and the system's that policies call.
	Functions  []*Function
	Extensions []Extension

	roles     map[string]*Role
	relations map[[2]string]*Relation
	functions map[uint32]*Function
	byOID     map[uint32]*Relation
}

// Role returns the role of that name, nil if there is none.
func (d *Database) Role(name string) *Role { return d.roles[name] }

// Relation returns the relation of that schema and name, nil if there is none.
func (d *Database) Relation(schema, name string) *Relation {
	return d.relations[[2]string{schema, name}]
}

// RelationByOID returns the relation that a tree refers to, nil if it is not among Relations, such as one of pg_catalog.
func (d *Database) RelationByOID(oid uint32) *Relation { return d.byOID[oid] }

// Function returns the function that a tree refers to, nil if it was not read.
func (d *Database) Function(oid uint32) *Function { return d.functions[oid] }

// ExposedRelations returns the relations that the API serves: those of the exposed schemas that are no partitions.
func (d *Database) ExposedRelations() []*Relation {
	var out []*Relation
	for _, r := range d.Relations {
		if r.Schema.Exposed && !r.Partition {
			out = append(out, r)
		}
	}
	return out
}

// ExposedFunctions returns the functions that the API serves: those of the exposed schemas that are no triggers and return
// something a client may ask for.
func (d *Database) ExposedFunctions() []*Function {
	var out []*Function
	for _, f := range d.Functions {
		if f.Schema != nil && f.Schema.Exposed && (f.Kind == FunctionPlain || f.Kind == FunctionProcedure) && !f.IsTrigger() {
			out = append(out, f)
		}
	}
	return out
}

// Schema is a schema that is not the system's.
type Schema struct {
	Name    string
	Owner   *Role
	Exposed bool
	Grants  []Grant
}

// Extension is an installed extension.
type Extension struct {
	Name, Schema string
	// Relocatable says that ALTER EXTENSION … SET SCHEMA moves it.
	Relocatable bool
}

// Sequence is a sequence.
type Sequence struct {
	Schema *Schema
	Name   string
	Owner  *Role
	Grants []Grant
	// Identity says that it numbers an identity column, for which nobody needs a grant on it.
	Identity bool
	// Columns are those whose default draws from it.
	Columns []SequenceUse
}

// SequenceUse is a column whose default draws from a sequence.
type SequenceUse struct {
	Relation *Relation
	Column   *Column
}

// Trigger is a trigger that is not PostgreSQL's own.
type Trigger struct {
	Name     string
	Function *Function // nil if it was not read
	// InsteadOf, Insert, Update and Delete say when it fires, Row whether once a row.
	InsteadOf, Insert, Update, Delete, Row bool
	Enabled                                bool
}

// Grant is a privilege that somebody has on a schema, relation, column, sequence or function.
type Grant struct {
	// Role is the grantee; nil is PUBLIC.
	Role      *Role
	Privilege Privilege
	// Grantable is WITH GRANT OPTION.
	Grantable bool
}

// Privilege is PostgreSQL's name of a privilege.
type Privilege string

// The privileges that this package asks about (PostgreSQL manual, 5.7 Privileges).
const (
	Select     Privilege = "SELECT"
	Insert     Privilege = "INSERT"
	Update     Privilege = "UPDATE"
	Delete     Privilege = "DELETE"
	Truncate   Privilege = "TRUNCATE"
	References Privilege = "REFERENCES"
	Fire       Privilege = "TRIGGER"
	Usage      Privilege = "USAGE"
	Create     Privilege = "CREATE"
	Execute    Privilege = "EXECUTE"
)

// granted says whether one of the grants gives role the privilege: to the role itself, to one that it inherits from, or to
// PUBLIC. It does not know superusers and the roles that PostgreSQL predefines; see Role.
func granted(grants []Grant, role *Role, privilege Privilege) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool {
		return g.Privilege == privilege && (g.Role == nil || role.HasPrivilegesOf(g.Role))
	})
}
