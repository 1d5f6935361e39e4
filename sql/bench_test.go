package sql_test

import (
	"testing"

	"github.com/postern-db/postern/sql"
)

// BenchmarkStatement measures what a request costs before it reaches the database: parse, plan and build. The goals are 10 µs for
// a plain read and 60 µs for one with five embedded relations.
func BenchmarkStatement(b *testing.B) {
	for _, bench := range []struct{ name, request string }{
		{"key", "GET /films?id=eq.5"},
		{"plain", "GET /films?select=id,title,year&year=gte.2000&title=like.*a*&order=year.desc,id&limit=20&offset=40"},
		{"embeds", "GET /films?select=title,directors(name,films(title)),actors(name),roles(part,actors(name))&year=gt.2000&directors.name=eq.x&order=title&limit=20"},
		{"logic", `GET /films?select=id&or=(and(id.gt.1,id.lt.9),title.eq."x,y",not.and(year.in.(1,2,3),title.is.null))`},
		{"insert", "POST /films\nPrefer: return=representation\n\n" + `[{"title":"a","year":1},{"title":"b","year":2}]`},
		{"call", "GET /rpc/search?term=x&select=title&limit=5"},
		{"error", "GET /films?select=id,directors(name[])"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c, set := parseCatalog(b, cinema), parseSettings(b, "")
			src := parseSource(b, bench.request)
			b.ReportAllocs()
			for b.Loop() {
				r, err := sql.Parse(src, &set.options)
				if err != nil {
					continue
				}
				p, err := sql.NewPlan(r, c, &set.plan, "")
				if err != nil {
					b.Fatal(err)
				}
				sql.Build(p)
			}
		})
	}
}
