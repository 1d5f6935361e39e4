package policy

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
)

// Verdict is the short answer to whether a role may do something with a relation.
type Verdict int

// The verdicts. Each may hold for some columns only; see Access.Columns.
const (
	No   Verdict = iota // an error, or never any row
	Rows                // for the rows that policies choose
	Yes                 // for all rows
)

// String is no, rows or yes.
func (v Verdict) String() string { return [...]string{"no", "rows", "yes"}[v] }

// Access is what a role may do with a relation by one action.
type Access struct {
	Action  Action
	Verdict Verdict
	// Why says in a few words why it is No, or why policies do not count when it is Yes.
	Why string
	// Refused says that PostgreSQL answers with an error, usually 42501; a No without it is an answer without rows.
	Refused bool
	// Columns are the only ones that may be read or written, nil for all. It is nil for DeleteRows.
	Columns []*Column
	// Using chooses the rows that are there to read, update or delete; Check is what rows must fulfil that are created or updated. Both
	// are empty where row-level security does not count.
	Using, Check Rule
	// Below is what a view reads or writes, each as the role that PostgreSQL judges it by. Rows of a view are those of its
	// query from the rows that it may read below.
	Below []Below

	recursion bool // why it is refused
}

// Below is a relation below a view.
type Below struct {
	Relation *Relation
	Role     *Role // the view's owner, or the view's user where it is security_invoker
	Access   Access
}

// Rule is what the policies of an action amount to: one of the permissive ones and all restrictive ones must be true.
type Rule struct {
	Permissive, Restrictive []*Policy
	// check says that WITH CHECK counts, where there is one.
	check bool
}

// Empty says that there is no rule at all.
func (r Rule) Empty() bool { return len(r.Permissive) == 0 && len(r.Restrictive) == 0 }

// Policies are all policies of the rule, the permissive ones first.
func (r Rule) Policies() []*Policy { return slices.Concat(r.Permissive, r.Restrictive) }

// Expression returns the expression of a policy that counts in this rule.
func (r Rule) Expression(p *Policy) Expression {
	if r.check {
		return p.CheckFor()
	}
	return p.Using
}

// verdict is what the rule amounts to: Yes if it is always true, No if never.
func (r Rule) verdict() (Verdict, string) {
	always := false
	never := true
	for _, p := range r.Permissive {
		v, known := r.Expression(p).Constant()
		always = always || known && v
		never = never && known && !v
	}
	switch {
	case len(r.Permissive) == 0:
		return No, "no policy allows it"
	case never:
		return No, "its policies are never true"
	}
	for _, p := range r.Restrictive {
		v, known := r.Expression(p).Constant()
		if known && !v {
			return No, "a restrictive policy is never true"
		}
		always = always && known
	}
	if always {
		return Yes, "its policies are always true"
	}
	return Rows, ""
}

// Always says whether the rule is true for every row.
func (r Rule) Always() bool {
	v, _ := r.verdict()
	return v == Yes
}

// SQL writes the rule as one expression, leaving out what changes nothing. It is "" for the empty rule.
func (r Rule) SQL() string { return r.write(func(e Expression) string { return e.SQL }) }

// Pretty is SQL with few parentheses, for people.
func (r Rule) Pretty() string { return r.write(func(e Expression) string { return e.Pretty }) }

func (r Rule) write(text func(Expression) string) string {
	if r.Empty() {
		return ""
	}
	var any, all []string
	for _, p := range r.Permissive {
		e := r.Expression(p)
		if v, known := e.Constant(); known && v {
			any = []string{"true"}
			break
		} else if !known && !slices.Contains(any, text(e)) {
			any = append(any, text(e))
		}
	}
	if any == nil {
		return "false"
	}
	if any[0] != "true" {
		all = append(all, join(any, " OR "))
	}
	for _, p := range r.Restrictive {
		if e := r.Expression(p); !isTrue(e) && !slices.Contains(all, text(e)) {
			all = append(all, text(e))
		}
	}
	if all == nil {
		return "true"
	}
	return join(all, " AND ")
}

// join puts each of several operands in parentheses.
func join(operands []string, operator string) string {
	if len(operands) == 1 {
		return operands[0]
	}
	return "(" + strings.Join(operands, ")"+operator+"(") + ")"
}

func isTrue(e Expression) bool {
	v, known := e.Constant()
	return known && v
}

// Constant says whether the expression comes to the same for every row and caller, and to what. Null counts as false, as PostgreSQL
// takes it; no expression at all is false too. Beside true and false themselves these are conditions such as 1 = 1, a column that equals
// itself, and NOT NULL columns that are asked for null.
func (e Expression) Constant() (value, known bool) {
	switch {
	case e.Tree == nil || e.values&mayTrue == 0:
		return false, true
	case e.values == mayTrue:
		return true, true
	}
	return false, false
}

// dropsOthers says whether PostgreSQL's planner sees that the expression is always true, and drops what it is joined with by OR.
func (e Expression) dropsOthers() bool { return e.planned == mayTrue }

// HasSubquery says whether the expression has a subquery.
func (e Expression) HasSubquery() bool {
	found := false
	e.Tree.Walk(func(n *nodetree.Node) bool {
		found = found || n.Name == "SUBLINK"
		return !found
	})
	return found
}
