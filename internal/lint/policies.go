package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

const groupPolicies = "Policies"

func policyChecks() []Check {
	return []Check{
		{
			ID: "policy-recursion", Group: groupPolicies, Severity: Error,
			Title: "policies that read each other in a circle",
			Why: "PostgreSQL refuses each statement that comes to them: infinite recursion detected in policy (42P17). Of a circle through a function it " +
				"knows nothing, and runs until its stack is full (54001).",
			find: policyRecursion,
		},
		{
			ID: "policy-subquery-refused", Group: groupPolicies, Severity: Error,
			Title: "policy that reads what its role may not read",
			Why:   "A policy's subqueries run with the caller's rights. Without the grant each statement on the table fails with 42501.",
			find:  policySubqueryRefused,
		},
		{
			ID: "policy-function-refused", Group: groupPolicies, Severity: Error,
			Title: "policy that calls a function which its role may not execute",
			Why:   "A policy's functions run with the caller's rights. Without EXECUTE, or USAGE on the schema of a name that is looked up, statements on the table fail with 42501.",
			find:  policyFunctionRefused,
		},
		{
			ID: "policy-never-true", Group: groupPolicies, Severity: Warning,
			Title: "policy that is never true",
			Why:   "A permissive policy that is never true allows nothing, and a restrictive one forbids all. A comparison with NULL by = or <> is null, which is not true.",
			find:  policyNeverTrue,
		},
		{
			ID: "policy-compares-itself", Group: groupPolicies, Severity: Error,
			Title: "policy that compares a column with itself",
			Why: "That is true of every row where the column is not null. In a subquery a name without a table is the subquery's own first: in exists (select from member m " +
				"where team = m.team) both are the member's, if it has such a column, and the row's team is never asked for.",
			find: comparesItself,
		},
		{
			ID: "policy-duplicate", Group: groupPolicies, Severity: Warning,
			Title: "policy that says the same as another",
			Why:   "Both are evaluated for each row, and who changes the one forgets the other.",
			find:  policyDuplicate,
		},
		{
			ID: "restrictive-without-permissive", Group: groupPolicies, Severity: Warning,
			Title: "restrictive policy with no permissive one beside it",
			Why:   "A restrictive policy only takes away. Where no permissive policy gives anything nobody sees a row.",
			find:  restrictiveOnly,
		},
		{
			ID: "policy-session-user", Group: groupPolicies, Severity: Error,
			Title: "policy that asks for session_user",
			Why:   "session_user is the role that the server logged in as, the same for every request. current_user is the caller's role.",
			find:  policySessionUser,
		},
		{
			ID: "policies-overlap", Group: groupPolicies, Severity: Info,
			Title: "several permissive policies for the same role and action",
			Why:   "A row is there if any of them is true, so each one widens the others; and PostgreSQL evaluates them all. One policy with OR is easier to read.",
			find:  policiesOverlap,
		},
	}
}

