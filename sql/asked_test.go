package sql_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/sql"
)

// TestNothingReachesAsked is TestNothingReachesSQL for the queries of the rows that a request asks for.
func TestNothingReachesAsked(t *testing.T) {
	t.Parallel()
	c, set := parseCatalog(t, cinema), everything(t)
	set.options.Limits = sql.Limits{}
	asked := 0
	rapid.Check(t, func(rt *rapid.T) {
		src := request(rt)
		r, err := sql.Parse(src, &set.options)
		if err != nil {
			return
		}
		p, err := sql.NewPlan(r, c, &set.plan, "")
		if err != nil || p.Root == nil || p.Relation == nil {
			return
		}
		a := sql.Asked{Plan: p}
		same := func(name string) string { return name }
		var queries []sql.Query
		var walk func(n *sql.Node, parent string)
		walk = func(n *sql.Node, parent string) {
			src := sql.AskedSource{Relation: n.From.Quoted(), Item: sql.AskedRow, Parent: parent, ParentColumn: same}
			if j := n.Relationship; j != nil && j.Junction != nil {
				src.Junction = j.Junction.Relation.Quoted()
				queries = append(queries, a.JunctionRows(n, src))
			}
			queries = append(queries, a.Rows(n, src))
			for _, child := range n.Children {
				walk(child, n.From.Quoted())
			}
		}
		walk(p.Root, "")
		if p.Mutation != nil && r.Payload != nil {
			w := sql.Written{Type: p.Relation.Name.Quoted(), Alias: p.Relation.Name.Name}
			for _, c := range p.Relation.Columns {
				w.Columns = append(w.Columns, sql.WrittenColumn{Name: c.Name, Type: c.NominalType, Default: c.Default})
			}
			for i, c := range p.Mutation.Columns {
				w.Columns[i%len(w.Columns)].Body = c.Name
			}
			now := w
			now.Now, now.Conflict = p.Relation.Name.Quoted(), len(p.Mutation.OnConflict) > 0
			queries = append(queries, a.Written(&w), a.Written(&now))
			if q, ok := a.Conflicting(sql.AskedSource{Relation: w.Type, Item: sql.AskedRow}); ok {
				queries = append(queries, q)
			}
		}
		for _, q := range queries {
			asked++
			plain, constants, problem := lex(q.SQL)
			if low := strings.ToLower(plain + strings.Join(constants, " ")); problem != "" || strings.Contains(low, strings.ToLower(marker)) {
				rt.Fatalf("%s %s?%s\nlets text into\n%s\n%s", src.Method, src.Path, src.RawQuery, q.SQL, problem)
			}
			if strings.Count(plain, "$") != len(q.Args) {
				rt.Fatalf("%d arguments for\n%s", len(q.Args), q.SQL)
			}
		}
	})
	if asked == 0 {
		t.Error("the requests are no good")
	}
}
