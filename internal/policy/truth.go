package policy

import (
	"bytes"

	"github.com/postern-db/postern/internal/nodetree"
)

// truths is the set of values that a boolean expression may come to, whatever the row and the caller. It may have too many, never too
// few: what is not understood may be anything.
type truths uint8

const (
	mayFalse truths = 1 << iota
	mayNull
	mayTrue

	mayAny = mayFalse | mayNull | mayTrue
)

// Strategies of a B-tree (PostgreSQL manual, Index Method Strategies), and the one that has no number there.
const (
	strategyLess = iota + 1
	strategyLessEqual
	strategyEqual
	strategyGreaterEqual
	strategyGreater
	strategyUnequal
)

// combine returns what AND (the lesser) or OR (the greater) of two expressions may come to, in the order false, null, true.
func (a truths) combine(b truths, greater bool) truths {
	var out truths
	for x := mayFalse; x <= mayTrue; x <<= 1 {
		for y := mayFalse; y <= mayTrue; y <<= 1 {
			if a&x != 0 && b&y != 0 {
				if greater {
					out |= max(x, y)
				} else {
					out |= min(x, y)
				}
			}
		}
	}
	return out
}

func (a truths) not() truths {
	out := a & mayNull
	if a&mayTrue != 0 {
		out |= mayFalse
	}
	if a&mayFalse != 0 {
		out |= mayTrue
	}
	return out
}

// folder finds out what expressions of a relation's policies may come to.
type folder struct {
	d   *Database
	rel *Relation
	// constants says that only constants count, as for PostgreSQL's planner before it looks at subqueries.
	constants bool
}

// fold returns what n, which is boolean and stands in depth queries, may come to.
func (f folder) fold(n *nodetree.Node, depth int) truths {
	args := n.Nodes("args")
	switch n.Name {
	case "CONST":
		return constant(n)
	case "VAR", "RELABELTYPE":
		if f.present(n, depth) {
			return mayTrue | mayFalse
		}
	case "BOOLEXPR":
		return f.boolean(n.Field("boolop").Word(), args, depth)
	case "OPEXPR":
		if len(args) == 2 {
			return f.compare(f.strategy(n), n.OID("inputcollid"), args[0], args[1], depth)
		}
	case "DISTINCTEXPR":
		if len(args) == 2 && f.strategy(n) == strategyEqual {
			return f.distinct(n.OID("inputcollid"), args[0], args[1])
		}
	case "NULLTEST":
		return f.nullTest(n, depth)
	case "BOOLEANTEST":
		return f.booleanTest(n, depth)
	case "COALESCEEXPR", "COALESCE": // the latter before PostgreSQL 15
		var out truths
		for _, arg := range args {
			v := f.fold(arg, depth)
			if out |= v &^ mayNull; v&mayNull == 0 {
				return out
			}
		}
		return out | mayNull
	case "SUBLINK":
		if !f.constants {
			return f.sublink(n, depth)
		}
	}
	return mayAny
}

func constant(n *nodetree.Node) truths {
	if n.Bool("constisnull") {
		return mayNull
	}
	const boolean = 16
	b, ok := n.Bytes()
	switch {
	case !ok || n.OID("consttype") != boolean:
		return mayAny
	case bytes.ContainsFunc(b, func(c rune) bool { return c != 0 }):
		return mayTrue
	}
	return mayFalse
}

func (f folder) boolean(operator string, args []*nodetree.Node, depth int) truths {
	if operator == "not" && len(args) == 1 {
		return f.fold(args[0], depth).not()
	}
	if operator != "and" && operator != "or" || len(args) == 0 {
		return mayAny
	}
	out := f.fold(args[0], depth)
	for _, arg := range args[1:] {
		out = out.combine(f.fold(arg, depth), operator == "or")
	}
	return out
}

func (f folder) strategy(n *nodetree.Node) int {
	if o := f.d.Operator(n.OID("opno")); o != nil {
		return o.strategy
	}
	return 0
}

// compare folds a comparison of two values of one type. A B-tree's operators are strict, and each value equals itself.
func (f folder) compare(strategy int, collation uint32, a, b *nodetree.Node, depth int) truths {
	if strategy == 0 {
		return mayAny
	}
	if null(a) || null(b) {
		return mayNull
	}
	var out truths
	switch {
	case f.same(a, b):
		out = mayFalse
		if strategy == strategyEqual || strategy == strategyLessEqual || strategy == strategyGreaterEqual {
			out = mayTrue
		}
	case differ(a, b, collation) && strategy == strategyEqual:
		out = mayFalse
	case differ(a, b, collation) && strategy == strategyUnequal:
		out = mayTrue
	default:
		return mayAny
	}
	if !f.present(a, depth) {
		out |= mayNull
	}
	return out
}

// distinct folds IS DISTINCT FROM, which is never null.
func (f folder) distinct(collation uint32, a, b *nodetree.Node) truths {
	constants := a.Name == "CONST" && b.Name == "CONST"
	switch {
	case f.same(a, b), null(a) && null(b):
		return mayFalse
	case differ(a, b, collation), constants && null(a) != null(b):
		return mayTrue
	}
	return mayTrue | mayFalse
}

