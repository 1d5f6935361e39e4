package sql

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

var operatorSQL = [...]string{
	OpEqual: "=", OpGreaterEqual: ">=", OpGreater: ">", OpLessEqual: "<=", OpLess: "<", OpLike: "like", OpILike: "ilike",
	OpMatch: "~", OpIMatch: "~*", OpNotEqual: "<>", OpContains: "@>", OpContained: "<@", OpOverlap: "&&",
	OpStrictlyLeft: "<<", OpStrictlyRight: ">>", OpNotExtendsRight: "&<", OpNotExtendsLeft: "&>", OpAdjacent: "-|-",
	OpFTS: "@@ to_tsquery", OpPlainFTS: "@@ plainto_tsquery", OpPhraseFTS: "@@ phraseto_tsquery",
	OpWebFTS: "@@ websearch_to_tsquery",
}

var isSQL = [...]string{IsNull: "NULL", IsNotNull: "NOT NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN"}

// where writes the conditions of a node.
func (b *builder) where(n *Node) {
	first := true
	and := func() {
		if first {
			b.raw(" WHERE ")
		} else {
			b.raw(" AND ")
		}
		first = false
	}
	b.conditions(n.sqlName(), n.Where, and)
	b.joinConditions(n, and)
}

func (b *builder) conditions(table schema.Name, where []Condition, and func()) {
	for i := range where {
		and()
		b.condition(table, &where[i])
	}
}

func (b *builder) condition(table schema.Name, c *Condition) {
	switch {
	case c.Embed != nil:
		b.ident(c.Embed.JSONAlias)
		if c.Operation.Negated {
			b.raw(" IS DISTINCT FROM NULL")
		} else {
			b.raw(" IS NOT DISTINCT FROM NULL")
		}
	case c.Column != nil:
		b.filter(table, c)
	default:
		b.tree(c, func(child *Condition) { b.condition(table, child) })
	}
}

func (b *builder) tree(c *Condition, child func(*Condition)) {
	if c.Negated {
		b.raw("NOT ")
	}
	sep := " AND "
	if c.Or {
		sep = " OR "
	}
	b.raw("(")
	b.list(len(c.Children), sep, func(i int) { child(&c.Children[i]) })
	b.raw(")")
}

// filter writes one comparison. The operand is a parameter of unknown type, so that PostgreSQL takes the column's.
func (b *builder) filter(table schema.Name, c *Condition) {
	op := &c.Operation
	if op.Negated {
		b.raw("NOT ")
	}
	if c.Column.ToVector {
		b.raw("to_tsvector(")
		b.language(op)
		b.field(table, c.Column)
		b.raw(")")
	} else {
		b.field(table, c.Column)
	}
	b.raw(" ")
	switch op.Operator {
	case OpIs:
		b.raw("IS ")
		b.raw(isSQL[op.Is])
	case OpIn:
		b.raw("= ANY(")
		b.array(op.Values, c.Column.Transform)
		b.raw(")")
	case OpIsDistinct:
		b.raw("IS DISTINCT FROM ")
		b.param(op.Value)
	case OpFTS, OpPlainFTS, OpPhraseFTS, OpWebFTS:
		b.raw(operatorSQL[op.Operator])
		b.raw("(")
		b.language(op)
		b.param(op.Value)
		b.raw(")")
	case OpLike, OpILike:
		b.raw(operatorSQL[op.Operator])
		b.raw(" ")
		b.quantified(op.Quantifier, func() { b.param(strings.ReplaceAll(op.Value, "*", "%")) })
	default:
		b.raw(operatorSQL[op.Operator])
		b.raw(" ")
		b.quantified(op.Quantifier, func() { b.transformed(op.Value, c.Column.Transform) })
	}
}

func (b *builder) quantified(q Quantifier, value func()) {
	switch q {
	case Any:
		b.raw("ANY(")
	case All:
		b.raw("ALL(")
	default:
		value()
		return
	}
	value()
	b.raw(")")
}

func (b *builder) transformed(value, function string) {
	if function == "" {
		b.param(value)
		return
	}
	b.raw(function)
	b.raw("(")
	b.param(value)
	b.raw(")")
}

func (b *builder) language(op *Operation) {
	if op.HasLanguage {
		b.param(op.Language)
		b.raw(", ")
	}
}

// array writes the operand of in as one array, so that the SQL text does not depend on the number of values.
func (b *builder) array(values []string, function string) {
	if len(values) == 1 && values[0] == "" {
		b.raw("'{}'")
		return
	}
	if function == "" {
		b.param(arrayLiteral(values))
		return
	}
	b.raw("(SELECT ")
	b.raw(function)
	b.raw("(unnest(")
	b.param(arrayLiteral(values))
	b.raw("::text[])))")
}

// arrayLiteral writes values as an array constant, each quoted (PostgreSQL manual, 8.15.6 Array Input and Output Syntax).
func arrayLiteral(values []string) string {
	var out strings.Builder
	out.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('"')
		for j := 0; j < len(v); j++ {
			if c := v[j]; c == '"' || c == '\\' {
				out.WriteByte('\\')
			}
			out.WriteByte(v[j])
		}
		out.WriteByte('"')
	}
	out.WriteByte('}')
	return out.String()
}
