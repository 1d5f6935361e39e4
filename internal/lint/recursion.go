package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

func policyRecursion(r *reporter) {
	for _, rel := range r.Relations {
		if !rel.RLS || len(rel.Policies) == 0 {
			continue
		}
		found := map[string][]string{}
		through := map[string]bool{}
		for _, role := range r.subjects(rel) {
			for _, action := range policy.Actions {
				if why := r.Recursion(rel, role, action); why != "" && !slices.Contains(found[why], action.String()) {
					found[why] = append(found[why], action.String())
				}
			}
			if way := (&circle{state: r.state, start: rel}).from(rel, role, nil); way != nil {
				through[strings.Join(way, "; ")] = true
			}
		}
		for why, actions := range found {
			var through []string
			for _, p := range rel.Policies {
				if p.Using.HasSubquery() || p.Check.HasSubquery() {
					through = append(through, policy.QuoteIdentifier(p.Name))
				}
			}
			r.report(object(rel), fmt.Sprintf("%s, to %s (%s)", why, strings.Join(actions, ", "), strings.Join(through, ", ")),
				fmt.Sprintf("-- look the rows up in a function whose owner the policies do not hold, and call it in the policy:\n"+
					"-- create function … returns setof … language sql stable security definer set search_path = '' as $$ … $$;\n"+
					"-- alter policy … on %s using (… in (select …()));", rel))
		}
		for way := range through {
			r.reportAs(Warning, object(rel), way, "-- let the function read as an owner whom the policies do not hold, with all names qualified:\n"+
				"-- alter function … security definer set search_path = '';")
		}
	}
}

// circle looks for policies that come back to a table by functions, which PostgreSQL does not see before its stack is full (54001). What a
// function reads is told by its text, so that one that ends is taken for one that does not.
type circle struct {
	*state
	start *policy.Relation
	seen  []visit
}

type visit struct {
	table    *policy.Relation
	role     *policy.Role
	function *policy.Function // the last on the way, nil if there was none
}

// from returns the steps by which the policies for reading a table come back to the start of the circle, nil if they do not. A way without
// a function is PostgreSQL's own to refuse.
func (c *circle) from(table *policy.Relation, role *policy.Role, by *policy.Function) []string {
	at := visit{table, role, by}
	if _, bypasses := table.BypassesRLS(role); bypasses || !table.RLS || slices.Contains(c.seen, at) {
		return nil
	}
	c.seen = append(c.seen, at)
	for _, p := range table.Policies {
		if !p.For(policy.ReadRows) || !p.Applies(role) {
			continue
		}
		name := policyObject(p)
		for _, f := range c.own(p.Using) {
			if way := c.call(name, f, role); way != nil {
				return way
			}
		}
		for _, dep := range p.Using.Reads {
			if way := c.read(name+" reads "+dep.Relation.String(), dep.Relation, role, by); way != nil {
				return way
			}
		}
	}
	return nil
}

// call follows what a function reads and calls. Below a SECURITY DEFINER function its owner reads.
func (c *circle) call(from string, f *policy.Function, role *policy.Role) []string {
	for _, g := range c.reached(f) {
		as, named := role, "its caller"
		for _, definer := range []*policy.Function{f, g} {
			if definer.SecurityDefiner {
				as, named = definer.Owner, quoted(definer.Owner)
			}
		}
		for _, rel := range c.tables(g) {
			if way := c.read(fmt.Sprintf("%s %s %s as %s", from, by(f, g), rel, named), rel, as, g); way != nil {
				return way
			}
		}
	}
	return nil
}

// read follows the policies of what is read in a step.
func (c *circle) read(step string, rel *policy.Relation, role *policy.Role, by *policy.Function) []string {
	if rel.Kind == policy.View {
		var way []string
		below(rel, func(over, table *policy.Relation) {
			as := role
			if !over.SecurityInvoker {
				as = over.Owner
			}
			if way == nil && table.IsTable() {
				way = c.read(step, table, as, by)
			}
		})
		return way
	}
	if _, bypasses := rel.BypassesRLS(role); rel == c.start && by != nil && rel.RLS && !bypasses &&
		slices.ContainsFunc(rel.Policies, func(p *policy.Policy) bool { return p.For(policy.ReadRows) && p.Applies(role) }) {
		return []string{step}
	}
	if way := c.from(rel, role, by); way != nil {
		return append([]string{step}, way...)
	}
	return nil
}
