package lint

import (
	"slices"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

// writeForAnyCaller finds policies by which whoever has a token may write every row: (select auth.uid()) is not null.
func writeForAnyCaller(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		if !p.Permissive {
			return
		}
		var w writers
		for _, a := range writes(p) {
			e := p.Using
			if a == policy.CreateRows {
				e = p.CheckFor()
			}
			if !r.anyCaller(e.Tree) {
				continue
			}
			able := slices.DeleteFunc(r.granted(p.Relation, a), func(role *policy.Role) bool {
				return !p.Applies(role) || r.may(role, a, p.Relation).Verdict == policy.No || restricted(p.Relation, role, a)
			})
			if len(able) > 0 {
				w.add(a.String(), able)
			}
		}
		w.report(r, p, "say which rows, by a column that says whose they are", alter(p, "…", "…"))
	})
}

// anyCaller says whether an expression asks nothing but whether there is a caller: what is asked for is not null, whoever it is.
func (s *state) anyCaller(n *nodetree.Node) bool {
	const isNotNull, not = 1, "not" // PostgreSQL source, primnodes.h, NullTestType
	switch {
	case n == nil:
		return false
	case n.Name == "NULLTEST":
		arg := n.Field("arg").Node
		return n.Int("nulltesttype") == isNotNull && s.ofCaller(arg) && !ofRow(arg)
	case n.Name == "BOOLEXPR" && n.Field("boolop").Word() != not:
		return !slices.ContainsFunc(n.Nodes("args"), func(arg *nodetree.Node) bool { return !s.anyCaller(arg) })
	}
	return false
}

// restricted says whether a restrictive policy chooses among the rows, too.
func restricted(rel *policy.Relation, role *policy.Role, action policy.Action) bool {
	return slices.ContainsFunc(rel.Policies, func(p *policy.Policy) bool { return !p.Permissive && p.For(action) && p.Applies(role) })
}
