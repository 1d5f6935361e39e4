package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

const groupWrites = "Writes"

func writeChecks() []Check {
	return []Check{
		{
			ID: "write-always-true", Group: groupWrites, Severity: Error,
			Title: "policy that is true for every row that is written",
			Why:   "Whoever is granted the action may do it to every row. A policy that is always true protects nothing but looks as if it did.",
			find:  writeAlwaysTrue,
		},
		{
			ID: "write-for-any-caller", Group: groupWrites, Severity: Warning,
			Title: "write policy that asks only whether there is a caller",
			Why: "That somebody has signed in says nothing of the row: every user may change and delete the rows of all others, and insert rows in their name. " +
				"Compare a column with the caller.",
			find: writeForAnyCaller,
		},
		{
			ID: "update-gives-row-away", Group: groupWrites, Severity: Error,
			Title: "update that can give a row away",
			Why: "USING chooses the rows before, WITH CHECK judges them after. Where the second asks less, a caller can write a row so that it is no longer " +
				"the caller's: put it on somebody else's account, or out of reach.",
			find: updateGivesAway,
		},
		{
			ID: "using-without-check", Group: groupWrites, Severity: Warning,
			Title: "USING with OR stands in for WITH CHECK",
			Why: "Without WITH CHECK, USING judges the new row too. Where any side of an OR is enough, who passes on one side may write anything into the columns of the " +
				"other: the recipient of a message could change its sender.",
			find: usingWithoutCheck,
		},
		{
			ID: "write-without-read", Group: groupWrites, Severity: Info,
			Title: "role that may update or delete but not read",
			Why:   "A filter reads the columns it names, and so does return=representation. Without SELECT such requests fail with 42501, and only unfiltered ones are possible.",
			find:  writeWithoutRead,
		},
	}
}

// writes are the actions that write, by the command of a policy.
func writes(p *policy.Policy) []policy.Action {
	var out []policy.Action
	for _, a := range []policy.Action{policy.CreateRows, policy.UpdateRows, policy.DeleteRows} {
		if p.For(a) {
			out = append(out, a)
		}
	}
	return out
}

func writeAlwaysTrue(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		if !p.Permissive {
			return
		}
		var w writers
		advice := alter(p, "…", "…")
		for _, a := range writes(p) {
			able := r.writesAll(p, a)
			if able == nil {
				continue
			}
			name := a.String()
			if a == policy.UpdateRows && p.Check.SQL != "" && !always(p.Check) {
				// Whoever passes the check of the new row passes it with any old one.
				name += " of any row"
				advice = alter(p, "using", p.Check.SQL)
			}
			w.add(name, able)
		}
		w.report(r, p, "say which rows", advice)
	})
}

// writers are the roles that a policy lets do something to rows that are not theirs.
type writers struct {
	actions []string
	roles   []*policy.Role
}

func (w *writers) add(action string, able []*policy.Role) {
	w.actions = append(w.actions, action)
	for _, role := range able {
		if !slices.Contains(w.roles, role) {
			w.roles = append(w.roles, role)
		}
	}
}

// report reports a policy if there are any. What is to be said of the rows is followed by the SQL that says it.
func (w *writers) report(r *reporter, p *policy.Policy, rows, advice string) {
	if w.actions == nil {
		return
	}
	r.report(policyObject(p), fmt.Sprintf("%s by %s", strings.Join(w.actions, ", "), list(w.roles)), fmt.Sprintf(
		"-- %s: %s\n-- or take the grant away:\nrevoke %s on %s from %s;", rows, strings.ReplaceAll(advice, "\n", "\n-- "),
		privileges(w.actions), p.Relation, r.sources(p.Relation, w.roles, policy.Insert, policy.Update, policy.Delete)))
}

// writesAll returns the roles that a policy lets do something to every row. A restrictive policy may well do the choosing; where USING
// chooses and WITH CHECK is always true, rows can be given away, which is another check's.
func (r *reporter) writesAll(p *policy.Policy, action policy.Action) []*policy.Role {
	e := p.Using
	if action == policy.CreateRows {
		e = p.CheckFor()
	}
	if !always(e) {
		return nil
	}
	var able []*policy.Role
	for _, role := range r.granted(p.Relation, action) {
		access := r.may(role, action, p.Relation)
		rule := access.Using
		if action == policy.CreateRows {
			rule = access.Check
		}
		if p.Applies(role) && access.Verdict != policy.No && rule.Always() {
			able = append(able, role)
		}
	}
	return able
}

// privileges turns names of actions into those of privileges.
func privileges(actions []string) string {
	return strings.NewReplacer("create", "insert", "read", "select", " of any row", "").Replace(strings.Join(actions, ", "))
}

// updatable returns which of the columns some caller that a policy is for may update.
func (s *state) updatable(p *policy.Policy, columns map[int]bool) []*policy.Column {
	var out []*policy.Column
	for _, c := range p.Relation.Columns {
		if columns[c.Number] && !c.Generated && slices.ContainsFunc(s.granted(p.Relation, policy.UpdateRows), func(role *policy.Role) bool {
			return p.Applies(role) && (policy.Granted(p.Relation.Grants, role, policy.Update) || policy.Granted(c.Grants, role, policy.Update))
		}) {
			out = append(out, c)
		}
	}
	return out
}

