package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupRoles = "Roles"

func roleChecks() []Check {
	return []Check{
		{
			ID: "login-powerful", Group: groupRoles, Severity: Error,
			Title: "the server logs in as a superuser or another powerful role",
			Why:   "Whatever goes wrong in the server then goes wrong with that power. It needs LOGIN, NOINHERIT and memberships, and nothing else.",
			find:  loginPowerful,
		},
		{
			ID: "login-inherits", Group: groupRoles, Severity: Warning,
			Title: "the login role inherits the rights of callers' roles",
			Why:   "It then has the rights of all callers together without becoming any of them, so that a statement outside a role sees everything they see.",
			find:  loginInherits,
		},
		{
			ID: "login-has-rights", Group: groupRoles, Severity: Warning,
			Title: "the login role has rights of its own",
			Why:   "Its rights are for no caller. Without any, a statement that runs before the role is set can do nothing.",
			find:  loginHasRights,
		},
		{
			ID: "caller-bypasses-rls", Group: groupRoles, Severity: Error,
			Title: "superuser or BYPASSRLS among the roles that callers may have",
			Why:   "Policies do not hold such a role: one token with its name reads and writes everything.",
			find:  callerBypasses,
		},
		{
			ID: "caller-creates-roles", Group: groupRoles, Severity: Error,
			Title: "role of callers with CREATEROLE, CREATEDB, REPLICATION or the server's files and programs",
			Why:   "Callers need none of them, and a function that runs dynamic SQL as the caller makes them reachable.",
			find:  callerCreates,
		},
		{
			ID: "anonymous-is-member", Group: groupRoles, Severity: Error,
			Title: "the anonymous role inherits from another role of callers",
			Why:   "What that role is granted, everybody is granted. Grants of this kind are usually meant the other way round.",
			find:  anonymousMember,
		},
	}
}

func attributes(role *policy.Role) (have, without []string) {
	for _, a := range []struct {
		has  bool
		name string
	}{
		{role.Superuser, "superuser"},
		{role.BypassRLS, "bypassrls"},
		{role.CreateRole, "createrole"},
		{role.CreateDB, "createdb"},
		{role.Replication, "replication"},
	} {
		if a.has {
			have, without = append(have, strings.ToUpper(a.name)), append(without, "no"+a.name)
		}
	}
	return have, without
}

func loginPowerful(r *reporter) {
	if have, without := attributes(r.Login); have != nil {
		r.report("role "+quoted(r.Login), strings.Join(have, ", "), fmt.Sprintf(
			"-- if it is the server's own role, else name that one by --login-role:\nalter role %s %s;", quoted(r.Login), strings.Join(without, " ")))
	}
}

func loginInherits(r *reporter) {
	var of []*policy.Role
	for _, m := range r.Login.Memberships {
		if m.Inherit {
			of = append(of, m.Role)
		}
	}
	if of == nil || r.Login.Superuser {
		return
	}
	fix := fmt.Sprintf("alter role %s noinherit;", quoted(r.Login))
	if r.Version >= 160000 {
		fix += fmt.Sprintf("\ngrant %s to %s with inherit false, set true;", all(of), quoted(r.Login))
	}
	r.report("role "+quoted(r.Login), "from "+list(of), fix)
}

