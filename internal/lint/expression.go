package lint

import (
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

// ownColumn returns the number of the policy's table's column that a node is, 0 if it is none. The whole row has no number.
func ownColumn(n *nodetree.Node, depth int) int {
	if n.Name == "VAR" && n.Int("varno") == 1 && n.Int("varlevelsup") == depth {
		return n.Int("varattno")
	}
	return 0
}

// ownColumns returns the columns of the policy's table in an expression.
func ownColumns(tree *nodetree.Node) map[int]bool {
	out := map[int]bool{}
	tree.WalkQueries(func(n *nodetree.Node, depth int) bool {
		if c := ownColumn(n, depth); c > 0 {
			out[c] = true
		}
		return true
	})
	return out
}

// ofRow says whether an expression is made of any column: of its own table or, in a subquery, of another's.
func ofRow(tree *nodetree.Node) bool {
	found := false
	tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
		found = found || n.Name == "VAR"
		return !found
	})
	return found
}

// call is a call of a function in an expression.
type call struct {
	function *policy.Function
	node     *nodetree.Node
}

// calls returns the calls of functions that were read, operators included.
func (s *state) calls(tree *nodetree.Node) []call {
	var out []call
	tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
		for _, field := range []string{"funcid", "opfuncid", "aggfnoid"} {
			if f := s.Function(n.OID(field)); f != nil {
				out = append(out, call{f, n})
			}
		}
		return true
	})
	return out
}

// ofCaller says whether an expression may come to different things for different callers: it has a function that is not immutable, a
// subquery, or a role.
func (s *state) ofCaller(tree *nodetree.Node) bool {
	found := false
	tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
		found = found || n.Name == "SUBLINK" || n.Name == "SQLVALUEFUNCTION"
		for _, field := range []string{"funcid", "opfuncid"} {
			f := s.Function(n.OID(field))
			found = found || f != nil && f.Volatility != policy.Immutable
		}
		return !found
	})
	return found
}

// texts returns the constants of an expression that are text.
func texts(tree *nodetree.Node) []string {
	const text, varchar, name, textArray = 25, 1043, 19, 1009
	var out []string
	tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
		switch n.OID("consttype") {
		case text, varchar:
			if s, ok := n.Text(); ok {
				out = append(out, s)
			}
		case name:
			if b, ok := n.Bytes(); ok {
				out = append(out, strings.TrimRight(string(b), "\x00"))
			}
		case textArray:
			if b, ok := n.Bytes(); ok {
				out = append(out, elements(b)...)
			}
		}
		return true
	})
	return out
}

// elements returns the texts of an array without nulls as it lies in memory: length, dimensions, offset, type, size and lower
// bound of each dimension, then the elements, each aligned to four bytes (PostgreSQL source, array.h).
func elements(b []byte) []string {
	const header = 16
	if len(b) < header || b[8]|b[9]|b[10]|b[11] != 0 {
		return nil
	}
	var out []string
	for at := header + 8*int(b[4]); at+4 <= len(b); {
		size := (int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16 | int(b[at+3])<<24) >> 2
		if size < 4 || at+size > len(b) {
			return out
		}
		out = append(out, string(b[at+4:at+size]))
		at += (size + 3) &^ 3
	}
	return out
}

// branches returns the operands of an AND or OR, through nested ones, or the expression itself.
func branches(tree *nodetree.Node, operator string) []*nodetree.Node {
	if tree == nil {
		return nil
	}
	if tree.Name != "BOOLEXPR" || tree.Field("boolop").Word() != operator {
		return []*nodetree.Node{tree}
	}
	var out []*nodetree.Node
	for _, arg := range tree.Nodes("args") {
		out = append(out, branches(arg, operator)...)
	}
	return out
}

// implies says whether each row that fulfils check is sure to fulfil using, as far as their form tells: some branch of using's OR
// has no condition that check lacks.
func implies(check, using *nodetree.Node) bool {
	for _, given := range branches(check, "or") {
		conditions := branches(given, "and")
		implied := false
		for _, branch := range branches(using, "or") {
			holds := true
			for _, want := range branches(branch, "and") {
				found := false
				for _, c := range conditions {
					found = found || c.Equal(want)
				}
				holds = holds && found
			}
			implied = implied || holds
		}
		if !implied {
			return false
		}
	}
	return true
}

// expressions returns the expressions of a policy that there are, with the clause that each stands in.
func expressions(p *policy.Policy) []clause {
	var out []clause
	if p.Using.Tree != nil {
		out = append(out, clause{"using", p.Using})
	}
	if p.Check.Tree != nil {
		out = append(out, clause{"with check", p.Check})
	}
	return out
}

type clause struct {
	keyword string
	policy.Expression
}

// eachPolicy calls visit for each policy, also of tables that are not exposed themselves: views and functions may be.
func (r *reporter) eachPolicy(visit func(p *policy.Policy)) {
	for _, rel := range r.Relations {
		for _, p := range rel.Policies {
			visit(p)
		}
	}
}
