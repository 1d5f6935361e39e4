package policy

import (
	"slices"

	"github.com/postern-db/postern/internal/nodetree"
)

// Policy is a policy of row-level security.
type Policy struct {
	Name     string
	Relation *Relation
	// Command is the command it is for, "" for ALL.
	Command    Privilege
	Permissive bool
	// Roles are those it is for; Public says that it is for all.
	Roles  []*Role
	Public bool
	// Using and Check are its expressions, with SQL "" where there is none.
	Using, Check Expression

	oid uint32
}

// Expression is an expression of a policy.
type Expression struct {
	// SQL is plain SQL, as pg_get_expr writes it with all names qualified.
	SQL string
	// Pretty is the same with few parentheses, for people.
	Pretty string
	// Tree is the same as PostgreSQL's parse tree, nil where there is no expression.
	Tree *nodetree.Node
	// Reads is what its subqueries read.
	Reads []Dependency

	values  truths // what it may come to
	planned truths // what PostgreSQL's planner sees that it may come to
}

// OwnColumns returns the columns of the policy's own table that the expression reads, in subqueries too.
func (e Expression) OwnColumns(rel *Relation) []*Column {
	var out []*Column
	e.Tree.WalkQueries(func(n *nodetree.Node, depth int) bool {
		if n.Name == "VAR" && n.Int("varno") == 1 && n.Int("varlevelsup") == depth {
			if c := rel.ColumnNumber(n.Int("varattno")); c != nil {
				out = append(out, c)
			} else if n.Int("varattno") == 0 { // the whole row
				out = append(out, rel.Columns...)
			}
		}
		return true
	})
	return out
}

// Applies says whether the policy is one for the role: it is for all, or for one whose privileges the role has.
func (p *Policy) Applies(role *Role) bool {
	return p.Public || slices.ContainsFunc(p.Roles, role.HasPrivilegesOf)
}

// For says whether the policy is one for the action.
func (p *Policy) For(action Action) bool { return p.Command == "" || p.Command == action.Privilege() }

// CheckFor returns what rows must fulfil that are written: WITH CHECK, or USING where a policy for ALL or UPDATE has none.
func (p *Policy) CheckFor() Expression {
	if p.Check.SQL == "" {
		return p.Using
	}
	return p.Check
}
