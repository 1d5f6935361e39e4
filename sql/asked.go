package sql

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// AskedRow is the name of the relation's row in the queries of Asked.
const AskedRow = "pgrst_asked"

const (
	askedParent   = "pgrst_parent"
	askedJunction = "pgrst_junction"
	askedNow      = "pgrst_now"
)

// Asked writes queries for the rows that a plan asks for, whoever may see them, so that a policy can be held against them. Texts of
// SQL come from the catalog; Given are the arguments that they refer to, $1 first.
type Asked struct {
	Plan  *Plan
	Given []Arg
}

// AskedSource says where rows are read.
type AskedSource struct {
	// Relation is read, as an item of FROM; Item is what is selected of each AskedRow.
	Relation, Item string
	// Parent are the rows of the node above, as an item of FROM, "" for those of the root; Junction those of the relation that
	// joins them to this node, if one does.
	Parent, Junction string
	// ParentColumn names a column of the node above as the rows in Parent have it.
	ParentColumn func(string) string
	// Column names a column that the request names as Relation has it; nil if the names are the same.
	Column func(string) string
}

func (s *AskedSource) column(name string) string {
	if s.Column == nil {
		return name
	}
	return s.Column(name)
}

// All writes the query of all rows of a relation.
func (a Asked) All(s AskedSource) Query {
	b, _ := a.open(s)
	return Query{string(b.text), b.args}
}

// Rows writes the query of the rows of a node: those that meet its conditions and belong to a row of the node above. Ranges, and
// conditions on what else is embedded, do not count.
func (a Asked) Rows(n *Node, s AskedSource) Query {
	b, row := a.open(s)
	and := conjunction(b, " WHERE ")
	where := n.Where
	if m := a.Plan.Mutation; m != nil && n == a.Plan.Root {
		where = m.Where
	}
	for i := range where {
		if !where[i].hasEmbed() {
			and()
			b.condition(row, &where[i])
		}
	}
	if s.Parent == "" || n.Relationship == nil {
		return Query{string(b.text), b.args}
	}
	and()
	parent, junction := schema.Name{Name: askedParent}, schema.Name{Name: askedJunction}
	b.raw("EXISTS (SELECT 1 FROM " + s.Parent + " AS " + askedParent)
	if s.Junction != "" {
		b.raw(", " + s.Junction + " AS " + askedJunction)
	}
	and = conjunction(b, " WHERE ")
	for _, p := range n.Relationship.Columns {
		and()
		b.equal(row, p.Target, parent, s.ParentColumn(p.Source))
	}
	if j := n.Relationship.Junction; j != nil {
		for _, p := range j.TargetColumns {
			and()
			b.equal(junction, p.Target, row, p.Source)
		}
		for _, p := range j.SourceColumns {
			and()
			b.equal(junction, p.Target, parent, s.ParentColumn(p.Source))
		}
	}
	b.raw(")")
	return Query{string(b.text), b.args}
}

// JunctionRows writes the query of the rows of the relation that joins a node to the rows of the node above.
func (a Asked) JunctionRows(n *Node, s AskedSource) Query {
	b, row := a.open(s)
	b.raw(" WHERE EXISTS (SELECT 1 FROM " + s.Parent + " AS " + askedParent)
	and := conjunction(b, " WHERE ")
	for _, p := range n.Relationship.Junction.SourceColumns {
		and()
		b.equal(row, p.Target, schema.Name{Name: askedParent}, s.ParentColumn(p.Source))
	}
	b.raw(")")
	return Query{string(b.text), b.args}
}

func (a Asked) open(s AskedSource) (*builder, schema.Name) {
	b := &builder{plan: a.Plan, args: a.Given[:len(a.Given):len(a.Given)]}
	b.raw("SELECT " + s.Item + " FROM " + s.Relation + " AS " + AskedRow)
	return b, schema.Name{Name: AskedRow}
}

// conjunction returns what writes first before the first of some conditions, and AND before the others.
func conjunction(b *builder, first string) (and func()) {
	sep := first
	return func() { b.raw(sep); sep = " AND " }
}

// hasEmbed reports whether the condition asks whether an embedded relation is there.
func (c *Condition) hasEmbed() bool {
	for i := range c.Children {
		if c.Children[i].hasEmbed() {
			return true
		}
	}
	return c.Embed != nil
}

