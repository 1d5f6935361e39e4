package policy

import (
	"fmt"
	"slices"
)

// view judges what a view reads or writes below, on top of the privilege on the view itself.
func (j *judge) view(a *Access, view *Relation, action Action) {
	as := view.Owner
	if view.SecurityInvoker {
		as = j.user
	}
	if action == ReadRows {
		if slices.Contains(j.path, view) {
			a.Why, a.Refused, a.recursion = "infinite recursion in the view "+view.String(), true, true
			return
		}
		j.path = append(j.path, view)
		defer func() { j.path = j.path[:len(j.path)-1] }()
		a.Verdict = Yes
		j.reads(a, as, view.Reads)
		return
	}
	// What is written goes to the base in the view's place, whose policies may read the view again.
	switch {
	case view.acceptable&action.mask() == 0:
		a.Why, a.Refused = "the view cannot be written", true
	case view.updatable&action.mask() == 0 || view.insteadOf(action):
		a.Verdict, a.Why = Yes, "a trigger decides"
	default:
		base, shows := j.d.Base(view)
		if base == nil {
			a.Verdict, a.Why = Yes, "a rule decides"
			return
		}
		a.Verdict = Yes
		j.writes(a, view, as, base, shows)
	}
}

// insteadOf says whether a trigger does the action, even of a view that could do it by itself.
func (rel *Relation) insteadOf(action Action) bool {
	return slices.ContainsFunc(rel.Triggers, func(t Trigger) bool {
		return t.InsteadOf && (action == CreateRows && t.Insert || action == UpdateRows && t.Update || action == DeleteRows && t.Delete)
	})
}

// reads adds what a view reads.
func (j *judge) reads(a *Access, as *Role, reads []Dependency) {
	for _, dep := range reads {
		below := j.access(dep.Relation, as, ReadRows)
		a.Below = append(a.Below, Below{Relation: dep.Relation, Role: as, Access: below})
		if why := below.lacks(dep.Columns); why != "" {
			a.Verdict, a.Refused, a.recursion = No, true, below.recursion
			a.Why = fmt.Sprintf("it reads %s, and %s may not: %s", dep.Relation, as.Name, why)
			return
		}
		// A view may show rows where a relation below has none, as by an outer join: that is not for a model to say.
		if below.Verdict < a.Verdict {
			a.Verdict = Rows
		}
	}
}

// writes judges what is written through a simple view into its base. For an update or delete PostgreSQL applies the view's own
// conditions, and so reads what they read.
func (j *judge) writes(a *Access, view *Relation, as *Role, base *Relation, shows map[int]int) {
	below := j.access(base, as, a.Action)
	a.Below = []Below{{Relation: base, Role: as, Access: below}}
	if below.Verdict == No {
		a.Refused, a.recursion = below.Refused, below.recursion
		a.Why = fmt.Sprintf("it writes %s, and %s may not: %s", base, as.Name, below.Why)
		if a.Refused {
			a.Verdict = No
			return
		}
	}
	a.Verdict = below.Verdict
	if a.Action == DeleteRows {
		j.reads(a, as, view.conditions)
		return
	}
	a.Columns = writable(view, a.Columns, below, base, shows)
	if len(a.Columns) == 0 {
		a.Verdict, a.Refused = No, true
		a.Why = fmt.Sprintf("%s may write none of its columns in %s", as.Name, base)
		return
	}
	if len(a.Columns) == len(view.Columns) {
		a.Columns = nil
	}
	if a.Action == UpdateRows {
		j.reads(a, as, view.conditions)
	}
}

// writable returns the view's columns that may be written: granted on the view, columns of the base, and granted there.
func writable(view *Relation, granted []*Column, below Access, base *Relation, shows map[int]int) []*Column {
	var out []*Column
	for _, c := range view.Columns {
		number, ok := shows[c.Number]
		target := base.ColumnNumber(number)
		if ok && target != nil && (granted == nil || slices.Contains(granted, c)) &&
			(below.Columns == nil || slices.Contains(below.Columns, target)) {
			out = append(out, c)
		}
	}
	return out
}
