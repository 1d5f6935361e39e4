package policypattern

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// privileges are those on a table that the API needs, in the order in which they are written.
var privileges = []policy.Privilege{policy.Select, policy.Insert, policy.Update, policy.Delete}

// held is what a role may do already. The migration neither grants nor revokes it: the way down must leave what was there before, and a
// privilege that was granted on some columns must not become one on all.
type held struct {
	role string
	on   string // the table or sequence, quoted
	// privilege is what it has; someColumns says that it has it on columns only.
	privilege   policy.Privilege
	someColumns bool
}

// findHeld adds what the roles may do with a table already.
func (o *Options) findHeld(d *policy.Database, rel *policy.Relation) {
	for _, role := range slices.Concat(o.Roles, o.Readers) {
		for _, p := range privileges {
			h := held{role: role, on: policy.QuoteName(rel.Schema.Name, rel.Name), privilege: p}
			whole := granted(d, rel.Grants, role, p)
			h.someColumns = !whole && p != policy.Delete && slices.ContainsFunc(rel.Columns, func(c *policy.Column) bool {
				return granted(d, c.Grants, role, p)
			})
			if whole || h.someColumns {
				o.held = append(o.held, h)
			}
		}
	}
}

// granted says whether a role has a privilege; the word public stands for all roles.
func granted(d *policy.Database, grants []policy.Grant, role string, p policy.Privilege) bool {
	if role == "public" {
		return slices.ContainsFunc(grants, func(g policy.Grant) bool { return g.Role == nil && g.Privilege == p })
	}
	return policy.Granted(grants, d.Role(role), p)
}

// Grant is a GRANT as the templates write it.
type Grant struct{ Privileges, On, Roles string }

// grants are what roles lack of privileges on a table or sequence: a statement for all roles that lack the same.
func (v view) grants(on string, roles []string, needed ...policy.Privilege) []Grant {
	var out []Grant
	var names [][]string
	for _, role := range roles {
		var lacks []string
		for _, p := range needed {
			if !slices.ContainsFunc(v.o.held, func(h held) bool { return h.role == role && h.on == on && h.privilege == p }) {
				lacks = append(lacks, strings.ToLower(string(p)))
			}
		}
		list := strings.Join(lacks, ", ")
		i := slices.IndexFunc(out, func(g Grant) bool { return g.Privileges == list })
		switch {
		case list == "":
		case i >= 0:
			names[i] = append(names[i], role)
		default:
			out, names = append(out, Grant{Privileges: list, On: on}), append(names, []string{role})
		}
	}
	for i := range out {
		out[i].Roles = roleList(names[i])
	}
	return out
}

// Grants are those of a pattern by which the roles may do everything with the table's rows.
func (v view) Grants() []Grant {
	return append(v.grants(v.Table(), v.o.Roles, privileges...), v.SequenceGrants()...)
}

// SequenceGrants are those on the sequences that an insert draws from.
func (v view) SequenceGrants() []Grant {
	var out []Grant
	for _, s := range v.o.sequences {
		out = append(out, v.grants("sequence "+s, v.o.Roles, policy.Usage)...)
	}
	return out
}

// PublicReadGrants are those of a pattern by which readers read what the roles write.
func (v view) PublicReadGrants() []Grant {
	out := append(v.grants(v.Table(), v.readers(), policy.Select), v.grants(v.Table(), v.o.Roles, policy.Insert, policy.Update, policy.Delete)...)
	return append(out, v.SequenceGrants()...)
}

// ReadGrants let the roles read the table.
func (v view) ReadGrants() []Grant { return v.grants(v.Table(), v.o.Roles, policy.Select) }

// ViaGrants let the roles read the other table.
func (v view) ViaGrants() []Grant { return v.grants(v.Via(), v.o.Roles, policy.Select) }

// KeptColumns says of each role which privileges it has on some columns of the table only.
func (v view) KeptColumns() []Grant {
	var out []Grant
	for _, h := range v.o.held {
		if !h.someColumns || h.on != v.Table() {
			continue
		}
		if last := len(out) - 1; last >= 0 && out[last].Roles == h.role {
			out[last].Privileges += ", " + string(h.privilege)
			continue
		}
		out = append(out, Grant{Privileges: string(h.privilege), Roles: h.role})
	}
	return out
}