// Conflicting writes the query of the rows that are there already for what an insert with a conflict writes. ok is false if there can
// be none, as where a sequence gives the key.
func (a Asked) Conflicting(s AskedSource) (q Query, ok bool) {
	m := a.Plan.Mutation
	b, row := a.open(s)
	b.raw(" WHERE EXISTS (SELECT 1 ")
	a.body(b, false)
	and := conjunction(b, " WHERE ")
	a.upsertConditions(b, and)
	for _, name := range m.OnConflict {
		and()
		if m.writes(name) {
			b.equal(row, s.column(name), schema.Name{Name: "pgrst_body"}, name)
			continue
		}
		c := a.Plan.Relation.Column(name)
		if c == nil || c.Default == "" || DrawsFromSequence(c.Default) {
			return Query{}, false
		}
		b.column(row, s.column(name))
		b.raw(" = (" + c.Default + ")")
	}
	b.raw(")")
	return Query{string(b.text), b.args}, len(m.OnConflict) > 0
}

// DrawsFromSequence reports whether a default's expression takes the next number of a sequence, which nobody knows before.
func DrawsFromSequence(expression string) bool { return strings.Contains(expression, "nextval(") }

func (m *Mutation) writes(column string) bool {
	for i := range m.Columns {
		if m.Columns[i].Name == column {
			return true
		}
	}
	return false
}

func (a Asked) body(b *builder, oneRow bool) {
	p, m := a.Plan.Request.Payload, a.Plan.Mutation
	b.fromBody(body{p.Raw, p.IsObject, m.ApplyDefaults, oneRow}, m.Columns)
}

// upsertConditions writes the filters of a PUT, which hold for the body.
func (a Asked) upsertConditions(b *builder, and func()) {
	if a.Plan.Request.Action == Upsert {
		b.conditions(schema.Name{Name: "pgrst_body"}, a.Plan.Mutation.Where, and)
	}
}

// Written says what becomes of the columns of a table that is written to, all of them, in order.
type Written struct {
	// Type is the table's row type; Alias is the name by which expressions of its columns know the row.
	Type, Alias string
	Columns     []WrittenColumn
	// Now are the rows that are there, as an item of FROM; "" if new ones are written.
	Now string
	// Conflict says that the rows of the body are those of Now with the same key. Else all rows of Now get the one row of the body.
	Conflict bool
}

// WrittenColumn is a column of a table that is written to.
type WrittenColumn struct {
	Name, Type string
	// Body is the column of the body that is written to it, "" if none is: then it stays as it is, or a new row gets Default, null
	// if that is "".
	Body, Default string
	// Generated is the expression of a generated column.
	Generated string
}

// Written writes the query of the rows as a create, update or upsert would leave them before triggers run, each of the table's type.
func (a Asked) Written(w *Written) Query {
	b := &builder{plan: a.Plan, args: a.Given[:len(a.Given):len(a.Given)]}
	alias := schema.Name{Name: w.Alias}
	b.raw("SELECT ROW(")
	b.list(len(w.Columns), ", ", func(i int) {
		if g := w.Columns[i].Generated; g != "" {
			b.raw("(" + g + ")")
			return
		}
		b.column(alias, w.Columns[i].Name)
	})
	b.raw(")::" + w.Type + " FROM (SELECT ")
	key := map[string]string{} // of the body, as the table has it
	b.list(len(w.Columns), ", ", func(i int) {
		c := &w.Columns[i]
		switch {
		case c.Body != "":
			b.column(schema.Name{Name: "pgrst_body"}, c.Body)
			key[c.Body] = c.Name
		case w.Now != "":
			b.column(schema.Name{Name: askedNow}, c.Name)
		case c.Default != "":
			b.raw("(" + c.Default + ")")
		default:
			b.raw("NULL")
		}
		b.raw("::" + c.Type + " AS ")
		b.ident(c.Name)
	})
	b.raw(" ")
	a.body(b, w.Now != "" && !w.Conflict)
	if w.Now != "" {
		b.raw(", " + w.Now + " AS " + askedNow)
	}
	and := conjunction(b, " WHERE ")
	a.upsertConditions(b, and)
	if w.Conflict {
		for _, name := range a.Plan.Mutation.OnConflict {
			if key[name] != "" {
				and()
				b.equal(schema.Name{Name: askedNow}, key[name], schema.Name{Name: "pgrst_body"}, name)
			}
		}
	}
	b.raw(") AS ")
	b.ident(w.Alias)
	return Query{string(b.text), b.args}
}
