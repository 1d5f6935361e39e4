package introspect

import (
	"context"
	_ "embed"
)

//go:embed base_columns.sql
var baseColumnsSQL string

// shownColumn is what the column of a view takes from the one that it shows.
type shownColumn struct{ readOnly, multidimensional bool }

// viewColumns finds what the columns of views take from the columns that they show.
type viewColumns struct {
	*loader
	targets map[uint32][]target // of views of all schemas
	// unexposed has those columns of tables which are not exposed that give anything.
	unexposed map[origin]shownColumn
}

// readViewColumns sets what the columns of exposed views take from those that they show, through any number of views, exposed or not.
func (l *loader) readViewColumns(ctx context.Context, targets map[uint32][]target) error {
	v := &viewColumns{loader: l, targets: targets, unexposed: make(map[origin]shownColumn)}
	if tables := v.unexposedTables(); tables != nil {
		err := l.query(ctx, baseColumnsSQL, [][]byte{oidArray(tables)}, func(r *row) {
			v.unexposed[origin{r.oid(), r.int2()}] = shownColumn{r.bool(), r.bool()}
		})
		if err != nil {
			return err
		}
	}
	for oid := range targets {
		view := l.relations[oid]
		if view == nil || !view.exposed {
			continue
		}
		for i, c := range view.Columns {
			shown := v.column(origin{oid, view.numbers[i]}, 0)
			c.ReadOnly = shown.readOnly && (view.Insertable || view.Updatable)
			c.IsMultidimensional = c.IsArray && shown.multidimensional
		}
	}
	return nil
}

// unexposedTables lists the tables which are not exposed that exposed views show, through other views as well.
func (v *viewColumns) unexposedTables() []uint32 {
	seen := make(map[uint32]bool)
	var out []uint32
	var follow func(view uint32)
	follow = func(view uint32) {
		for _, t := range v.targets[view] {
			if seen[t.table] {
				continue
			}
			seen[t.table] = true
			if _, isView := v.targets[t.table]; isView {
				follow(t.table)
			} else if base := v.relations[t.table]; t.table >= firstUserOID && (base == nil || !base.exposed) {
				out = append(out, t.table)
			}
		}
	}
	for oid := range v.targets {
		if view := v.relations[oid]; view != nil && view.exposed {
			follow(oid)
		}
	}
	return out
}

// maxViewDepth bounds views over views, which can refer to themselves in a circle (see origins).
const maxViewDepth = 32

// column tells of a column what a view over it takes. An automatically updatable view writes through to the columns that it shows; if
// triggers or rules do its writes, they may take any.
func (v *viewColumns) column(o origin, depth int) shownColumn {
	rel := v.relations[o.table]
	if _, isView := v.targets[o.table]; isView {
		shown := shownColumn{readOnly: true}
		if t := v.target(o); t.table != 0 && depth < maxViewDepth {
			shown = v.column(origin{t.table, t.column}, depth+1)
		}
		if rel == nil || rel.rewritten {
			shown.readOnly = false
		}
		return shown
	}
	if rel == nil || !rel.exposed {
		return v.unexposed[o]
	}
	c := rel.columnAt(o.column)
	if c == nil {
		return shownColumn{}
	}
	return shownColumn{!c.Writable(), c.IsMultidimensional}
}

// target returns what a view's column shows, table 0 if that is no column.
func (v *viewColumns) target(o origin) target {
	for _, t := range v.targets[o.table] {
		if t.number == o.column {
			return t
		}
	}
	return target{}
}