func loginHasRights(r *reporter) {
	if r.Login.Superuser {
		return
	}
	var what, fixes []string
	note := func(name, fix string) { what, fixes = append(what, name), append(fixes, fix) }
	for _, rel := range r.Relations {
		if rel.Owner == r.Login {
			note("owns "+rel.String(), fmt.Sprintf("alter table %s owner to …;", rel))
			continue
		}
		for _, g := range append(rel.Grants, columnGrants(rel)...) {
			if g.Role == r.Login {
				note(strings.ToLower(string(g.Privilege))+" on "+rel.String(), fmt.Sprintf("revoke all on %s from %s;", rel, quoted(r.Login)))
				break
			}
		}
	}
	own := func(grants []policy.Grant, privileges ...policy.Privilege) bool {
		return slices.ContainsFunc(grants, func(g policy.Grant) bool {
			return g.Role == r.Login && (privileges == nil || slices.Contains(privileges, g.Privilege))
		})
	}
	for _, f := range r.Functions {
		switch {
		case f.Schema == nil || f.Extension != "":
		case f.Owner == r.Login:
			note("owns "+routine(f), fmt.Sprintf("alter %s owner to …;", routine(f)))
		case own(f.Grants) && !r.IsPreConfig(f):
			note("execute on "+routine(f), fmt.Sprintf("revoke execute on %s from %s;", routine(f), quoted(r.Login)))
		}
	}
	for _, s := range r.Sequences {
		switch name := policy.QuoteName(s.Schema.Name, s.Name); {
		case s.Owner == r.Login:
			if !slices.ContainsFunc(s.Columns, func(u policy.SequenceUse) bool { return u.Relation.Owner == r.Login }) && !s.Identity {
				note("owns sequence "+name, fmt.Sprintf("alter sequence %s owner to …;", name))
			}
		case own(s.Grants):
			note("rights on sequence "+name, fmt.Sprintf("revoke all on sequence %s from %s;", name, quoted(r.Login)))
		}
	}
	for _, s := range r.Schemas {
		switch name := policy.QuoteIdentifier(s.Name); {
		case s.Owner == r.Login:
			note("owns schema "+name, fmt.Sprintf("alter schema %s owner to …;", name))
		case own(s.Grants, policy.Create):
			note("create in schema "+name, fmt.Sprintf("revoke create on schema %s from %s;", name, quoted(r.Login)))
		}
	}
	if what == nil {
		return
	}
	for i, f := range fixes {
		if strings.Contains(f, "…") {
			fixes[i] = "-- " + f
		}
	}
	r.report("role "+quoted(r.Login), what[0]+more(what), strings.Join(fixes, "\n"))
}

func callerBypasses(r *reporter) {
	for _, role := range r.callers {
		if !role.Superuser && !role.BypassRLS {
			continue
		}
		var have []string
		if role.Superuser {
			have = append(have, "SUPERUSER")
		}
		if role.BypassRLS {
			have = append(have, "BYPASSRLS")
		}
		fix := fmt.Sprintf("alter role %s nosuperuser nobypassrls;", quoted(role))
		if members := r.members(role); members != nil {
			fix += fmt.Sprintf("\n-- or: revoke %s from %s;", quoted(role), all(members))
		}
		r.report("role "+quoted(role), strings.Join(have, ", "), fix)
	}
}

// members returns the roles by whose own membership the server may become a role: the login role, or others that it may become.
func (s *state) members(of *policy.Role) []*policy.Role {
	var out []*policy.Role
	for _, role := range s.Roles {
		if s.Login.Member(role) && slices.ContainsFunc(role.Memberships, func(m policy.Membership) bool { return m.Role == of && m.Set }) {
			out = append(out, role)
		}
	}
	return out
}

func callerCreates(r *reporter) {
	for _, role := range r.callers {
		if !role.Superuser && (role.CreateRole || role.CreateDB || role.Replication) {
			have, without := attributes(role)
			r.report("role "+quoted(role), strings.Join(have, ", "), fmt.Sprintf("alter role %s %s;", quoted(role), strings.Join(without, " ")))
		}
		for _, m := range role.Memberships {
			// PostgreSQL manual, 22.5 Predefined Roles.
			if !role.Superuser && slices.Contains([]string{"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"}, m.Role.Name) {
				r.report("role "+quoted(role), "member of "+quoted(m.Role), fmt.Sprintf("revoke %s from %s;", quoted(m.Role), quoted(role)))
			}
		}
	}
}

func anonymousMember(r *reporter) {
	if r.Anonymous == nil {
		return
	}
	for _, role := range r.callers {
		if role != r.Anonymous && r.Anonymous.InheritsFrom(role) {
			r.report("role "+quoted(r.Anonymous), "has the rights of "+quoted(role), fmt.Sprintf("revoke %s from %s;", quoted(role), quoted(r.Anonymous)))
		}
	}
}
