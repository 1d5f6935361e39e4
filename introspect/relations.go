package introspect

import (
	"context"
	_ "embed"
	"slices"
	"sort"

	"github.com/postern-db/postern/schema"
)

//go:embed relations.sql
var relationsSQL string

//go:embed columns.sql
var columnsSQL string

// relation is a relation, or composite type, with what keys and routines need to know of it.
type relation struct {
	*schema.Relation
	exposed bool
	// rewritten is set for a view whose writes triggers or rules may do, in place of writes to what it shows.
	rewritten bool
	numbers   []int16          // of its columns, in step with Relation.Columns
	names     map[int16]string // of its key columns, if it is not exposed
	// generated tells how its generated columns are: 's' stored, 'v' virtual.
	generated map[int16]byte
	// grantees are the roles that have a privilege on it; 0 is PUBLIC.
	grantees []uint32
}

// columnAt returns a column by its number, nil if it was not read.
func (r *relation) columnAt(number int16) *schema.Column {
	// Unless columns were dropped the number is the place.
	if i := int(number) - 1; i >= 0 && i < len(r.numbers) && r.numbers[i] == number {
		return r.Columns[i]
	}
	if i, ok := slices.BinarySearch(r.numbers, number); ok {
		return r.Columns[i]
	}
	return nil
}

// column returns the name of a column by its number, "" if it was not read.
func (r *relation) column(number int16) string {
	if c := r.columnAt(number); c != nil {
		return c.Name
	}
	return r.names[number]
}

// columnNames returns the names of columns by their numbers, nil if one was not read.
func (r *relation) columnNames(numbers []int16) []string {
	out := make([]string, len(numbers))
	for i, n := range numbers {
		if out[i] = r.column(n); out[i] == "" {
			return nil
		}
	}
	return out
}

// Len, Less and Swap sort the columns by number.
func (r *relation) Len() int           { return len(r.numbers) }
func (r *relation) Less(i, j int) bool { return r.numbers[i] < r.numbers[j] }
func (r *relation) Swap(i, j int) {
	r.numbers[i], r.numbers[j] = r.numbers[j], r.numbers[i]
	r.Columns[i], r.Columns[j] = r.Columns[j], r.Columns[i]
}

// readRelations reads the relations of all schemas, with the types of their rows.
func (l *loader) readRelations(ctx context.Context) error {
	const update, insert, remove, rewritten = 1 << 2, 1 << 3, 1 << 4, 1 << 5
	kinds := map[byte]schema.Kind{
		'r': schema.Table, 'p': schema.PartitionedTable, 'v': schema.View, 'm': schema.MaterializedView, 'f': schema.ForeignTable,
	}
	l.relations = make(map[uint32]*relation)
	return l.query(ctx, relationsSQL, [][]byte{oidArray(l.exposed)}, func(r *row) {
		oid := r.oid()
		rel := &schema.Relation{Name: schema.Name{Schema: r.text(), Name: r.text()}, Kind: kinds[r.char()]}
		row := &typ{oid: r.oid(), name: rel.Name, kind: 'c', modifier: -1, relation: oid, text: string(r.raw())}
		row.base = row
		l.types[row.oid] = row
		accepts := r.int4()
		rel.Updatable, rel.Insertable, rel.Deletable = accepts&update != 0, accepts&insert != 0, accepts&remove != 0
		rel.Comment = r.text()
		l.relations[oid] = &relation{
			Relation: rel, exposed: slices.Contains(l.cfg.Schemas, rel.Name.Schema), grantees: r.oids(),
			rewritten: accepts&rewritten != 0,
		}
		l.def.Relations = append(l.def.Relations, rel)
	})
}

// readColumns reads the columns of the exposed relations, and of the rows that routines return, with their types and, if these are
// domains, the types' defaults.
func (l *loader) readColumns(ctx context.Context) error {
	type pending struct {
		column *schema.Column
		name   typeName
	}
	var columns []pending
	var chunk []schema.Column // columns are allocated by the hundred
	l.typeNames = make(map[typeName]string)
	var last *relation
	var lastOID uint32
	var unordered []*relation
	err := l.query(ctx, columnsSQL, [][]byte{oidArray(l.exposed), oidArray(l.returnedRows())}, func(r *row) {
		oid := r.oid()
		if oid != lastOID {
			last, lastOID = l.columnsOwner(oid), oid
		}
		number := r.int2()
		if n := len(last.numbers); n > 0 && last.numbers[n-1] > number {
			unordered = append(unordered, last)
		}
		if len(chunk) == cap(chunk) {
			chunk = make([]schema.Column, 0, 256)
		}
		chunk = append(chunk, schema.Column{Name: r.text()})
		c := &chunk[len(chunk)-1]
		name := typeName{r.oid(), r.int4()}
		c.Nullable = !r.bool()
		switch r.char() {
		case 'd':
			c.Identity = schema.IdentityByDefault
		case 'a':
			c.Identity = schema.IdentityAlways
		}
		if generated := r.char(); generated != 0 {
			c.Generated = true
			if last.generated == nil {
				last.generated = make(map[int16]byte)
			}
			last.generated[number] = generated
		}
		c.IsMultidimensional = r.bool()
		c.Comment = r.text()
		last.grantees = append(last.grantees, r.oids()...)
		last.Columns = append(last.Columns, c)
		last.numbers = append(last.numbers, number)
		columns = append(columns, pending{c, name})
		l.typeNames[name] = ""
	})
	if err != nil {
		return err
	}
	for _, rel := range unordered {
		sort.Sort(rel)
	}
	oids := make([]uint32, 0, len(l.typeNames))
	for k := range l.typeNames {
		oids = append(oids, k.oid)
	}
	if err := l.needTypes(ctx, oids); err != nil {
		return err
	}
	if err := l.nameTypes(ctx); err != nil {
		return err
	}
	for _, p := range columns {
		t := l.typ(p.name.oid)
		t.fill(p.column, l.typeNames[p.name], p.name.modifier)
		if !p.column.Generated && p.column.Identity == schema.NotIdentity {
			p.column.Default = t.def
		}
	}
	l.completeRoutines()
	return nil
}

// known returns the relation or row type whose columns were asked for, nil if they were not.
func (l *loader) known(oid uint32) *relation {
	if rel := l.relations[oid]; rel != nil && rel.exposed {
		return rel
	}
	return l.rowTypes[oid]
}

// columnsOwner returns the relation or row type that columns belong to.
func (l *loader) columnsOwner(oid uint32) *relation {
	if rel := l.known(oid); rel != nil {
		return rel
	}
	l.rowTypes[oid] = &relation{Relation: &schema.Relation{}}
	return l.rowTypes[oid]
}
