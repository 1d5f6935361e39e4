package introspect

import (
	"context"
	_ "embed"
	"slices"

	"github.com/postern-db/postern/schema"
)

//go:embed constraints.sql
var constraintsSQL string

//go:embed key_columns.sql
var keyColumnsSQL string

// constraint is a row of pg_constraint.
type constraint struct {
	table      uint32
	name       string
	kind       byte // p, u or f
	columns    []int16
	target     uint32 // of a foreign key, like the following
	references []int16
}

// readKeys reads primary, unique and foreign keys.
func (l *loader) readKeys(ctx context.Context) error {
	err := l.query(ctx, constraintsSQL, nil, func(r *row) {
		l.keys = append(l.keys, constraint{r.oid(), r.text(), r.char(), r.int2s(), r.oid(), r.int2s()})
	})
	if err != nil {
		return err
	}
	if err := l.readKeyColumns(ctx); err != nil {
		return err
	}
	uniques := make(map[uint32][][]int16) // sorted column numbers of primary and unique keys
	for i := range l.keys {
		k := &l.keys[i]
		if k.kind == 'f' {
			continue
		}
		uniques[k.table] = append(uniques[k.table], slices.Sorted(slices.Values(k.columns)))
		rel := l.relations[k.table]
		if rel == nil {
			continue
		}
		names := rel.columnNames(k.columns)
		if k.kind == 'p' {
			rel.PrimaryKey = names
			slices.Sort(rel.PrimaryKey)
		} else if names != nil {
			rel.UniqueKeys = append(rel.UniqueKeys, names)
		}
	}
	for i := range l.keys {
		if fk := &l.keys[i]; fk.kind == 'f' {
			l.addForeignKey(fk, uniques[fk.table])
		}
	}
	return nil
}

func (l *loader) addForeignKey(fk *constraint, uniques [][]int16) {
	source, target := l.relations[fk.table], l.relations[fk.target]
	if source == nil || target == nil {
		return
	}
	from, to := source.columnNames(fk.columns), target.columnNames(fk.references)
	if from == nil || to == nil || len(from) != len(to) {
		return
	}
	pairs := make([]schema.ColumnPair, len(from))
	for i := range from {
		pairs[i] = schema.ColumnPair{Source: from[i], Target: to[i]}
	}
	columns := slices.Sorted(slices.Values(fk.columns))
	l.def.ForeignKeys = append(l.def.ForeignKeys, schema.ForeignKey{
		Constraint: fk.name,
		Source:     source.Name,
		Target:     target.Name,
		Columns:    pairs,
		Unique:     slices.ContainsFunc(uniques, func(u []int16) bool { return slices.Equal(u, columns) }),
	})
}

// readKeyColumns reads the names of those key columns that readColumns left out.
func (l *loader) readKeyColumns(ctx context.Context) error {
	type column struct {
		table  uint32
		number int16
	}
	missing := make(map[column]bool)
	need := func(table uint32, numbers []int16) {
		rel := l.relations[table]
		if table < firstUserOID || rel != nil && rel.exposed {
			return
		}
		for _, n := range numbers {
			missing[column{table, n}] = true
		}
	}
	for i := range l.keys {
		k := &l.keys[i]
		need(k.table, k.columns)
		need(k.target, k.references)
	}
	if len(missing) == 0 {
		return nil
	}
	tables := make([]uint32, 0, len(missing))
	numbers := make([]int32, 0, len(missing))
	for c := range missing {
		tables = append(tables, c.table)
		numbers = append(numbers, int32(c.number))
	}
	return l.query(ctx, keyColumnsSQL, [][]byte{oidArray(tables), int4Array(numbers)}, func(r *row) {
		table, number, column := r.oid(), r.int2(), r.text()
		name := schema.Name{Schema: r.text(), Name: r.text()}
		rel := l.relations[table]
		if rel == nil {
			if rel = l.partitions[table]; rel == nil {
				rel = &relation{Relation: &schema.Relation{Name: name}}
				l.partitions[table] = rel
			}
		}
		if rel.names == nil {
			rel.names = make(map[int16]string)
		}
		rel.names[number] = column
	})
}