// subjects returns the roles that policies of a table are for and whom they hold: callers, and those named.
func (s *state) subjects(rel *policy.Relation) []*policy.Role {
	roles := slices.Clone(s.callers)
	for _, p := range rel.Policies {
		for _, r := range p.Roles {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	return slices.DeleteFunc(roles, func(r *policy.Role) bool {
		_, bypasses := rel.BypassesRLS(r)
		return bypasses
	})
}

func policySubqueryRefused(r *reporter) {
	for _, rel := range r.relations {
		if !rel.RLS {
			continue
		}
		refused := map[[2]string]*refusal{}
		for _, role := range r.granted(rel, policy.Actions...) {
			for _, p := range rel.Policies {
				if !p.Applies(role) {
					continue
				}
				for _, e := range expressions(p) {
					for _, dep := range e.Reads {
						if dep.Relation != rel && !r.mayRead(role, dep) {
							key := [2]string{p.Name, dep.Relation.String()}
							if refused[key] == nil {
								refused[key] = &refusal{policy: p, dep: dep}
							}
							if !slices.Contains(refused[key].roles, role) {
								refused[key].roles = append(refused[key].roles, role)
							}
						}
					}
				}
			}
		}
		for _, f := range refused {
			r.report(policyObject(f.policy), fmt.Sprintf("reads %s, which %s may not", f.dep.Relation, list(f.roles)),
				fmt.Sprintf("grant select%s on %s to %s;\n-- or look it up in a security definer function", columnList(f.dep), f.dep.Relation, all(f.roles)))
		}
	}
}

type refusal struct {
	policy *policy.Policy
	dep    policy.Dependency
	roles  []*policy.Role
}

// mayRead says whether the grants are enough for a subquery.
func (s *state) mayRead(role *policy.Role, dep policy.Dependency) bool {
	rel := dep.Relation
	if policy.Granted(rel.Grants, role, policy.Select) {
		return true
	}
	for _, n := range dep.Columns {
		if c := rel.ColumnNumber(n); c == nil || !policy.Granted(c.Grants, role, policy.Select) {
			return false
		}
	}
	return len(dep.Columns) > 0
}

// columnList writes the columns that a dependency needs, in parentheses.
func columnList(dep policy.Dependency) string {
	var names []string
	for _, n := range dep.Columns {
		if c := dep.Relation.ColumnNumber(n); c != nil {
			names = append(names, policy.QuoteIdentifier(c.Name))
		}
	}
	if names == nil {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func policyFunctionRefused(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		seen := map[*policy.Function]bool{}
		for _, e := range expressions(p) {
			for _, c := range r.calls(e.Tree) {
				f := c.function
				if f.Schema == nil || seen[f] {
					continue
				}
				seen[f] = true
				var who []*policy.Role
				for _, role := range r.granted(p.Relation, policy.Actions...) {
					if p.Applies(role) && !policy.Granted(f.Grants, role, policy.Execute) {
						who = append(who, role)
					}
				}
				if who != nil {
					r.report(policyObject(p), fmt.Sprintf("calls %s, which %s may not", f, list(who)),
						fmt.Sprintf("grant execute on function %s to %s;", f, all(who)))
				}
			}
		}
	})
}

func policyNeverTrue(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			if !never(e.Expression) {
				continue
			}
			detail := e.keyword + " " + e.SQL
			if !p.Permissive {
				detail += ": forbids all"
			}
			r.report(policyObject(p), detail, fmt.Sprintf("drop policy %s on %s;", policy.QuoteIdentifier(p.Name), p.Relation))
		}
	})
}

// never says whether a policy's expression is true for no row.
func never(e policy.Expression) bool {
	value, known := e.Constant()
	return known && !value
}

// always says whether a policy's expression is true for every row.
func always(e policy.Expression) bool {
	value, known := e.Constant()
	return known && value
}

func comparesItself(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			name := ""
			e.Tree.WalkQueries(func(n *nodetree.Node, depth int) bool {
				args := n.Nodes("args")
				if n.Name == "OPEXPR" && len(args) == 2 && args[0].Name == "VAR" && args[0].Equal(args[1]) && name == "" {
					name = r.columnName(p.Relation, e.Tree, args[0], depth)
				}
				return name == ""
			})
			if name != "" {
				r.report(policyObject(p), fmt.Sprintf("%s compares %s with itself: %s", e.keyword, name, e.SQL), fmt.Sprintf(
					"-- write the table's name before each column; the row's own is %s.…:\n-- %s", policy.QuoteIdentifier(p.Relation.Name),
					alter(p, e.keyword, "…")))
			}
		}
	})
}

// columnName names the column that a VAR in depth queries is, of a policy's own table or one of a subquery.
func (s *state) columnName(own *policy.Relation, tree, v *nodetree.Node, depth int) string {
	rel := own
	if v.Int("varlevelsup") < depth {
		rel = nil
		tree.WalkQueries(func(n *nodetree.Node, at int) bool {
			if entries := n.Nodes("rtable"); n.Name == "QUERY" && at == depth-v.Int("varlevelsup")-1 && rel == nil && contains(n, v) && v.Int("varno") <= len(entries) {
				rel = s.RelationByOID(entries[v.Int("varno")-1].OID("relid"))
			}
			return rel == nil
		})
	}
	if rel == nil {
		return "a column"
	}
	if c := rel.ColumnNumber(v.Int("varattno")); c != nil {
		return rel.String() + "." + policy.QuoteIdentifier(c.Name)
	}
	return "a row of " + rel.String()
}

// contains says whether a node is below another.
func contains(tree, n *nodetree.Node) bool {
	found := false
	tree.Walk(func(m *nodetree.Node) bool {
		found = found || m == n
		return !found
	})
	return found
}

func policyDuplicate(r *reporter) {
	for _, rel := range r.relations {
		for i, p := range rel.Policies {
			for _, q := range rel.Policies[:i] {
				if p.Permissive == q.Permissive && (p.Command == q.Command || q.Command == "") && covers(q, p) && r.sameExpressions(p, q) {
					r.report(policyObject(p), "the same as "+policy.QuoteIdentifier(q.Name), fmt.Sprintf("drop policy %s on %s;", policy.QuoteIdentifier(p.Name), rel))
					break
				}
			}
		}
	}
}

