package schema

import "slices"

// Public stands in a list of grantees for all roles (PostgreSQL manual, 5.8 Privileges). No role can have that name.
const Public = "public"

// CanSee reports whether a role may know that something exists in a schema: it may use the schema, and it or a role that it
// inherits from is among the grantees of the thing. Privileges that a role has by pg_read_all_data and its like do not count.
// If the catalog tells nothing of privileges, every role can see everything.
func (c *Catalog) CanSee(role, schema string, grantees []string) bool {
	if c.schemaGrantees == nil {
		return true
	}
	r := c.roles[role]
	if r != nil && r.Superuser {
		return true
	}
	return r.isAmong(c.schemaGrantees[schema]) && r.isAmong(grantees)
}

// isAmong reports whether a role, nil if the catalog does not know it, has what was granted to grantees.
func (r *Role) isAmong(grantees []string) bool {
	for _, g := range grantees {
		if g == Public || r != nil && slices.Contains(r.MemberOf, g) {
			return true
		}
	}
	return false
}
