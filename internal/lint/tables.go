package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupTables = "Row-level security"

func tableChecks() []Check {
	return []Check{
		{
			ID: "rls-disabled", Group: groupTables, Severity: Error,
			Title: "exposed table without row-level security",
			Why:   "Whoever is granted the table sees and changes all of its rows: nothing tells one caller from another.",
			find:  rlsDisabled,
		},
		{
			ID: "policy-ignored", Group: groupTables, Severity: Error,
			Title: "policies on a table whose row-level security is off",
			Why:   "The policies look as if they protected the table, and PostgreSQL does not ask them.",
			find:  policyIgnored,
		},
		{
			ID: "rls-without-policy", Group: groupTables, Severity: Warning,
			Title: "row-level security without any policy",
			Why:   "Without a policy no row is there for anybody but the owner: reads are empty and writes refused, though granted.",
			find:  rlsWithoutPolicy,
		},
		{
			ID: "grant-without-policy", Group: groupTables, Severity: Warning,
			Title: "granted action that no policy allows",
			Why:   "The grant promises what the policies never allow: reads, updates and deletes find no row, creates are refused, and no error tells why.",
			find:  grantWithoutPolicy,
		},
		{
			ID: "policy-without-grant", Group: groupTables, Severity: Info,
			Title: "policy for a role that is not granted the action",
			Why:   "A policy gives nothing by itself. The role gets 42501 before the policy is asked, or the policy is left over.",
			find:  policyWithoutGrant,
		},
		{
			ID: "rls-not-forced", Group: groupTables, Severity: Error,
			Title: "a caller's role owns a table and so passes by its policies",
			Why:   "Row-level security does not hold the owner of a table, nor who inherits the owner's rights, unless it is forced.",
			find:  rlsNotForced,
		},
	}
}

func rlsDisabled(r *reporter) {
	for _, rel := range r.relations {
		if !rel.IsTable() || rel.RLS || len(rel.Policies) > 0 {
			continue
		}
		var readers, writers []*policy.Role
		for _, role := range r.callers {
			if r.may(role, policy.ReadRows, rel).Verdict != policy.No {
				readers = append(readers, role)
			}
			if slices.ContainsFunc(policy.Actions, func(a policy.Action) bool { return a != policy.ReadRows && r.may(role, a, rel).Verdict != policy.No }) {
				writers = append(writers, role)
			}
		}
		fix := fmt.Sprintf("alter table %s enable row level security;\n-- then a policy for each action that callers need", rel)
		switch {
		case readers == nil && writers == nil:
			r.reportAs(Info, object(rel), "nobody is granted it yet", fix)
		case writers == nil:
			r.report(object(rel), "open to "+list(readers), fix)
		case readers == nil:
			r.report(object(rel), "open to "+list(writers)+", to write", fix)
		case slices.Equal(readers, writers):
			r.report(object(rel), "open to "+list(readers)+", to write too", fix)
		default:
			r.report(object(rel), "open to "+list(readers)+"; to write, to "+list(writers), fix)
		}
	}
}

func policyIgnored(r *reporter) {
	for _, rel := range r.Relations {
		if rel.IsTable() && !rel.RLS && len(rel.Policies) > 0 {
			var names []string
			for _, p := range rel.Policies {
				names = append(names, policy.QuoteIdentifier(p.Name))
			}
			r.report(object(rel), "ignored: "+strings.Join(names, ", "), fmt.Sprintf("alter table %s enable row level security;", rel))
		}
	}
}

func rlsWithoutPolicy(r *reporter) {
	for _, rel := range r.relations {
		if !rel.RLS || len(rel.Policies) > 0 {
			continue
		}
		who := r.granted(rel, policy.Actions...)
		if len(who) == 0 {
			continue // shut on purpose
		}
		r.report(object(rel), "granted to "+list(who), fmt.Sprintf(
			"-- create policy … on %s to %s using (…);\n-- or, if it is meant to be shut:\nrevoke all on %[1]s from %[2]s;", rel, all(who)))
	}
}

// granted returns the callers that have the privilege for one of the actions, but are not past row-level security.
func (s *state) granted(rel *policy.Relation, actions ...policy.Action) []*policy.Role {
	var who []*policy.Role
	for _, role := range s.callers {
		if _, bypasses := rel.BypassesRLS(role); bypasses {
			continue
		}
		if slices.ContainsFunc(actions, func(a policy.Action) bool { return s.hasPrivilege(rel, role, a.Privilege()) }) {
			who = append(who, role)
		}
	}
	return who
}

// hasPrivilege says whether a role has a privilege on a relation or some of its columns, and USAGE on the schema.
func (s *state) hasPrivilege(rel *policy.Relation, role *policy.Role, p policy.Privilege) bool {
	return policy.Granted(rel.Schema.Grants, role, policy.Usage) &&
		(policy.Granted(rel.Grants, role, p) || slices.ContainsFunc(rel.Columns, func(c *policy.Column) bool { return policy.Granted(c.Grants, role, p) }))
}

func grantWithoutPolicy(r *reporter) {
	for _, rel := range r.relations {
		if !rel.RLS || len(rel.Policies) == 0 {
			continue
		}
		for _, action := range policy.Actions {
			var who []*policy.Role
			for _, role := range r.granted(rel, action) {
				allowed := slices.ContainsFunc(rel.Policies, func(p *policy.Policy) bool { return p.Permissive && p.For(action) && p.Applies(role) })
				if !allowed {
					who = append(who, role)
				}
			}
			if len(who) == 0 {
				continue
			}
			command := strings.ToLower(string(action.Privilege()))
			r.report(object(rel), fmt.Sprintf("%s by %s", action, list(who)), fmt.Sprintf(
				"revoke %s on %s from %s;\n-- or, if it should be possible, a permissive policy for %[1]s to %[3]s", command, rel, all(who)))
		}
	}
}

func policyWithoutGrant(r *reporter) {
	for _, rel := range r.relations {
		for _, p := range rel.Policies {
			if !p.Permissive {
				continue
			}
			for _, role := range p.Roles {
				var missing []string
				for _, action := range policy.Actions {
					if p.For(action) && !r.hasPrivilege(rel, role, action.Privilege()) {
						missing = append(missing, strings.ToLower(string(action.Privilege())))
					}
				}
				if missing == nil || p.Command == "" && len(missing) < len(policy.Actions) {
					continue // a policy for all is there for what is granted
				}
				usage := ""
				if !policy.Granted(rel.Schema.Grants, role, policy.Usage) {
					usage = fmt.Sprintf("grant usage on schema %s to %s;\n", policy.QuoteIdentifier(rel.Schema.Name), quoted(role))
				}
				r.report(policyObject(p), fmt.Sprintf("%s has no %s", quoted(role), strings.Join(missing, ", ")), usage+fmt.Sprintf(
					"grant %s on %s to %s;\n-- or: drop policy %s on %[2]s;", strings.Join(missing, ", "), rel, quoted(role), policy.QuoteIdentifier(p.Name)))
			}
		}
	}
}

func rlsNotForced(r *reporter) {
	for _, rel := range r.relations {
		if !rel.RLS || rel.ForceRLS {
			continue
		}
		for _, role := range r.callers {
			if why, ok := rel.BypassesRLS(role); ok && !role.Superuser && !role.BypassRLS {
				r.report(object(rel), why, fmt.Sprintf("alter table %s force row level security;\n-- or let a role own it that no caller has: alter table %[1]s owner to …;", rel))
			}
		}
	}
}
