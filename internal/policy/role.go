package policy

// Role is a role of the server.
type Role struct {
	Name                 string
	Login, Inherit       bool
	Superuser, BypassRLS bool
	CreateRole, CreateDB bool
	Replication          bool
	Memberships          []Membership
	// Settings are those of ALTER ROLE … SET that hold in this database, name=value. The last of a name counts.
	Settings []string

	oid uint32
	// privileges are the roles whose privileges it has, itself included; settable those it may SET ROLE to.
	privileges, settable map[*Role]bool
}

// Membership says that a role is a member of another.
type Membership struct {
	Role *Role // the role it is a member of
	// Inherit says that the member has the other's privileges without asking, Set that it may SET ROLE to it. Before PostgreSQL
	// 16 the first is the member's attribute, and the second always holds.
	Inherit, Set, Admin bool
}

// The roles that PostgreSQL predefines and that give privileges on every table (PostgreSQL manual, 22.5 Predefined Roles).
const (
	readAllData   = "pg_read_all_data"
	writeAllData  = "pg_write_all_data"
	databaseOwner = "pg_database_owner"
)

// HasPrivilegesOf says whether r may do what other may without SET ROLE: it is the same, a superuser, or inherits from it
// (PostgreSQL's has_privs_of_role).
func (r *Role) HasPrivilegesOf(other *Role) bool { return r.Superuser || r.privileges[other] }

// MaySet says whether r may SET ROLE to other. A superuser may to all; see Member for what was granted.
func (r *Role) MaySet(other *Role) bool { return r.Superuser || r.settable[other] }

// Member says whether memberships let r SET ROLE to other, or they are the same. Unlike MaySet it holds a superuser to what was granted.
func (r *Role) Member(other *Role) bool { return r.settable[other] }

// InheritsFrom returns whether memberships give r the privileges of other, superusers not excepted.
func (r *Role) InheritsFrom(other *Role) bool { return r.privileges[other] }

// Setting returns the value of a setting of the role, ok false if it has none.
func (r *Role) Setting(name string) (value string, ok bool) {
	for _, s := range r.Settings {
		if len(s) > len(name) && s[len(name)] == '=' && s[:len(name)] == name {
			value, ok = s[len(name)+1:], true
		}
	}
	return value, ok
}

// has says whether r has the privileges of the predefined role of that name.
func (r *Role) has(d *Database, predefined string) bool {
	other := d.roles[predefined]
	return other != nil && r.HasPrivilegesOf(other)
}

// link computes what follows from memberships. owner owns the database and so is a member of pg_database_owner.
func link(roles []*Role, owner, ownerRole *Role) {
	for _, r := range roles {
		r.privileges = reach(r, owner, ownerRole, func(m Membership) bool { return m.Inherit })
		r.settable = reach(r, nil, nil, func(m Membership) bool { return m.Set })
	}
}

// reach returns r and the roles that it comes to by the memberships that follow accepts.
func reach(r, owner, ownerRole *Role, follow func(Membership) bool) map[*Role]bool {
	seen := map[*Role]bool{r: true}
	queue := []*Role{r}
	add := func(o *Role) {
		if o != nil && !seen[o] {
			seen[o] = true
			queue = append(queue, o)
		}
	}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, m := range next.Memberships {
			if follow(m) {
				add(m.Role)
			}
		}
		if next == owner {
			add(ownerRole)
		}
	}
	return seen
}
