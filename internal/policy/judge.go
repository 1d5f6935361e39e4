package policy

import (
	"fmt"
	"slices"
)

// Access says what role may do with rel by action, as PostgreSQL will judge it for SELECT, INSERT, UPDATE or DELETE that name
// the relation with its schema. A request of the API that filters or returns rows needs ReadRows beside UpdateRows and so on.
func (d *Database) Access(rel *Relation, role *Role, action Action) Access {
	if s := rel.Schema; !role.Superuser && !Granted(s.Grants, role, Usage) && !role.has(d, readAllData) && !role.has(d, writeAllData) {
		return Access{Action: action, Refused: true, Why: "no USAGE on schema " + QuoteIdentifier(s.Name)}
	}
	j := judge{d: d, user: role}
	return j.access(rel, role, action)
}

// Recursion says which relation PostgreSQL would come back to forever (42P17) by the policies' subqueries, if role were granted
// all that they read; "" if there is none.
func (d *Database) Recursion(rel *Relation, role *Role, action Action) string {
	j := judge{d: d, user: role, granted: true}
	if a := j.access(rel, role, action); a.recursion {
		return a.Why
	}
	return ""
}

// judge answers for one user. Relations below a view are judged by other roles, but back as the user below a security_invoker
// view, wherever that stands (PostgreSQL manual, CREATE VIEW).
type judge struct {
	d    *Database
	user *Role
	// granted takes all privileges for granted.
	granted bool
	path    []*Relation
}

func (j *judge) access(rel *Relation, role *Role, action Action) Access {
	a := Access{Action: action}
	any, columns := j.d.grants(rel, role, action.Privilege())
	if j.granted {
		columns = nil
	} else if !any {
		a.Refused = true
		a.Why = "no " + string(action.Privilege()) + " granted"
		return a
	}
	a.Columns = columns
	switch {
	case rel.Kind == View:
		j.view(&a, rel, action)
	case rel.Kind == MaterializedView && action != ReadRows:
		a.Why, a.Refused = "a materialized view cannot be written", true
	case rel.Kind == MaterializedView || rel.Kind == ForeignTable:
		a.Verdict, a.Why = Yes, "row-level security does not hold for a "+rel.Kind.String()
	default:
		j.table(&a, rel, role)
	}
	if a.Refused {
		a.Columns = nil
	}
	return a
}

// grants says whether a role has a privilege on any of a relation and, if it is on some columns only, on which
// (PostgreSQL's pg_class_aclmask and pg_attribute_aclmask).
func (d *Database) grants(rel *Relation, role *Role, p Privilege) (any bool, columns []*Column) {
	switch {
	case role.Superuser, Granted(rel.Grants, role, p):
		return true, nil
	case p == Select && role.has(d, readAllData), (p == Insert || p == Update || p == Delete) && role.has(d, writeAllData):
		return true, nil
	case p == Delete:
		return false, nil
	}
	for _, c := range rel.Columns {
		if Granted(c.Grants, role, p) {
			columns = append(columns, c)
		}
	}
	return len(columns) > 0, columns
}

// BypassesRLS says whether row-level security of rel does not hold role, and why (PostgreSQL's check_enable_rls). It is false where
// row-level security is off.
func (rel *Relation) BypassesRLS(role *Role) (why string, ok bool) {
	switch {
	case !rel.RLS || !rel.IsTable():
		return "", false
	case role.Superuser:
		return role.Name + " is a superuser", true
	case role.BypassRLS:
		return role.Name + " has BYPASSRLS", true
	case !rel.ForceRLS && role == rel.Owner:
		return role.Name + " owns it", true
	case !rel.ForceRLS && role.HasPrivilegesOf(rel.Owner):
		return role.Name + " has the rights of its owner, " + rel.Owner.Name, true
	}
	return "", false
}

