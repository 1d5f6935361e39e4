package sql

import (
	"strconv"

	"github.com/postern-db/postern/schema"
)

// source is the name of the rows that a write or a call yields.
const source = "pgrst_source"

// Build writes the statement of a plan that reads, writes or calls. It cannot fail.
func Build(p *Plan) *Statement {
	b := builder{plan: p, text: make([]byte, 0, 512)}
	switch p.Handler.Kind {
	case HandlerCSV, HandlerCustom, HandlerGeoJSON:
		b.jsonb = true
	default:
		b.jsonb = p.Root.aggregatesBelow()
	}
	switch {
	case p.Mutation != nil:
		return b.write()
	case p.Call != nil:
		return b.call()
	default:
		return b.read()
	}
}

// builder assembles SQL text and arguments. Only its methods param and ident take what comes from outside.
type builder struct {
	plan *Plan
	text []byte
	args []Arg
	// jsonb makes embedded values jsonb rather than json: it can be grouped by, and its text does not depend on how the values
	// were made.
	jsonb bool
	// numbered names the top level's items c1, c2 and so on and leaves them as they are.
	numbered bool
	encodes  bool // an item of the top level is encoded by PostgreSQL
}

func (b *builder) raw(s string) { b.text = append(b.text, s...) }

func (b *builder) ident(name string) { b.text = schema.AppendIdentifier(b.text, name) }

func (b *builder) name(n schema.Name) {
	if n.Schema != "" {
		b.ident(n.Schema)
		b.raw(".")
	}
	b.ident(n.Name)
}

// param adds an argument and writes its placeholder.
func (b *builder) param(value string) { b.bytesParam([]byte(value), false) }

func (b *builder) bytesParam(value []byte, binary bool) {
	if value == nil {
		value = []byte{}
	}
	b.args = append(b.args, Arg{value, binary})
	b.text = strconv.AppendInt(append(b.text, '$'), int64(len(b.args)), 10)
}

func (b *builder) integer(n int64) { b.text = strconv.AppendInt(b.text, n, 10) }

// list writes n items separated by sep.
func (b *builder) list(n int, sep string, item func(int)) {
	for i := range n {
		if i > 0 {
			b.raw(sep)
		}
		item(i)
	}
}

// capture returns the text that f writes, without writing it.
func (b *builder) capture(f func()) string {
	start := len(b.text)
	f()
	out := string(b.text[start:])
	b.text = b.text[:start]
	return out
}

func (b *builder) statement(shape Shape, columns []OutputColumn) *Statement {
	return &Statement{SQL: string(b.text), Args: b.args, Shape: shape, Columns: columns}
}

// explain puts EXPLAIN before the statement if the client asked for the plan instead of the result.
func (b *builder) explain() {
	if b.plan.Media.Kind != MediaPlan {
		return
	}
	b.raw("EXPLAIN (FORMAT ")
	if b.plan.Media.Plan.JSON {
		b.raw("JSON")
	} else {
		b.raw("TEXT")
	}
	for _, o := range b.plan.Media.Plan.Options { // from a fixed list
		b.raw(", ")
		b.raw(o)
	}
	b.raw(") ")
}

// finish writes the end of every statement that returns rows of a node: from is the text before the node's own query, if any.
func (b *builder) finish(from string, total func()) *Statement {
	s := b.result(from, total)
	if b.plan.Media.Kind == MediaPlan {
		s.Shape, s.Columns, s.HasTotal = ShapeLines, nil, false
	}
	return s
}

// result chooses the shape of the result by its handler.
func (b *builder) result(with string, total func()) *Statement {
	b.explain()
	b.raw(with)
	root, h := b.plan.Root, b.plan.Handler
	scalar := b.plan.Routine != nil && !b.plan.Routine.Composite
	switch {
	case h.Kind == HandlerNone:
		b.raw("SELECT pg_catalog.count(*), ")
		b.total(total)
		b.raw(" FROM (")
		b.node(root, false)
		b.raw(") _postgrest_t")
		return b.statement(ShapeCount, nil)
	case h.Kind == HandlerCustom, h.Kind == HandlerGeoJSON:
		b.raw("SELECT ")
		if r := b.plan.Routine; r != nil && !r.ReturnsSet {
			b.raw("1")
		} else {
			b.raw("pg_catalog.count(_postgrest_t)")
		}
		b.raw(", ")
		b.aggregate(h, scalar && !b.plan.Routine.ReturnsSet)
		b.raw(", ")
		b.total(total)
		b.raw(" FROM (")
		b.node(root, false)
		b.raw(") _postgrest_t")
		return b.statement(ShapeBody, nil)
	case h.StripNulls, root.isOpaque() && h.Kind != HandlerCSV:
		return b.documents(h.StripNulls, scalar, total)
	}
	shape := ShapeRows
	if scalar && h.Kind != HandlerCSV {
		shape = ShapeScalar
	}
	if total == nil {
		columns := b.page(root)
		return b.statement(shape, columns)
	}
	return b.withTotal(shape, total, func() []OutputColumn { return b.page(root) })
}

