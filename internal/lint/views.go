package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

const groupViews = "Views"

func viewChecks() []Check {
	return []Check{
		{
			ID: "view-bypasses-rls", Group: groupViews, Severity: Error,
			Title: "view that shows or writes rows past the policies of its tables",
			Why: "A view reads and writes its tables as its owner unless it is security_invoker (PostgreSQL 15). If the policies do not hold the owner, everybody " +
				"who may use the view sees or writes every row.",
			find: viewBypassesRLS,
		},
		{
			ID: "partition-past-policies", Group: groupViews, Severity: Error,
			Title: "view of a partition or child table that has no row-level security of its own",
			Why: "The policies of a table hold for what is read by way of it. A partition, or a table that inherits from it, that is read by itself has its own or none: " +
				"the view shows rows that the policies of the whole hide.",
			find: partitionPastPolicies,
		},
		{
			ID: "materialized-view-exposed", Group: groupViews, Severity: Warning,
			Title: "materialized view that callers may read, by itself or through a view",
			Why:   "It holds what its owner saw when it was refreshed. Row-level security does not hold for it: every reader sees every row, unless a view before it asks who reads.",
			find:  func(r *reporter) { unprotected(r, policy.MaterializedView) },
		},
		{
			ID: "foreign-table-exposed", Group: groupViews, Severity: Warning,
			Title: "foreign table that callers may read, by itself or through a view",
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
		past := r.past(rel)
		readers, writers := r.readers(rel), r.writers(rel, past)
		if len(past) == 0 || len(readers)+len(writers) == 0 {
			continue
		}
		var tables, fixes []string
		for _, p := range past {
			name := fmt.Sprintf("%s as %s", p.table, quoted(p.view.Owner))
			fix := fmt.Sprintf("alter view %s set (security_invoker = true);", p.view)
			if r.Version < 150000 {
				fix = fmt.Sprintf("-- alter view %s owner to …;", p.view)
			}
			if p.view != rel {
				name += " by " + p.view.String()
			}
			tables = append(tables, name)
			if !slices.Contains(fixes, fix) {
				fixes = append(fixes, fix)
			}
		}
		var deeds []string
		if len(readers) > 0 {
			deeds = append(deeds, list(readers)+" sees "+strings.Join(tables, ", "))
		}
		if len(writers) > 0 {
			deeds = append(deeds, list(writers)+" writes "+strings.Join(tables, ", "))
		}
		fix := strings.Join(fixes, "\n")
		if r.Version < 150000 {
			fix = "-- PostgreSQL 15 has security_invoker; until then let a role own it that the policies hold:\n" + fix
		} else {
			fix += "\n-- callers then need privileges on what it reads and writes"
		}
		r.report(object(rel), strings.Join(deeds, "; "), fix)
	}
}

// bypass is a table that a view reads as its owner, whom the table's policies do not hold.
type bypass struct{ table, view *policy.Relation }

// past returns the tables below a view that are read past their policies, because some view on the way is not security_invoker. Below a
// security_invoker view the caller is judged, wherever it stands.
func (s *state) past(view *policy.Relation) []bypass {
	var out []bypass
	below(view, func(over, rel *policy.Relation) {
		if _, ok := rel.BypassesRLS(over.Owner); ok && !over.SecurityInvoker && !slices.Contains(out, bypass{rel, over}) {
			out = append(out, bypass{rel, over})
		}
	})
	slices.SortFunc(out, func(a, b bypass) int {
		return cmp.Or(strings.Compare(a.table.String(), b.table.String()), strings.Compare(a.view.String(), b.view.String()))
	})
	return out
}

// below calls visit for all that a view reads and that is no view, with the view that reads it.
func below(view *policy.Relation, visit func(view, rel *policy.Relation)) {
	seen := map[*policy.Relation]bool{}
	var from func(*policy.Relation)
	from = func(view *policy.Relation) {
		if seen[view] {
			return
		}
		seen[view] = true
		for _, dep := range view.Reads {
			if dep.Relation.Kind == policy.View {
				from(dep.Relation)
			} else {
				visit(view, dep.Relation)
			}
		}
	}
	from(view)
}

// writers returns the callers that may not read a view but write tables through it past their policies.
func (s *state) writers(view *policy.Relation, past []bypass) []*policy.Role {
	var through func(a policy.Access) bool
	through = func(a policy.Access) bool {
		return slices.ContainsFunc(a.Below, func(b policy.Below) bool {
			return slices.ContainsFunc(past, func(p bypass) bool { return p.table == b.Relation }) || through(b.Access)
		})
	}
	return slices.DeleteFunc(slices.Clone(s.callers), func(role *policy.Role) bool {
		return s.may(role, policy.ReadRows, view).Verdict != policy.No || !slices.ContainsFunc(policy.Actions, func(action policy.Action) bool {
			a := s.may(role, action, view)
			return a.Verdict != policy.No && through(a)
		})
	})
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
		detail := ""
		switch rel.Kind {
		case kind:
		case policy.View:
			if detail = r.shows(rel, kind); detail == "" {
				continue
			}
			detail += ", "
		default:
			continue
		}
		if readers := r.readers(rel); len(readers) > 0 {
			r.report(object(rel), detail+"read by "+list(readers), fmt.Sprintf(
				"revoke select on %s from %s;\n-- and expose what each caller may see of it by a view or function that asks who reads", rel, r.sources(rel, readers, policy.Select)))
		}
	}
}

// shows names what a view shows of relations that no policies hold, "" if it or a view below asks who reads. A materialized view counts if
// policies hold for what it was made of, and a view that joins a table whose policies hold the caller asks by them.
func (s *state) shows(view *policy.Relation, kind policy.RelationKind) string {
	asks := s.asks(view)
	var names []string
	below(view, func(over, rel *policy.Relation) {
		asks = asks || over != view && s.asks(over) || over.SecurityInvoker && rel.RLS
		if rel.Kind == kind && (kind != policy.MaterializedView || ofProtected(rel)) && !slices.Contains(names, rel.String()) {
			names = append(names, rel.String())
		}
	})
	if asks {
		return ""
	}
	return strings.Join(names, ", ")
}

// asks says whether a view's query depends on who reads: on a setting, a role or a function of one's own.
func (s *state) asks(view *policy.Relation) bool {
	const currentRole, sessionUser = 9, 12 // PostgreSQL source, primnodes.h, SQLValueFunctionOp
	found := slices.ContainsFunc(s.calls(view.Query), func(c call) bool { return slow(c.function) })
	view.Query.WalkQueries(func(n *nodetree.Node, _ int) bool {
		found = found || n.Name == "SQLVALUEFUNCTION" && n.Int("op") >= currentRole && n.Int("op") <= sessionUser
		return !found
	})
	return found
}

// ofProtected says whether row-level security holds for a table that a materialized view was made of.
func ofProtected(rel *policy.Relation) bool {
	found := false
	below(rel, func(_, of *policy.Relation) {
		found = found || of.RLS || of.Kind == policy.MaterializedView && ofProtected(of)
	})
	return found
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