func (f folder) nullTest(n *nodetree.Node, depth int) truths {
	arg := n.Field("arg").Node
	if arg == nil || n.Bool("argisrow") {
		return mayTrue | mayFalse
	}
	isNull := mayTrue | mayFalse
	switch {
	case null(arg):
		isNull = mayTrue
	case f.present(arg, depth):
		isNull = mayFalse
	}
	if n.Int("nulltesttype") == 0 { // IS NULL
		return isNull
	}
	return isNull.not()
}

// booleanTest folds IS TRUE, IS NOT TRUE, IS FALSE, IS NOT FALSE, IS UNKNOWN and IS NOT UNKNOWN, in the order of their numbers.
func (f folder) booleanTest(n *nodetree.Node, depth int) truths {
	test, arg := n.Int("booltesttype"), n.Field("arg").Node
	wanted := []truths{mayTrue, mayFalse, mayNull}
	if arg == nil || test < 0 || test/2 >= len(wanted) {
		return mayAny
	}
	var is truths
	v := f.fold(arg, depth)
	if v&wanted[test/2] != 0 {
		is |= mayTrue
	}
	if v&^wanted[test/2] != 0 {
		is |= mayFalse
	}
	if test%2 == 1 {
		return is.not()
	}
	return is
}

// sublink folds a subquery that reads nothing: (select true), exists (select 1 where …).
func (f folder) sublink(n *nodetree.Node, depth int) truths {
	const exists, expression = 0, 4
	kind, query := n.Int("subLinkType"), n.Field("subselect").Node
	if kind != exists && kind != expression {
		return mayAny
	}
	plain := query != nil && query.Int("commandType") == 1 && len(query.Field("jointree").Node.Nodes("fromlist")) == 0
	for _, field := range []string{"hasAggs", "hasWindowFuncs", "hasTargetSRFs"} {
		plain = plain && !query.Bool(field)
	}
	for _, field := range []string{"groupClause", "groupingSets", "havingQual", "limitOffset", "limitCount", "setOperations"} {
		plain = plain && query.Field(field).Node == nil
	}
	if !plain {
		if kind == exists {
			return mayTrue | mayFalse
		}
		return mayAny
	}
	where := mayTrue
	if quals := query.Field("jointree").Node.Field("quals").Node; quals != nil {
		where = f.fold(quals, depth+1)
	}
	var out truths
	if kind == exists {
		if where&mayTrue != 0 {
			out |= mayTrue
		}
		if where&^mayTrue != 0 {
			out |= mayFalse
		}
		return out
	}
	target := query.Nodes("targetList")
	if len(target) != 1 || target[0].Field("expr").Node == nil {
		return mayAny
	}
	if where&mayTrue != 0 {
		out |= f.fold(target[0].Field("expr").Node, depth+1)
	}
	if where&^mayTrue != 0 {
		out |= mayNull
	}
	return out
}

func null(n *nodetree.Node) bool {
	if n.Name == "RELABELTYPE" && n.Field("arg").Node != nil {
		return null(n.Field("arg").Node)
	}
	return n.Name == "CONST" && n.Bool("constisnull")
}

// present says whether a value is sure not to be null.
func (f folder) present(n *nodetree.Node, depth int) bool {
	const currentSchema = 14 // PostgreSQL source, primnodes.h, SQLValueFunctionOp
	switch n.Name {
	case "CONST":
		return !n.Bool("constisnull")
	case "VAR":
		if f.constants || n.Int("varno") != 1 || n.Int("varlevelsup") != depth {
			return false
		}
		c := f.rel.ColumnNumber(n.Int("varattno"))
		return c != nil && c.present
	case "RELABELTYPE":
		return n.Field("arg").Node != nil && f.present(n.Field("arg").Node, depth)
	case "SQLVALUEFUNCTION":
		return !f.constants && n.Int("op") < currentSchema
	case "BOOLEXPR", "BOOLEANTEST", "NULLTEST", "DISTINCTEXPR":
		return f.fold(n, depth)&mayNull == 0
	}
	return false
}

// same says whether two values are one and the same, or both null: a column of one row, or a constant.
func (f folder) same(a, b *nodetree.Node) bool {
	for a.Name == "RELABELTYPE" && b.Name == "RELABELTYPE" && a.OID("resulttype") == b.OID("resulttype") {
		a, b = a.Field("arg").Node, b.Field("arg").Node
		if a == nil || b == nil {
			return false
		}
	}
	return (a.Name == "VAR" && !f.constants || a.Name == "CONST") && a.Equal(b)
}

// differ says whether two constants are sure to be unequal: of one of the types whose values are equal only if their bytes are, and of
// texts those whose collation cannot take different texts for equal.
func differ(a, b *nodetree.Node, collation uint32) bool {
	const boolean, int8, int2, int4, text, oid, uuid = 16, 20, 21, 23, 25, 26, 2950
	const byDefault, byBytes, posix = 100, 950, 951
	of := a.OID("consttype")
	if of != b.OID("consttype") {
		return false
	}
	x, ok := a.Bytes()
	y, too := b.Bytes()
	if !ok || !too || bytes.Equal(x, y) {
		return false
	}
	switch of {
	case boolean, int8, int2, int4, oid, uuid:
		return true
	case text:
		s, _ := a.Text()
		t, _ := b.Text()
		return s != t && (collation == byDefault || collation == byBytes || collation == posix)
	}
	return false
}
