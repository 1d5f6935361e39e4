package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupGrants = "Grants"

func grantChecks() []Check {
	return []Check{
		{
			ID: "grant-to-public", Group: groupGrants, Severity: Warning,
			Title: "exposed relation granted to PUBLIC",
			Why:   "PUBLIC is every role: anonymous callers, and each role that there will ever be. Name the roles.",
			find:  grantToPublic,
		},
		{
			ID: "grant-past-policies", Group: groupGrants, Severity: Warning,
			Title: "TRUNCATE, REFERENCES or TRIGGER granted to callers",
			Why: "GRANT ALL gives them too. Policies do not hold TRUNCATE; REFERENCES tells by foreign keys which keys exist; and TRIGGER lets its holder have code run by those " +
				"who write. The API needs none of them.",
			find: grantPastPolicies,
		},
		{
			ID: "schema-create-granted", Group: groupGrants, Severity: Error,
			Title: "callers may create objects in an exposed schema",
			Why:   "What is created there becomes part of the API, and is found before the system's own names by functions without a fixed search_path.",
			find:  schemaCreateGranted,
		},
		{
			ID: "sequence-without-usage", Group: groupGrants, Severity: Error,
			Title: "sequence that a role may not use, though it may insert",
			Why:   "The column's default draws from the sequence with the caller's rights, through a view too, so that each insert without a value fails with 42501.",
			find:  sequenceWithoutUsage,
		},
		{
			ID: "schema-without-usage", Group: groupGrants, Severity: Warning,
			Title: "role with grants in an exposed schema but without USAGE on it",
			Why:   "Without USAGE on the schema none of the grants in it count: each request fails with 42501.",
			find:  schemaWithoutUsage,
		},
	}
}

func grantToPublic(r *reporter) {
	for _, rel := range r.relations {
		var names []string
		for _, g := range append(slices.Clone(rel.Grants), columnGrants(rel)...) {
			if name := strings.ToLower(string(g.Privilege)); g.Role == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if names != nil {
			r.report(object(rel), strings.Join(names, ", "), fmt.Sprintf("revoke %s on %s from public;\n-- grant … on %[2]s to …;", strings.Join(names, ", "), rel))
		}
	}
}

func columnGrants(rel *policy.Relation) []policy.Grant {
	var out []policy.Grant
	for _, c := range rel.Columns {
		out = append(out, c.Grants...)
	}
	return out
}

func grantPastPolicies(r *reporter) {
	for _, rel := range r.relations {
		if !rel.IsTable() {
			continue
		}
		var privileges []string
		var who []*policy.Role
		for _, p := range []policy.Privilege{policy.Truncate, policy.References, policy.Fire} {
			for _, role := range r.callers {
				if role.Superuser || role == rel.Owner || role.InheritsFrom(rel.Owner) || !policy.Granted(rel.Grants, role, p) {
					continue
				}
				if name := strings.ToLower(string(p)); !slices.Contains(privileges, name) {
					privileges = append(privileges, name)
				}
				if !slices.Contains(who, role) {
					who = append(who, role)
				}
			}
		}
		if who != nil {
			r.report(object(rel), fmt.Sprintf("%s by %s", strings.Join(privileges, ", "), list(who)), fmt.Sprintf(
				"revoke %s on %s from %s;", strings.Join(privileges, ", "), rel, granteesOf(rel.Grants, who, policy.Truncate, policy.References, policy.Fire)))
		}
	}
}

func schemaCreateGranted(r *reporter) {
	for _, s := range r.Schemas {
		if !s.Exposed {
			continue
		}
		var who []*policy.Role
		for _, role := range r.callers {
			if !role.Superuser && policy.Granted(s.Grants, role, policy.Create) {
				who = append(who, role)
			}
		}
		if who != nil {
			name := policy.QuoteIdentifier(s.Name)
			r.report("schema "+name, "by "+list(who), fmt.Sprintf("revoke create on schema %s from %s;", name, granteesOf(s.Grants, who, policy.Create)))
		}
	}
}

func sequenceWithoutUsage(r *reporter) {
	for _, s := range r.Sequences {
		if s.Identity {
			continue
		}
		for _, use := range s.Columns {
			if use.Column == nil {
				continue
			}
			var who []*policy.Role
			through := ""
			for _, role := range r.callers {
				if policy.Granted(s.Grants, role, policy.Usage) || policy.Granted(s.Grants, role, policy.Update) {
					continue
				}
				if by := r.insertsBy(role, use.Relation); by != nil {
					who = append(who, role)
					if by != use.Relation {
						through = " through " + by.String()
					}
				}
			}
			if who != nil {
				name := policy.QuoteName(s.Schema.Name, s.Name)
				r.report("sequence "+name, fmt.Sprintf("default of %s.%s, into which %s may insert%s", use.Relation, policy.QuoteIdentifier(use.Column.Name), list(who), through),
					fmt.Sprintf("grant usage on sequence %s to %s;\n-- or make it an identity column, which needs no grant", name, all(who)))
			}
		}
	}
}

// insertsBy returns what of the API a role inserts into to insert into a table: itself, a view over it, or nil if there is nothing. The
// caller calls a default's function also where a view inserts as its owner.
func (s *state) insertsBy(role *policy.Role, table *policy.Relation) *policy.Relation {
	var into func(a policy.Access) bool
	into = func(a policy.Access) bool {
		return slices.ContainsFunc(a.Below, func(b policy.Below) bool { return b.Relation == table || into(b.Access) })
	}
	if slices.Contains(s.relations, table) && s.may(role, policy.CreateRows, table).Verdict != policy.No {
		return table
	}
	for _, rel := range s.relations {
		if rel.Kind != policy.View {
			continue
		}
		if a := s.may(role, policy.CreateRows, rel); a.Verdict != policy.No && into(a) {
			return rel
		}
	}
	return nil
}

func schemaWithoutUsage(r *reporter) {
	for _, s := range r.Schemas {
		if !s.Exposed {
			continue
		}
		var who []*policy.Role
		for _, role := range r.callers {
			if policy.Granted(s.Grants, role, policy.Usage) {
				continue
			}
			named := func(g policy.Grant) bool { return g.Role != nil && role.HasPrivilegesOf(g.Role) }
			if slices.ContainsFunc(r.relations, func(rel *policy.Relation) bool {
				return rel.Schema == s && (slices.ContainsFunc(rel.Grants, named) || slices.ContainsFunc(columnGrants(rel), named))
			}) {
				who = append(who, role)
			}
		}
		if who != nil {
			name := policy.QuoteIdentifier(s.Name)
			r.report("schema "+name, list(who), fmt.Sprintf("grant usage on schema %s to %s;", name, all(who)))
		}
	}
}
