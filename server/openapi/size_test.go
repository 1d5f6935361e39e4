package openapi_test

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/openapi"
)

// generated is a catalog of n tables of ten columns, each but the first with a foreign key, and n functions.
func generated(n int) *schema.Catalog {
	d := &schema.Definition{Schemas: []string{"api"}}
	types := []string{
		"bigint", "text", "integer", "timestamp with time zone", "numeric", "boolean", "character varying", "jsonb", "uuid", "bigint",
	}
	for i := range n {
		table := schema.Name{Schema: "api", Name: "table_" + strconv.Itoa(i)}
		r := &schema.Relation{
			Name: table, Comment: "A table\n\nThat was generated.", PrimaryKey: []string{"column_0"},
			Insertable: true, Updatable: true, Deletable: true,
		}
		for j, typ := range types {
			r.Columns = append(r.Columns, &schema.Column{
				Name: "column_" + strconv.Itoa(j), Type: typ, NominalType: typ, Nullable: j > 4, Comment: "A column of the table",
			})
		}
		d.Relations = append(d.Relations, r)
		if i > 0 {
			d.ForeignKeys = append(d.ForeignKeys, schema.ForeignKey{
				Constraint: "fk", Source: table, Target: schema.Name{Schema: "api", Name: "table_" + strconv.Itoa(i-1)},
				Columns: []schema.ColumnPair{{Source: "column_9", Target: "column_0"}},
			})
		}
		d.Routines = append(d.Routines, &schema.Routine{
			Name:       schema.Name{Schema: "api", Name: "function_" + strconv.Itoa(i)},
			Parameters: []schema.Parameter{{Name: "a", Type: "integer", Required: true}, {Name: "b", Type: "text"}},
			Returns:    table, ReturnsSet: true, Composite: true, Columns: r.Columns, Volatility: schema.Stable,
		})
	}
	return schema.New(d)
}

// counter counts what is written, and keeps the largest memory in use meanwhile.
type counter struct {
	bytes int
	heap  uint64
}

func (c *counter) Write(p []byte) (int, error) {
	if c.bytes>>22 != (c.bytes+len(p))>>22 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.heap = max(c.heap, m.HeapAlloc)
	}
	c.bytes += len(p)
	return len(p), nil
}

// TestLarge writes the documents of 10,000 tables, 100,000 columns and 10,000 functions, and holds that a document is never in
// memory as a whole. It is not parallel, since it measures. Under the race detector it makes do with less.
func TestLarge(t *testing.T) {
	tables := 10_000
	if underRace {
		tables = 500
	}
	in := input(generated(tables), nil)
	for name, write := range map[string]writeFunc{"swagger": openapi.WriteSwagger, "openapi": openapi.WriteOpenAPI} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			var c counter
			if err := write(&c, in); err != nil {
				t.Fatal(err)
			}
			grown := int(c.heap) - int(before.HeapAlloc)
			t.Logf("%d MB, heap grew by %d MB", c.bytes>>20, grown>>20)
			if grown > c.bytes {
				t.Errorf("needed %d bytes for %d", grown, c.bytes)
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	in := input(generated(10_000), nil)
	for name, write := range map[string]writeFunc{"swagger": openapi.WriteSwagger, "openapi": openapi.WriteOpenAPI} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var c counter
				if err := write(&c, in); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(c.bytes))
			}
		})
	}
}
