package policy

import (
	"slices"
	"strings"
)

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

	// Settings are those of ALTER DATABASE … SET and ALTER ROLE ALL … SET, name=value. The last of a name counts.
	Settings []string
	// StatementTimeout is what the server's own configuration sets, "0" for none and "" where it cannot be told.
	StatementTimeout string

	preConfig string
	roles     map[string]*Role
	operators map[uint32]*Operator
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

// IsPreConfig says whether the server asks a function for settings, which the login role must be granted.
func (d *Database) IsPreConfig(f *Function) bool {
	return d.preConfig == f.SchemaName+"."+f.Name || d.preConfig == f.Name
}

// Operator returns the operator that a tree refers to, nil if none does.
func (d *Database) Operator(oid uint32) *Operator { return d.operators[oid] }

// Callers returns the roles that requests may run as, by name: the anonymous role, and those that memberships let the login
// role SET ROLE to. PostgreSQL's own (pg_…) are left out, for the server refuses them. Of a login role that is a superuser
// without memberships all would be possible; then they are the roles that schemas exposed and what is in them are granted to.
func (d *Database) Callers() []*Role {
	var out []*Role
	for _, r := range d.Roles {
		if r == d.Anonymous || r != d.Login && d.Login.Member(r) && !strings.HasPrefix(r.Name, "pg_") {
			out = append(out, r)
		}
	}
	if len(d.Login.Memberships) > 0 || !d.Login.Superuser {
		return out
	}
	named := map[*Role]bool{d.Anonymous: true}
	for _, s := range d.Schemas {
		if s.Exposed {
			note(named, s.Grants, s.Owner)
		}
	}
	for _, r := range d.ExposedRelations() {
		note(named, r.Grants, r.Owner)
		for _, c := range r.Columns {
			note(named, c.Grants, r.Owner)
		}
	}
	for _, f := range d.ExposedFunctions() {
		note(named, f.Grants, f.Owner)
	}
	return slices.DeleteFunc(slices.Clone(d.Roles), func(r *Role) bool { return !named[r] || strings.HasPrefix(r.Name, "pg_") })
}

// note adds those that are granted something, except the owner, who has it anyway.
func note(roles map[*Role]bool, grants []Grant, owner *Role) {
	for _, g := range grants {
		if g.Role != nil && g.Role != owner {
			roles[g.Role] = true
		}
	}
}

// Operator is an operator that an expression uses.
type Operator struct {
	Name string
	// Equality says that a B-tree index can find rows by it: it is an =.
	Equality bool
	// Commutator is the oid of the operator that gives the same with its operands swapped, 0 if there is none.
	Commutator uint32

	// strategy is a B-tree's strategy of a system's operator that compares values of one type, 0 for others.
	strategy int
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

// Granted says whether one of the grants gives role the privilege: to the role itself, to one that it inherits from, or to
// PUBLIC. A superuser inherits from all. Of the roles that PostgreSQL predefines it does not know what they may do. The grants
// must be in the order of this package: PUBLIC first, then by role and privilege. There may be thousands.
func Granted(grants []Grant, role *Role, privilege Privilege) bool {
	if role.Superuser {
		return true
	}
	for _, g := range grants {
		if g.Role != nil {
			break
		}
		if g.Privilege == privilege {
			return true
		}
	}
	for of := range role.privileges {
		_, found := slices.BinarySearchFunc(grants, of, func(g Grant, of *Role) int {
			if c := strings.Compare(g.grantee(), of.Name); c != 0 {
				return c
			}
			return strings.Compare(string(g.Privilege), string(privilege))
		})
		if found {
			return true
		}
	}
	return false
}

// grantee is the role's name, "" for PUBLIC.
func (g Grant) grantee() string {
	if g.Role == nil {
		return ""
	}
	return g.Role.Name
}
