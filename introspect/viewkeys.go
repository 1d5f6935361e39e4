package introspect

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"slices"

	"github.com/postern-db/postern/schema"
)

//go:embed view_definitions.sql
var viewDefinitionsSQL string

// origin is a column of a relation, as a view shows it.
type origin struct {
	table  uint32
	column int16
}

// readViewKeys finds the keys of base tables that exposed views show, and what their columns take from those that they show. What views of all schemas use is noted for readCode.
func (l *loader) readViewKeys(ctx context.Context) error {
	views := make(map[uint32][]target) // in whose schemas keys are followed
	all := make(map[uint32][]target)
	var order []uint32
	var bad error
	err := l.query(ctx, viewDefinitionsSQL, [][]byte{oidArray(l.visible)}, func(r *row) {
		oid, kind, visible, rule := r.oid(), r.char(), r.bool(), r.raw()
		if kind == 'v' { // reading a materialized view does not run its query
			l.code.addView(oid, rule)
		}
		targets, err := parseTargets(string(rule))
		if err == nil {
			all[oid] = targets
		}
		if !visible {
			return
		}
		if err != nil && bad == nil {
			bad = fmt.Errorf("read the definition of view %s: %w", l.relationName(oid), err)
		}
		views[oid] = targets
		order = append(order, oid)
	})
	if err = cmp.Or(err, bad); err != nil {
		return err
	}
	if err := l.readViewColumns(ctx, all); err != nil {
		return err
	}
	byTable := make(map[uint32][]viewKey)
	for i := range l.keys {
		k := &l.keys[i]
		switch k.kind {
		case 'p':
			byTable[k.table] = append(byTable[k.table], viewKey{k, schema.PrimaryKeyRole})
		case 'f':
			byTable[k.table] = append(byTable[k.table], viewKey{k, schema.ForeignKeyRole})
			byTable[k.target] = append(byTable[k.target], viewKey{k, schema.ReferencedRole})
		}
	}
	for _, oid := range order {
		if view := l.relations[oid]; view != nil && view.exposed {
			l.addViewKeys(view, origins(views, oid), byTable)
		}
	}
	return nil
}

type viewKey struct {
	*constraint
	role schema.KeyRole
}

func (k viewKey) keyColumns() []int16 {
	if k.role == schema.ReferencedRole {
		return k.references
	}
	return k.columns
}

// origins maps each column that a view shows to the numbers of the view's columns that show it, in their order. Where that
// column is another view's, that view's origins are followed. A view can, after CREATE OR REPLACE, refer to itself in a
// circle; such a path ends where it closes.
func origins(views map[uint32][]target, view uint32) map[origin][]int16 {
	out := make(map[origin][]int16)
	path := map[uint32]bool{}
	var follow func(view uint32, column, shown int16)
	follow = func(view uint32, column, shown int16) {
		if path[view] {
			return
		}
		path[view] = true
		for _, t := range views[view] {
			if t.number != column {
				continue
			}
			o := origin{t.table, t.column}
			if !slices.Contains(out[o], shown) {
				out[o] = append(out[o], shown)
			}
			follow(t.table, t.column, shown)
		}
		delete(path, view)
	}
	for _, t := range views[view] {
		follow(view, t.number, t.number)
	}
	return out
}

// addViewKeys adds the keys whose columns the view shows completely.
func (l *loader) addViewKeys(view *relation, shown map[origin][]int16, byTable map[uint32][]viewKey) {
	var tables []uint32
	for o := range shown {
		tables = append(tables, o.table)
	}
	slices.Sort(tables)
	for _, table := range slices.Compact(tables) {
		for _, k := range byTable[table] {
			if columns := l.viewKeyColumns(view, table, k.keyColumns(), shown); columns != nil {
				l.def.ViewKeys = append(l.def.ViewKeys, schema.ViewKey{
					Table: l.relationName(table), View: view.Name, Source: l.relationName(k.table), Constraint: k.name, Role: k.role,
					Columns: columns,
				})
			}
		}
	}
}

func (l *loader) viewKeyColumns(view *relation, table uint32, key []int16, shown map[origin][]int16) []schema.ViewKeyColumn {
	base := l.relations[table]
	if base == nil {
		base = l.partitions[table]
	}
	if base == nil {
		return nil
	}
	out := make([]schema.ViewKeyColumn, 0, len(key))
	for _, number := range key {
		names := view.columnNames(shown[origin{table, number}])
		column := base.column(number)
		if len(names) == 0 || column == "" {
			return nil
		}
		out = append(out, schema.ViewKeyColumn{TableColumn: column, ViewColumns: names})
	}
	return out
}

func (l *loader) relationName(oid uint32) schema.Name {
	if rel := l.relations[oid]; rel != nil {
		return rel.Name
	}
	if rel := l.partitions[oid]; rel != nil {
		return rel.Name
	}
	return schema.Name{}
}