// covers says whether q is for all the roles that p is for.
func covers(q, p *policy.Policy) bool {
	return q.Public || !p.Public && !slices.ContainsFunc(p.Roles, func(r *policy.Role) bool { return !slices.Contains(q.Roles, r) })
}

func (s *state) sameExpressions(p, q *policy.Policy) bool {
	return s.equivalent(p.Using.Tree, q.Using.Tree) &&
		(s.equivalent(p.Check.Tree, q.Check.Tree) || s.equivalent(p.CheckFor().Tree, q.CheckFor().Tree))
}

// equivalent says whether two expressions are the same but for the order of the operands of AND, OR and operators that have a commutator.
func (s *state) equivalent(a, b *nodetree.Node) bool {
	if a == nil || b == nil || a.Equal(b) {
		return a == nil && b == nil || a.Equal(b)
	}
	if a.Name != b.Name {
		return false
	}
	x, y := a.Nodes("args"), b.Nodes("args")
	if len(x) != len(y) {
		return false
	}
	switch a.Name {
	case "BOOLEXPR":
		if a.Field("boolop").Word() != b.Field("boolop").Word() {
			return false
		}
		for _, arg := range x {
			i := slices.IndexFunc(y, func(n *nodetree.Node) bool { return s.equivalent(arg, n) })
			if i < 0 {
				return false
			}
			y = slices.Delete(slices.Clone(y), i, i+1)
		}
		return true
	case "OPEXPR":
		o := s.Operator(a.OID("opno"))
		return o != nil && len(x) == 2 && o.Commutator == b.OID("opno") && a.OID("inputcollid") == b.OID("inputcollid") &&
			s.equivalent(x[0], y[1]) && s.equivalent(x[1], y[0])
	}
	return false
}

func restrictiveOnly(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		if p.Permissive {
			return
		}
		for _, q := range p.Relation.Policies {
			if q.Permissive && (p.Command == "" || q.Command == "" || p.Command == q.Command) {
				return
			}
		}
		r.report(policyObject(p), "", fmt.Sprintf("-- create policy … on %s as permissive … using (…);\n-- or, if it is meant to give:\n"+
			"-- drop policy %s on %[1]s; and create it again as permissive", p.Relation, policy.QuoteIdentifier(p.Name)))
	})
}

func policySessionUser(r *reporter) {
	const svfSessionUser = 12 // PostgreSQL source, primnodes.h, SQLValueFunctionOp
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			found := false
			e.Tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
				f := r.Function(n.OID("funcid"))
				found = found || n.Name == "SQLVALUEFUNCTION" && n.Int("op") == svfSessionUser || f != nil && f.Schema == nil && f.Name == "session_user"
				return !found
			})
			if found {
				r.report(policyObject(p), e.keyword+" "+e.SQL, alter(p, e.keyword, replaceKeyword(e.SQL, "SESSION_USER", "CURRENT_USER")))
			}
		}
	})
}

// alter writes the statement that gives a clause of a policy another expression.
func alter(p *policy.Policy, keyword, sql string) string {
	return fmt.Sprintf("alter policy %s on %s %s (%s);", policy.QuoteIdentifier(p.Name), p.Relation, keyword, sql)
}

func policiesOverlap(r *reporter) {
	for _, rel := range r.relations {
		if !rel.RLS {
			continue
		}
		type overlap struct {
			names   string
			actions []string
		}
		var found []overlap
		for _, action := range policy.Actions {
			for _, role := range r.granted(rel, action) {
				var names []string
				for _, p := range rel.Policies {
					if p.Permissive && p.For(action) && p.Applies(role) && !never(p.CheckFor()) {
						names = append(names, policy.QuoteIdentifier(p.Name))
					}
				}
				if len(names) < 2 {
					continue
				}
				joined := strings.Join(names, ", ")
				i := slices.IndexFunc(found, func(o overlap) bool { return o.names == joined })
				if i < 0 {
					found = append(found, overlap{names: joined})
					i = len(found) - 1
				}
				if !slices.Contains(found[i].actions, action.String()) {
					found[i].actions = append(found[i].actions, action.String())
				}
			}
		}
		for _, o := range found {
			r.report(object(rel), fmt.Sprintf("%s: %s", strings.Join(o.actions, ", "), o.names),
				"-- one policy that joins their expressions by OR; or, where one was meant to narrow the other, that one as restrictive")
		}
	}
}
