package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/sql"
)

// notCounted begins a note.
const notCounted = "rows are not counted: "

// countAll counts the rows of all parts: first those that a request finds, then what a write makes of them, and then what hangs on both.
func (e *explainer) countAll() error {
	turn := func(p *part) int {
		switch {
		case len(p.path) != 1:
			return 2
		case p.written || p.conflict:
			return 1
		default:
			return 0
		}
	}
	for now := range 3 {
		if now == 2 {
			if err := e.keepDeleted(); err != nil {
				return err
			}
		}
		for i := range e.parts {
			if p := &e.parts[i]; turn(p) == now {
				if err := e.count(p); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// count counts the rows of a part, and those that pass each policy.
func (e *explainer) count(p *part) error {
	if e.views[p.rel] != nil {
		return nil // what is below it tells
	}
	rs, note, err := e.rowsOf(p)
	switch {
	case err != nil:
		return err
	case note != "":
		p.Note = notCounted + note
		return nil
	case rs == nil:
		return nil
	}
	if p.path == nil {
		p.Note = "of all rows"
	}
	if rs.cut {
		p.cut = true
		p.addNote("no more were looked at")
	}
	asked := int64(len(rs.rows))
	p.Asked = &asked
	if p.rel.Kind != policy.View {
		if err := e.holdAgainst(p, rs); err != nil {
			return err
		}
		if pass := count(p.certain); pass == count(p.possible) {
			p.Pass = &pass
		}
	}
	if p.view != nil {
		e.tellView(p)
	}
	if p.action == policy.CreateRows && len(e.in.Plan.Mutation.OnConflict) > 0 {
		if _, note, err := e.conflicting(p); err != nil {
			return err
		} else if note != "" {
			p.addNote("which are there already is not known: " + note)
		}
	}
	return e.keepSeen(p, rs)
}

// keepSeen keeps the rows of a node that the caller sees, on which what is embedded hangs.
func (e *explainer) keepSeen(p *part, rs *rowSet) (err error) {
	switch {
	case len(p.path) == 0 || p.conflict || e.in.Plan.Mutation != nil && len(p.path) == 1 && !p.written:
	case p.junction:
		e.joined[p.node()] = rs.where(p.certain)
	case p.rel.Kind != policy.View:
		e.seen[p.node()] = rs.where(p.certain)
	case len(p.node().Children) > 0:
		s, given, note := e.source(p)
		if note != "" {
			return nil
		}
		s.Relation, s.Item = p.rel.String(), sql.AskedRow
		seen, refused, err := e.fetch(nil, sql.Asked{Plan: e.in.Plan, Given: arg(given)}.Rows(p.node(), s), given...)
		if err != nil || refused != nil {
			return err
		}
		e.seen[p.node()] = seen
	}
	return nil
}

// keepDeleted keeps the rows that a delete finds.
func (e *explainer) keepDeleted() error {
	for i := range e.parts {
		if p := &e.parts[i]; len(p.path) == 1 && p.rel.IsTable() && e.in.Plan.Request.Action == sql.Delete {
			rs, _, err := e.now(p)
			if rs != nil {
				e.seen[p.node()] = rs
			}
			return err
		}
	}
	return nil
}

func (p *part) addNote(note string) {
	if p.Note != "" {
		note = p.Note + ", " + note
	}
	p.Note = note
}

// tellView gives the view through which a table is reached the table's numbers.
func (e *explainer) tellView(p *part) {
	for i := range e.parts {
		v := &e.parts[i]
		if (v.rel == p.view.rel || v.below != nil && e.views[v.rel] != nil && v.view == p.view) && v.action == p.action && v.written == p.written &&
			v.conflict == p.conflict && slices.Equal(v.path, p.path) {
			v.Asked, v.Pass = p.Asked, p.Pass
		}
	}
}

func (e *explainer) holdAgainstOne(p *part, pol *Policy, rs *rowSet) (certain, possible []bool, err error) {
	n := len(rs.rows)
	unknown := ""
	for _, c := range pol.columns {
		if p.written && !p.conflict && e.unknown[c] {
			unknown = c
		}
	}
	var pass int64
	switch {
	case unknown != "":
		pol.Error = "the value of " + unknown + " is not known before it is written"
		return filled(n, false), filled(n, true), nil
	case n == 0:
		pol.Pass = &pass
		return nil, nil, nil
	}
	marked, refused, err := e.evaluate(rs, p.rel.Name, pol.Expression)
	switch {
	case err != nil:
		return nil, nil, err
	case refused != nil:
		pol.Error = refused.Message
		return filled(n, false), filled(n, true), nil
	}
	pass = count(marked)
	pol.Pass = &pass
	return marked, marked, nil
}

func filled(n int, with bool) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = with
	}
	return out
}

func count(marked []bool) (n int64) {
	for _, m := range marked {
		if m {
			n++
		}
	}
	return n
}
