package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupViews = "Views"

func viewChecks() []Check {
	return []Check{
		{
			ID: "view-bypasses-rls", Group: groupViews, Severity: Error,
			Title: "view that shows rows past the policies of its tables",
			Why: "A view reads its tables as its owner unless it is security_invoker (PostgreSQL 15). If the policies do not hold the owner, every reader of the view " +
				"sees every row.",
			find: viewBypassesRLS,
		},
		{
			ID: "materialized-view-exposed", Group: groupViews, Severity: Warning,
			Title: "exposed materialized view that callers may read",
			Why:   "It holds what its owner saw when it was refreshed. Row-level security does not hold for it: every reader sees every row.",
			find:  func(r *reporter) { unprotected(r, policy.MaterializedView) },
		},
		{
			ID: "foreign-table-exposed", Group: groupViews, Severity: Warning,
			Title: "exposed foreign table that callers may use",
			Why:   "Row-level security does not hold for it, and on the other server all callers are one user, that of the user mapping.",
			find:  func(r *reporter) { unprotected(r, policy.ForeignTable) },
		},
	}
}

func viewBypassesRLS(r *reporter) {
	for _, rel := range r.relations {
		if rel.Kind != policy.View {
			continue
		}
		past := map[*policy.Relation]*policy.Role{}
		r.past(rel, past, map[*policy.Relation]bool{})
		readers := r.readers(rel)
		if len(past) == 0 || len(readers) == 0 {
			continue
		}
		var tables []string
		for _, t := range r.Relations { // in order
			if past[t] != nil {
				tables = append(tables, fmt.Sprintf("%s as %s", t, quoted(past[t])))
			}
		}
		fix := fmt.Sprintf("alter view %s set (security_invoker = true);\n-- callers then need SELECT on what it reads", rel)
		if r.Version < 150000 {
			fix = fmt.Sprintf("-- PostgreSQL 15 has security_invoker; until then let a role own it that the policies hold:\n-- alter view %s owner to …;", rel)
		}
		r.report(object(rel), fmt.Sprintf("%s sees %s", list(readers), strings.Join(tables, ", ")), fix)
	}
}

// past collects the tables below a view that are read as a role that their policies do not hold, because a view on the way is not
// security_invoker. Below a security_invoker view the caller is judged, wherever it stands.
func (s *state) past(view *policy.Relation, out map[*policy.Relation]*policy.Role, seen map[*policy.Relation]bool) {
	if seen[view] {
		return
	}
	seen[view] = true
	for _, dep := range view.Reads {
		switch t := dep.Relation; {
		case t.Kind == policy.View:
			s.past(t, out, seen)
		case view.SecurityInvoker:
		default:
			if _, ok := t.BypassesRLS(view.Owner); ok {
				out[t] = view.Owner
			}
		}
	}
}

// readers returns the callers that may read a relation, past row-level security or not.
func (s *state) readers(rel *policy.Relation) []*policy.Role {
	var out []*policy.Role
	for _, role := range s.callers {
		if s.may(role, policy.ReadRows, rel).Verdict != policy.No {
			out = append(out, role)
		}
	}
	return out
}

func unprotected(r *reporter, kind policy.RelationKind) {
	for _, rel := range r.relations {
		if rel.Kind != kind {
			continue
		}
		if readers := r.readers(rel); len(readers) > 0 {
			r.report(object(rel), "read by "+list(readers), fmt.Sprintf(
				"revoke select on %s from %s;\n-- and expose what each caller may see of it by a view or function that asks who reads", rel, granteesOf(rel.Grants, readers, policy.Select)))
		}
	}
}

// granteesOf writes those whom some of the privileges come to roles from: PUBLIC, or the roles themselves and those that they inherit
// from.
func granteesOf(grants []policy.Grant, roles []*policy.Role, privileges ...policy.Privilege) string {
	var out []string
	seen := map[string]bool{}
	for _, g := range grants {
		if !slices.Contains(privileges, g.Privilege) {
			continue
		}
		name := "public"
		if g.Role != nil {
			name = quoted(g.Role)
		}
		for _, role := range roles {
			if (g.Role == nil || role.InheritsFrom(g.Role)) && !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	if out == nil {
		return all(roles)
	}
	return strings.Join(out, ", ")
}
