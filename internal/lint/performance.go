package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

const groupPerformance = "Performance"

func performanceChecks() []Check {
	return []Check{
		{
			ID: "policy-per-row-call", Group: groupPerformance, Severity: Warning,
			Title: "policy that calls a function again for each row",
			Why: "What is the same for all rows is worked out for each of them, claims parsed and all. In (select …) PostgreSQL works it out once a query. Where an index " +
				"finds the rows by it, it is worked out once as well, which is why that is an info only.",
			find: perRowCall,
		},
		{
			ID: "policy-column-not-indexed", Group: groupPerformance, Severity: Warning,
			Title: "column that a policy compares, without an index",
			Why:   "Each query reads the whole table to find the caller's rows, however few they are.",
			find:  columnNotIndexed,
		},
		{
			ID: "policy-casts-column", Group: groupPerformance, Severity: Warning,
			Title: "policy that casts a column before it compares it",
			Why:   "The cast is done for each row, and an index on the column does not serve. Cast the other side to the column's type.",
			find:  castsColumn,
		},
		{
			ID: "foreign-key-not-indexed", Group: groupPerformance, Severity: Info,
			Title: "foreign key without an index",
			Why:   "Embedding from the other side reads the whole table, and so does each delete or change of a key there.",
			find:  foreignKeyNotIndexed,
		},
	}
}

// slow says whether a call costs enough to matter when it is done for each row: settings, roles, and functions that are not
// PostgreSQL's own, unless they are immutable. The others are cheap C functions, such as now().
func slow(f *policy.Function) bool {
	if f.Volatility == policy.Immutable {
		return false
	}
	return f.Schema != nil || slices.Contains([]string{"current_setting", "pg_has_role"}, f.Name)
}

// perRow returns the slow functions that an expression calls for each row though no row is in their arguments: not those in a
// subquery that reads no table, which PostgreSQL runs once. One that returns a set can stand nowhere else.
func (s *state) perRow(tree *nodetree.Node) []*policy.Function {
	var out []*policy.Function
	var visit func(n *nodetree.Node, _ int) bool
	visit = func(n *nodetree.Node, _ int) bool {
		if once(n) {
			n.Field("testexpr").Node.WalkQueries(visit) // what is looked for in it is worked out each time
			return false
		}
		for _, field := range []string{"funcid", "opfuncid"} {
			if f := s.Function(n.OID(field)); f != nil && slow(f) && !ofRow(n) && !n.Bool("funcretset") && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
		return true
	}
	tree.WalkQueries(visit)
	return out
}

// once says whether a node is a subquery that reads no table and no row around it.
func once(n *nodetree.Node) bool {
	if n.Name != "SUBLINK" {
		return false
	}
	query := n.Field("subselect").Node
	return query != nil && len(query.Field("jointree").Node.Nodes("fromlist")) == 0 && !ofRow(query)
}

func perRowCall(r *reporter) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			if e.keyword == "with check" && !p.For(policy.CreateRows) && !p.For(policy.UpdateRows) {
				continue
			}
			found := r.perRow(e.Tree)
			if found == nil {
				continue
			}
			var names []string
			for _, f := range found {
				names = append(names, sqlName(f)+"()")
			}
			slices.Sort(names)
			severity := r.check.Severity
			volatile := slices.ContainsFunc(found, func(f *policy.Function) bool { return f.Volatility == policy.Volatile })
			if e.keyword == "with check" || !volatile && r.served(e.Tree, func(c comparison) bool { return r.byIndex(p.Relation, c) }) {
				severity = Info // for rows that are written, or looked up by an index
			}
			better := wrap(e.SQL, func(name string) bool {
				return slices.ContainsFunc(found, func(f *policy.Function) bool { return sqlName(f) == name })
			})
			fix := alter(p, e.keyword, better)
			if better == e.SQL {
				fix = fmt.Sprintf("-- call it in a subquery of its own, without a column:\n-- %s", alter(p, e.keyword, "… (select "+names[0]+") …"))
			}
			r.reportAs(severity, policyObject(p), fmt.Sprintf("%s calls %s", e.keyword, strings.Join(names, ", ")), fix)
		}
	})
}

// sqlName is how pg_get_expr writes a function's name, without quotes.
func sqlName(f *policy.Function) string {
	if f.SchemaName == "pg_catalog" {
		return f.Name
	}
	return f.SchemaName + "." + f.Name
}

// comparison is a column that is compared for equality with something that is the same for all rows.
type comparison struct {
	column int
	// function is what is compared instead, a function of the column.
	function *nodetree.Node
	// cast says that the column is cast first, so that an index on the column does not serve.
	cast bool
	// constant says that the other side is one, which tells no caller from another.
	constant bool
}

