package sql_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-db/postern/schema"
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
		a := sql.Asked{Plan: p, From: func(n schema.Name) string { return n.Quoted() }}
		var queries []sql.Query
		var walk func(path []*sql.Node)
		walk = func(path []*sql.Node) {
			if q, ok := a.Rows(path); ok {
				queries = append(queries, q)
			}
			for _, child := range path[len(path)-1].Children {
				walk(append(path[:len(path):len(path)], child))
			}
		}
		walk([]*sql.Node{p.Root})
		if p.Mutation != nil && r.Payload != nil {
			queries = append(queries, a.Written("", func(string) bool { return true }))
			if len(p.Mutation.OnConflict) > 0 {
				queries = append(queries, a.Conflicting())
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