func columnNames(columns []*policy.Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, policy.QuoteIdentifier(c.Name))
	}
	return strings.Join(names, ", ")
}

func updateGivesAway(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		if !p.Permissive || !p.For(policy.UpdateRows) || p.Using.Tree == nil || p.Check.Tree == nil || always(p.Using) || implies(p.Check.Tree, p.Using.Tree) {
			return
		}
		free := ownColumns(p.Using.Tree)
		for c := range r.held(p) {
			delete(free, c)
		}
		if !always(p.Check) {
			// A state may well be another one afterwards; whose the row is may not.
			for c := range ownColumns(p.Check.Tree) {
				if !r.asked(p.Using.Tree)[c] {
					delete(free, c)
				}
			}
		}
		if columns := r.updatable(p, free); columns != nil {
			r.report(policyObject(p), fmt.Sprintf("%s may be changed to anything: using %s with check %s", columnNames(columns), p.Using.SQL, p.Check.SQL),
				alter(p, "with check", conjunction(p.Check, p.Using)))
		}
	})
}

// held returns the columns that a new row cannot have at will: each way to pass the check, or that of a restrictive policy, asks who is
// calling, for a constant or for what USING asked for of them.
func (s *state) held(p *policy.Policy) map[int]bool {
	out := map[int]bool{}
	for _, q := range p.Relation.Policies {
		if q != p && (q.Permissive || !q.For(policy.UpdateRows) || !covers(q, p)) || q.CheckFor().Tree == nil || always(q.CheckFor()) {
			continue
		}
		var held map[int]bool
		for i, way := range branches(q.CheckFor().Tree, "or") {
			of := s.heldBy(branches(way, "and"), branches(p.Using.Tree, "and"))
			if i == 0 {
				held = of
				continue
			}
			maps.DeleteFunc(held, func(c int, _ bool) bool { return !of[c] })
		}
		maps.Copy(out, held)
	}
	return out
}

// heldBy is held for conditions that all must be true.
func (s *state) heldBy(conditions, using []*nodetree.Node) map[int]bool {
	out := map[int]bool{}
	for _, n := range conditions {
		if c, ok := s.compared(n); ok && c.constant {
			out[c.column] = true
		}
		if slices.ContainsFunc(using, n.Equal) {
			maps.Copy(out, ownColumns(n))
		}
		maps.Copy(out, s.asked(n))
	}
	for range conditions { // a column that must equal a held one is held
		for _, n := range conditions {
			if a, b, ok := s.equated(n); ok && (out[a] || out[b]) {
				out[a], out[b] = true, true
			}
		}
	}
	return out
}

// asked returns the columns in conditions that depend on who is calling.
func (s *state) asked(tree *nodetree.Node) map[int]bool {
	out := map[int]bool{}
	conditions(tree, func(n *nodetree.Node) {
		if s.ofCaller(n) {
			maps.Copy(out, ownColumns(n))
		}
	})
	return out
}

// conjunction joins two expressions, leaving out one that is always true.
func conjunction(a, b policy.Expression) string {
	if always(a) {
		return b.SQL
	}
	return a.SQL + " AND " + b.SQL
}

func usingWithoutCheck(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		if !p.Permissive || !p.For(policy.UpdateRows) || p.Using.Tree == nil || p.Check.Tree != nil {
			return
		}
		sides := branches(p.Using.Tree, "or")
		if len(sides) < 2 {
			return
		}
		// A column that all sides ask for is safe from all of them.
		common, any := ownColumns(sides[0]), ownColumns(sides[0])
		for _, side := range sides[1:] {
			of := ownColumns(side)
			for c := range of {
				any[c] = true
			}
			for c := range common {
				if !of[c] {
					delete(common, c)
				}
			}
		}
		for c := range common {
			delete(any, c)
		}
		if columns := r.updatable(p, any); columns != nil {
			r.report(policyObject(p), fmt.Sprintf("%s may be changed by who passes another side of %s", columnNames(columns), p.Using.SQL),
				fmt.Sprintf("-- say what a new row must fulfil, usually the side that names its author:\n-- %s\n-- and grant update only on columns that may change",
					alter(p, "with check", "…")))
		}
	})
}

func writeWithoutRead(r *reporter) {
	for _, rel := range r.relations {
		for _, action := range []policy.Action{policy.UpdateRows, policy.DeleteRows} {
			var who []*policy.Role
			for _, role := range r.callers {
				if r.may(role, action, rel).Verdict != policy.No && r.may(role, policy.ReadRows, rel).Refused {
					who = append(who, role)
				}
			}
			if who != nil {
				r.report(object(rel), fmt.Sprintf("%s by %s", action, list(who)), fmt.Sprintf("grant select on %s to %s;\n-- or: revoke %s on %[1]s from %[2]s;",
					rel, all(who), strings.ToLower(string(action.Privilege()))))
			}
		}
	}
}