// table applies row-level security.
func (j *judge) table(a *Access, rel *Relation, role *Role) {
	if !rel.RLS {
		a.Verdict, a.Why = Yes, "row-level security is off"
		return
	}
	if why, ok := rel.BypassesRLS(role); ok {
		a.Verdict, a.Why = Yes, why
		return
	}
	a.Using, a.Check = rel.rules(role, a.Action)
	if j.refused(a, rel, role, a.Using, a.Check); a.Refused {
		return
	}
	a.Verdict = Yes
	for _, r := range []struct {
		counts bool
		rule   Rule
	}{{a.Action != CreateRows, a.Using}, {a.Action == CreateRows || a.Action == UpdateRows, a.Check}} {
		if !r.counts {
			continue
		}
		v, why := r.rule.verdict()
		if v < a.Verdict || a.Verdict == Yes {
			a.Verdict, a.Why = v, why
		}
	}
	a.Refused = a.Verdict == No && a.Action == CreateRows
}

// rules returns what the policies for a role and an action amount to.
func (rel *Relation) rules(role *Role, action Action) (using, check Rule) {
	using, check = Rule{}, Rule{check: true}
	for _, p := range rel.Policies {
		if !p.For(action) || !p.Applies(role) {
			continue
		}
		for _, r := range []*Rule{&using, &check} {
			if p.Permissive {
				r.Permissive = append(r.Permissive, p)
			} else {
				r.Restrictive = append(r.Restrictive, p)
			}
		}
	}
	switch action {
	case CreateRows:
		using = Rule{}
	case ReadRows, DeleteRows:
		check = Rule{}
	}
	return using, check
}

// refused notes in a why PostgreSQL refuses a statement for what the subqueries of policies read: they have the privileges of the role
// that the policies hold, and may not come back to a relation whose own policies have subqueries (42P17).
func (j *judge) refused(a *Access, rel *Relation, role *Role, rules ...Rule) {
	subqueries := false
	for _, r := range rules {
		for _, p := range r.Policies() {
			// It asks the policy and not the expression that counts here; without a permissive policy it asks none.
			subqueries = subqueries || len(r.Permissive) > 0 && (p.Using.HasSubquery() || p.Check.HasSubquery())
		}
	}
	if !subqueries {
		return
	}
	if slices.Contains(j.path, rel) {
		a.Verdict, a.Refused, a.recursion = No, true, true
		a.Why = "infinite recursion in the policies of " + rel.String()
		return
	}
	j.path = append(j.path, rel)
	defer func() { j.path = j.path[:len(j.path)-1] }()
	for _, r := range rules {
		if len(r.Permissive) == 0 {
			continue
		}
		// Beside a policy that is always true PostgreSQL drops the others, but after having looked for recursion.
		dropped := slices.ContainsFunc(r.Permissive, func(p *Policy) bool { return r.Expression(p).dropsOthers() })
		for _, p := range r.Policies() {
			for _, dep := range r.Expression(p).Reads {
				below := j.access(dep.Relation, role, ReadRows)
				if below.Refused && !below.recursion && dropped && p.Permissive {
					// Recursion is looked for before grants are.
					granted := judge{d: j.d, user: j.user, granted: true, path: slices.Clone(j.path)}
					below = granted.access(dep.Relation, role, ReadRows)
				}
				if why := below.lacks(dep.Columns); why != "" && (below.recursion || !dropped || !p.Permissive) {
					a.Verdict, a.Refused, a.recursion = No, true, below.recursion
					a.Why = fmt.Sprintf("policy %s reads %s, and %s may not: %s", QuoteIdentifier(p.Name), dep.Relation, role.Name, why)
					if a.recursion {
						a.Why = why
					}
					return
				}
			}
		}
	}
}

// lacks says what keeps a statement that needs these columns from being run, "" if nothing does. That policies leave no row is no
// such thing.
func (a Access) lacks(columns []int) string {
	if a.Refused {
		return a.Why
	}
	if a.Columns == nil {
		return ""
	}
	for _, n := range columns {
		if !slices.ContainsFunc(a.Columns, func(c *Column) bool { return c.Number == n }) {
			return fmt.Sprintf("%s is granted on some other columns only", a.Action.Privilege())
		}
	}
	return ""
}