// page writes the top level's rows so that they can be encoded. PostgreSQL computes the items of a SELECT for all rows that it
// sorts or that an OFFSET skips, so there the values that it must encode are encoded around the page.
func (b *builder) page(n *Node) []OutputColumn {
	text, args := len(b.text), len(b.args)
	columns := b.node(n, true)
	if !b.encodes || n.Range.Lower == 0 && (!n.Range.Bounded || len(n.Order) == 0) {
		return columns
	}
	b.text, b.args = b.text[:text], b.args[:args]
	b.numbered = true
	page := b.capture(func() { columns = b.node(n, true) })
	b.numbered = false
	b.raw("SELECT ")
	b.list(len(columns), ", ", func(i int) {
		encoded := columns[i].Encoding == schema.ToJSON
		if encoded {
			b.raw("pg_catalog.to_json(")
		}
		b.raw("p.c")
		b.integer(int64(i + 1))
		if encoded {
			b.raw(")")
		}
	})
	b.raw(" FROM (")
	b.raw(page)
	b.raw(") p")
	return columns
}

// withTotal joins the number of all rows to the rows of a page, so that it comes even if the page is empty.
func (b *builder) withTotal(shape Shape, total func(), rows func() []OutputColumn) *Statement {
	b.raw("SELECT c.n, t.* FROM (SELECT pg_catalog.count(*) AS n FROM (")
	total()
	b.raw(") _) c LEFT JOIN LATERAL (")
	start := len(b.text)
	columns := rows()
	// The mark of presence is the first column of the rows' own query.
	const presence = "true AS pgrst_present"
	head := len("SELECT ")
	tail := string(b.text[start+head:])
	b.text = append(b.text[:start+head], presence...)
	if len(columns) > 0 || columns == nil {
		b.raw(", ")
	}
	b.raw(tail)
	b.raw(") t ON true")
	s := b.statement(shape, columns)
	s.HasTotal = true
	return s
}

// documents lets the database write each row's JSON.
func (b *builder) documents(strip, scalar bool, total func()) *Statement {
	rows := func() []OutputColumn {
		b.raw("SELECT ")
		if strip {
			b.raw("pg_catalog.json_strip_nulls(")
		}
		if scalar {
			b.raw("pg_catalog.to_json(_postgrest_t.pgrst_scalar)")
		} else {
			b.raw("pg_catalog.row_to_json(_postgrest_t)")
		}
		if strip {
			b.raw(")")
		}
		b.raw(" FROM (")
		b.node(b.plan.Root, false)
		b.raw(") _postgrest_t")
		return nil
	}
	if total == nil {
		rows()
		return b.statement(ShapeDocuments, nil)
	}
	return b.withTotal(ShapeDocuments, total, rows)
}

// total writes the number of all rows as a scalar, or null.
func (b *builder) total(total func()) {
	if total == nil {
		b.raw("null::bigint")
		return
	}
	b.raw("(SELECT pg_catalog.count(*) FROM (")
	total()
	b.raw(") _)")
}

// aggregate writes the call that makes one body of all rows.
func (b *builder) aggregate(h Handler, scalar bool) {
	if h.Kind == HandlerGeoJSON {
		b.raw("json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(ST_AsGeoJSON(_postgrest_t)::json), '[]'))")
		return
	}
	b.name(h.Function)
	switch {
	case scalar:
		b.raw("(_postgrest_t.pgrst_scalar)")
	case h.Target.Name != "":
		b.raw("(_postgrest_t::")
		b.name(h.Target)
		b.raw(")")
	default:
		b.raw("(_postgrest_t)")
	}
}

// isOpaque reports whether the node yields columns that the catalog does not know.
func (n *Node) isOpaque() bool {
	if n.Relation == nil && n.IsSource && len(n.Select) == 0 && len(n.Children) == 0 {
		return true
	}
	for i := range n.Select {
		if n.Select[i].Name == "*" && n.Select[i].Aggregate == NoAggregate {
			return true
		}
	}
	for _, c := range n.Children {
		if c.Spread == NoSpread {
			continue
		}
		for i := range c.Outputs {
			if c.Outputs[i].Name == "*" && c.Outputs[i].Aggregate == NoAggregate {
				return true
			}
		}
	}
	return false
}