// compared takes an expression for a comparison of a column, or of a function of one, with = or = ANY, ok false if it is none.
func (s *state) compared(n *nodetree.Node) (comparison, bool) {
	if n.Name != "OPEXPR" && n.Name != "SCALARARRAYOPEXPR" {
		return comparison{}, false
	}
	o, args := s.Operator(n.OID("opno")), n.Nodes("args")
	if o == nil || !o.Equality || len(args) != 2 {
		return comparison{}, false
	}
	for i, side := range args {
		other := args[1-i]
		if len(ownColumns(other)) > 0 || i == 1 && n.Name == "SCALARARRAYOPEXPR" {
			continue
		}
		if column, cast := s.bare(side); column > 0 {
			return comparison{column: column, cast: cast, constant: other.Name == "CONST"}, true
		}
		if column := s.functionOf(side); column > 0 {
			return comparison{column: column, function: side, constant: other.Name == "CONST"}, true
		}
	}
	return comparison{}, false
}

// functionOf returns the own column that a node is an immutable function of, such as lower(email), 0 if it is no such thing.
func (s *state) functionOf(n *nodetree.Node) int {
	f, args := s.Function(n.OID("funcid")), n.Nodes("args")
	if n.Name != "FUNCEXPR" || f == nil || f.Volatility != policy.Immutable || n.Int("funcformat") != 0 || len(args) != 1 {
		return 0
	}
	if column, cast := s.bare(args[0]); !cast {
		return column
	}
	return 0
}

// equated returns the two own columns that an expression asks to be equal, ok false if it is no such comparison.
func (s *state) equated(n *nodetree.Node) (a, b int, ok bool) {
	o, args := s.Operator(n.OID("opno")), n.Nodes("args")
	if n.Name != "OPEXPR" || o == nil || !o.Equality || len(args) != 2 {
		return 0, 0, false
	}
	a, _ = s.bare(args[0])
	b, _ = s.bare(args[1])
	return a, b, a > 0 && b > 0
}

// bare returns the own column that a node is, through casts. A RELABELTYPE, such as from varchar to text, costs nothing and an index
// serves through it.
func (s *state) bare(n *nodetree.Node) (column int, cast bool) {
	switch n.Name {
	case "VAR":
		return ownColumn(n, 0), false
	case "RELABELTYPE":
		return s.bare(n.Field("arg").Node)
	case "COERCEVIAIO":
		column, _ = s.bare(n.Field("arg").Node)
		return column, column > 0
	case "FUNCEXPR":
		// Written as a cast: funcformat 1 explicit, 2 implicit.
		if format := n.Int("funcformat"); format == 1 || format == 2 {
			if args := n.Nodes("args"); len(args) > 0 {
				column, _ = s.bare(args[0])
				return column, column > 0
			}
		}
	}
	return 0, false
}

// served says whether PostgreSQL can find the rows by indexes: some operand of an AND, or all of an OR, is a comparison that by
// accepts.
func (s *state) served(tree *nodetree.Node, by func(comparison) bool) bool {
	if c, ok := s.compared(tree); ok {
		return by(c)
	}
	if tree.Name != "BOOLEXPR" {
		return false
	}
	switch args := tree.Nodes("args"); tree.Field("boolop").Word() {
	case "and":
		return slices.ContainsFunc(args, func(n *nodetree.Node) bool { return s.served(n, by) })
	case "or":
		return !slices.ContainsFunc(args, func(n *nodetree.Node) bool { return !s.served(n, by) })
	}
	return false
}

// conditions calls visit for what an expression asks for with AND, OR and NOT.
func conditions(tree *nodetree.Node, visit func(*nodetree.Node)) {
	if tree != nil && tree.Name == "BOOLEXPR" {
		for _, arg := range tree.Nodes("args") {
			conditions(arg, visit)
		}
		return
	}
	if tree != nil {
		visit(tree)
	}
}

// filters calls visit for each expression that chooses rows of an exposed table for callers.
func (r *reporter) filters(visit func(p *policy.Policy, tree *nodetree.Node)) {
	r.eachPolicy(func(p *policy.Policy) {
		if p.Relation.RLS && p.Using.Tree != nil {
			visit(p, p.Using.Tree)
		}
	})
}

func castsColumn(r *reporter) {
	r.filters(func(p *policy.Policy, tree *nodetree.Node) {
		conditions(tree, func(n *nodetree.Node) {
			if c, ok := r.compared(n); ok && c.cast {
				column := p.Relation.ColumnNumber(c.column)
				r.report(policyObject(p), fmt.Sprintf("%s, of type %s", policy.QuoteIdentifier(column.Name), column.Type), fmt.Sprintf(
					"-- cast the other side:\n-- %s", alter(p, "using", fmt.Sprintf("%s = (select …)::%s", policy.QuoteIdentifier(column.Name), column.Type))))
			}
		})
	})
}

func foreignKeyNotIndexed(r *reporter) {
	for _, rel := range r.relations {
		for _, k := range rel.Constraints {
			if k.Kind != policy.ForeignKey || slices.ContainsFunc(rel.Indexes, func(i policy.Index) bool { return serves(i, k.Columns) }) {
				continue
			}
			columns := columnNames(numbered(rel, k.Columns))
			r.report(object(rel), fmt.Sprintf("%s (%s)", policy.QuoteIdentifier(k.Name), columns), fmt.Sprintf("create index on %s (%s);", rel, columns))
		}
	}
}
