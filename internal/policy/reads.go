package policy

import (
	"slices"
	"strconv"

	"github.com/postern-db/postern/internal/nodetree"
)

// Dependency is a relation that a view or policy reads.
type Dependency struct {
	Relation *Relation
	// Columns are the numbers of the columns it needs, none for such as count(*), with which any column's privilege is enough.
	Columns []int
}

const (
	// Bits of a range table entry's requiredPerms (PostgreSQL source, parsenodes.h).
	aclSelect = 2
	// What is added to a column's number in a bitmap set, for system columns are negative (sysattr.h).
	columnOffset = 7
)

// reads returns the relations that the queries in a tree read, with the columns for which PostgreSQL asks for a privilege. It
// keeps these with the relation in the query's range table, from version 16 on in a list of their own. A view's range table
// also has the view itself, which is left out, as is all that the query except reads by itself and not in a query inside it.
func (d *Database) reads(tree *nodetree.Node, view *Relation, except *nodetree.Node) []Dependency {
	var out []Dependency
	tree.Walk(func(n *nodetree.Node) bool {
		if n.Name != "QUERY" || n == except {
			return true
		}
		entries := n.Nodes("rteperminfos")
		if len(entries) == 0 {
			entries = n.Nodes("rtable")
		}
		for _, e := range entries {
			rel := d.byOID[e.OID("relid")]
			if rel == nil || rel == view || e.Int("requiredPerms")&aclSelect == 0 || e.Int("rtekind") != 0 {
				continue
			}
			out = merge(out, []Dependency{{Relation: rel, Columns: columns(e.Field("selectedCols").Node, rel)}})
		}
		return true
	})
	return out
}

// columns reads a bitmap set of columns, (b 8 9). The whole row is the number 0 and needs all columns.
func columns(set *nodetree.Node, rel *Relation) []int {
	if set == nil {
		return nil
	}
	var out []int
	for _, v := range set.List {
		n, err := strconv.Atoi(v.Word())
		switch {
		case err != nil: // the letter
		case n == columnOffset:
			for _, c := range rel.Columns {
				out = append(out, c.Number)
			}
		case n > columnOffset:
			out = append(out, n-columnOffset)
		}
	}
	return out
}

// merge adds dependencies to others, each relation once.
func merge(to, more []Dependency) []Dependency {
	for _, m := range more {
		i := slices.IndexFunc(to, func(d Dependency) bool { return d.Relation == m.Relation })
		if i < 0 {
			to = append(to, Dependency{Relation: m.Relation})
			i = len(to) - 1
		}
		to[i].Columns = append(to[i].Columns, m.Columns...)
		slices.Sort(to[i].Columns)
		to[i].Columns = slices.Compact(to[i].Columns)
	}
	return to
}

// query returns the one query of a view's rule, nil for other relations.
func (rel *Relation) query() *nodetree.Node {
	if rel.Query == nil || len(rel.Query.List) != 1 {
		return nil
	}
	return rel.Query.List[0].Node
}

// Base returns the relation that a simple view's rows are rows of, into which PostgreSQL writes what is written to the view, and
// for each of the view's columns the base's column that it shows, by number.
func (d *Database) Base(view *Relation) (base *Relation, shows map[int]int) {
	query := view.query()
	from := query.Field("jointree").Node.Nodes("fromlist")
	table := query.Nodes("rtable")
	if len(from) != 1 {
		return nil, nil
	}
	i := from[0].Int("rtindex")
	if i < 1 || i > len(table) {
		return nil, nil
	}
	base = d.byOID[table[i-1].OID("relid")]
	shows = map[int]int{}
	for _, entry := range query.Nodes("targetList") {
		if v := entry.Field("expr").Node; v != nil && v.Name == "VAR" && v.Int("varno") == i && v.Int("varattno") > 0 && !entry.Bool("resjunk") {
			shows[entry.Int("resno")] = v.Int("varattno")
		}
	}
	return base, shows
}
