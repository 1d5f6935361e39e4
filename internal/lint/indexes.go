package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
	"github.com/postern-db/postern/internal/policy"
)

// finds says whether an index of this kind finds rows by equality. Of the others that can, GIN and GiST do so by operators that no policy
// with = has, and BRIN reads most of a table that is not stored in the column's order.
func finds(i policy.Index) bool { return i.Method == "btree" || i.Method == "hash" }

// indexed says whether an index of all rows begins with the column.
func indexed(rel *policy.Relation, column int) bool {
	return slices.ContainsFunc(rel.Indexes, func(i policy.Index) bool {
		return finds(i) && !i.Partial && len(i.Columns) > 0 && i.Columns[0] == column
	})
}

// byIndex says whether an index finds the rows of a comparison.
func (s *state) byIndex(rel *policy.Relation, c comparison) bool {
	if c.function == nil {
		return !c.cast && indexed(rel, c.column)
	}
	return slices.ContainsFunc(rel.Indexes, func(i policy.Index) bool {
		return finds(i) && !i.Partial && len(i.Columns) > 0 && i.Columns[0] == 0 && len(i.Expressions) > 0 && i.Expressions[0].Equal(c.function)
	})
}

// serves says whether an index finds rows by all of the columns: they are its first ones, in any order.
func serves(i policy.Index, columns []int) bool {
	if !finds(i) || i.Partial || len(i.Columns) < len(columns) {
		return false
	}
	return !slices.ContainsFunc(columns, func(c int) bool { return !slices.Contains(i.Columns[:len(columns)], c) })
}

func columnNotIndexed(r *reporter) {
	seen := map[string]bool{}
	report := func(p *policy.Policy, rel *policy.Relation, keys, on string) {
		if fix := fmt.Sprintf("create index on %s (%s);", rel, keys); !seen[fix] {
			seen[fix] = true
			r.report(object(rel), fmt.Sprintf("%s, by policy %s%s", keys, policy.QuoteIdentifier(p.Name), on), fix)
		}
	}
	r.filters(func(p *policy.Policy, tree *nodetree.Node) {
		if r.served(tree, func(c comparison) bool { return r.byIndex(p.Relation, c) }) || !r.served(tree, func(c comparison) bool { return !c.cast }) {
			return // an index serves, or none could
		}
		conditions(tree, func(n *nodetree.Node) {
			c, ok := r.compared(n)
			if !ok {
				return
			}
			column := p.Relation.ColumnNumber(c.column)
			if column == nil || column.Type == "boolean" || c.cast || c.constant || r.byIndex(p.Relation, c) {
				return
			}
			key := policy.QuoteIdentifier(column.Name)
			if c.function != nil {
				f := r.Function(c.function.OID("funcid"))
				key = policy.QuoteIdentifier(f.Name) + "(" + key + ")"
				if f.Schema != nil {
					key = policy.QuoteIdentifier(f.SchemaName) + "." + key
				}
			}
			report(p, p.Relation, key, "")
		})
	})
	r.filters(func(p *policy.Policy, tree *nodetree.Node) {
		for _, l := range r.lookups(tree) {
			report(p, l.table, columnNames(numbered(l.table, l.columns)), " on "+p.Relation.String())
		}
	})
}

// lookup is a table that a policy's subquery looks rows up in, with no index for the columns by which it does.
type lookup struct {
	table   *policy.Relation
	columns []int
}

// lookups returns the tables whose rows the subqueries of an expression choose by values from outside the subquery, the row's or the
// caller's, and that have no index which begins with any column that is compared.
func (s *state) lookups(tree *nodetree.Node) []lookup {
	var out []lookup
	tree.WalkQueries(func(n *nodetree.Node, _ int) bool {
		if n.Name == "QUERY" {
			out = append(out, s.lookupsOf(n)...)
		}
		return true
	})
	return out
}

func (s *state) lookupsOf(query *nodetree.Node) []lookup {
	type keys struct{ outside, all []int }
	of := map[int]*keys{} // by the table's place in the query
	for _, n := range joined(query.Field("jointree").Node) {
		o, args := s.Operator(n.OID("opno")), n.Nodes("args")
		if n.Name != "OPEXPR" && n.Name != "SCALARARRAYOPEXPR" || o == nil || !o.Equality || len(args) != 2 {
			continue
		}
		for i, side := range args {
			for side != nil && side.Name == "RELABELTYPE" {
				side = side.Field("arg").Node
			}
			if side == nil || side.Name != "VAR" || side.Int("varlevelsup") != 0 || side.Int("varattno") < 1 || i == 1 && n.Name == "SCALARARRAYOPEXPR" {
				continue
			}
			table, column, other := side.Int("varno"), side.Int("varattno"), args[1-i]
			if of[table] == nil {
				of[table] = &keys{}
			}
			if from := placesIn(other); !from[table] {
				of[table].all = append(of[table].all, column)
				if len(from) == 0 && other.Name != "CONST" && !slices.Contains(of[table].outside, column) {
					of[table].outside = append(of[table].outside, column)
				}
			}
		}
	}
	entries := query.Nodes("rtable")
	var out []lookup
	for place, k := range of {
		if len(k.outside) == 0 || place < 1 || place > len(entries) {
			continue
		}
		rel := s.RelationByOID(entries[place-1].OID("relid"))
		if rel == nil || !rel.IsTable() || entries[place-1].Int("rtekind") != 0 || slices.ContainsFunc(rel.Indexes, func(i policy.Index) bool {
			return finds(i) && len(i.Columns) > 0 && (i.Columns[0] == 0 || slices.Contains(k.all, i.Columns[0]))
		}) {
			continue
		}
		slices.Sort(k.outside)
		out = append(out, lookup{rel, k.outside})
	}
	slices.SortFunc(out, func(a, b lookup) int {
		return cmp.Or(strings.Compare(a.table.String(), b.table.String()), slices.Compare(a.columns, b.columns))
	})
	return out
}

// joined returns the conditions of a query that must all be true: of WHERE and of inner joins.
func joined(from *nodetree.Node) []*nodetree.Node {
	if from == nil {
		return nil
	}
	var out []*nodetree.Node
	switch from.Name {
	case "FROMEXPR":
		for _, n := range from.Nodes("fromlist") {
			out = append(out, joined(n)...)
		}
	case "JOINEXPR":
		if from.Int("jointype") != 0 {
			return nil // the conditions of an outer join leave rows in
		}
		out = append(joined(from.Field("larg").Node), joined(from.Field("rarg").Node)...)
	default:
		return nil
	}
	return append(out, branches(from.Field("quals").Node, "and")...)
}

// placesIn returns the places of the tables of the query around an expression whose columns it has.
func placesIn(tree *nodetree.Node) map[int]bool {
	out := map[int]bool{}
	tree.WalkQueries(func(n *nodetree.Node, depth int) bool {
		if n.Name == "VAR" && n.Int("varlevelsup") == depth {
			out[n.Int("varno")] = true
		}
		return true
	})
	return out
}
