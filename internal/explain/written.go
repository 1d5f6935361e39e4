package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/sql"
)

// written are the rows as a write would leave them in a table, before triggers run.
func (e *explainer) written(p *part) (rs *rowSet, note string, err error) {
	if e.in.Plan.Request.Payload == nil || !p.rel.IsTable() {
		return nil, "", nil
	}
	for i := range e.parts {
		if q := &e.parts[i]; q != p && q.rows != nil && q.rel == p.rel && q.written && q.conflict == p.conflict {
			return q.rows, "", nil
		}
	}
	w := &sql.Written{Type: p.rel.String(), Alias: p.rel.Name, Conflict: p.conflict}
	var given []*rowSet
	if p.conflict || e.updates() {
		now, note, err := e.now(p)
		if now == nil || err != nil {
			return nil, note, err
		}
		if len(now.rows) == 0 {
			return now, "", nil
		}
		w.Now, given = unnested(1), []*rowSet{now}
	}
	var as *policy.Role
	if !e.role.Superuser && !policy.Granted(p.rel.Schema.Grants, e.role, policy.Usage) { // as below a view
		if as, note = e.reader(p.rel); note != "" {
			return nil, note, nil
		}
	}
	// A default that cannot be worked out is a value that is not known.
	for _, defaults := range []bool{true, false} {
		e.writtenColumns(p, w, defaults)
		refused, err := e.attemptWritten(p, w, as, given)
		if err != nil || refused == "" {
			return p.rows, "", err
		}
		note = refused
	}
	return nil, note, nil
}

func (e *explainer) attemptWritten(p *part, w *sql.Written, as *policy.Role, given []*rowSet) (refused string, err error) {
	rs, failed, err := e.fetch(as, sql.Asked{Plan: e.in.Plan, Given: arg(given)}.Written(w), given...)
	if failed != nil {
		return failed.Message, err
	}
	p.rows = rs
	return "", err
}

// now are the rows that are there which a write changes.
func (e *explainer) now(p *part) (rs *rowSet, note string, err error) {
	if p.conflict {
		return e.conflicting(p)
	}
	var marked []bool
	for i := range e.parts {
		q := &e.parts[i]
		if q.rel != p.rel || q.view != p.view || q.written || q.conflict || len(q.path) != 1 {
			continue
		}
		switch {
		case q.certain == nil:
			return nil, "which are updated is not known", nil
		case rs == nil:
			rs, marked = q.rows, slices.Clone(q.certain)
			if rs == nil { // another part has them
				rs, note, err = e.rowsOf(q)
				if rs == nil || err != nil {
					return nil, note, err
				}
			}
		default:
			for row := range marked {
				marked[row] = marked[row] && q.certain[row]
			}
		}
	}
	if rs == nil {
		return nil, "which are updated is not known", nil
	}
	return rs.where(marked), "", nil
}

// writtenColumns says what becomes of each column of the table. Defaults are worked out if asked for, and if it matters; what is not
// worked out is noted as unknown.
func (e *explainer) writtenColumns(p *part, w *sql.Written, defaults bool) {
	w.Columns = make([]sql.WrittenColumn, len(p.rel.Columns))
	for i, c := range p.rel.Columns {
		out := &w.Columns[i]
		*out = sql.WrittenColumn{Name: c.Name, Type: c.Type}
		if c.Generated {
			out.Generated = c.Default
			continue
		}
		expression := c.Default
		out.Body, expression = e.bodyColumn(p, c.Name, expression)
		switch {
		case out.Body != "" || w.Now != "" || !e.mentioned(p.rel, c.Name):
		case c.Identity || sql.DrawsFromSequence(expression) || expression != "" && !defaults:
			e.unknown[c.Name] = true
		default:
			out.Default = expression
		}
	}
	for _, c := range w.Columns {
		for name := range e.unknown {
			if c.Generated != "" && mentionsColumn(c.Generated, name) {
				e.unknown[c.Name] = true
			}
		}
	}
}

// bodyColumn is the column of the body that is written to a column of the table, "" if none is, and the default that holds then: that of a
// view's column goes before the table's.
func (e *explainer) bodyColumn(p *part, column, expression string) (body, def string) {
	if p.view == nil {
		if slices.Contains(p.sets, column) {
			return column, ""
		}
		return "", expression
	}
	for _, c := range p.view.rel.Columns {
		if p.view.shows[c.Name] != column {
			continue
		}
		for i := range e.in.Plan.Mutation.Columns {
			if e.in.Plan.Mutation.Columns[i].Name == c.Name {
				return c.Name, ""
			}
		}
		if c.Default != "" {
			expression = c.Default
		}
	}
	return "", expression
}

// mentioned says whether a policy that what is written is held against reads a column, by itself or by one that is generated from it.
func (e *explainer) mentioned(rel *policy.Relation, column string) bool {
	for i := range e.parts {
		p := &e.parts[i]
		if p.rel != rel || !p.written {
			continue
		}
		for j := range p.Policies {
			if slices.Contains(p.Policies[j].columns, column) {
				return true
			}
		}
	}
	return slices.ContainsFunc(rel.Columns, func(c *policy.Column) bool { return c.Generated && mentionsColumn(c.Default, column) })
}

// conflicting are the rows of a table that are there already for what an insert with a conflict writes.
func (e *explainer) conflicting(p *part) (rs *rowSet, note string, err error) {
	if e.in.Plan.Request.Payload == nil || !p.rel.IsTable() {
		return nil, "", nil
	}
	if e.there == nil {
		// A row that the view leaves out is in the way as well.
		s := sql.AskedSource{Relation: p.rel.String(), Item: sql.AskedRow}
		if p.view != nil {
			for _, name := range e.in.Plan.Mutation.OnConflict {
				if p.view.shows[name] == "" {
					return nil, "they are told by what the view " + p.view.rel.String() + " computes", nil
				}
			}
			s.Column = func(name string) string { return p.view.shows[name] }
		}
		possible := true
		q := func(a sql.Asked, s sql.AskedSource) (q sql.Query) { q, possible = a.Conflicting(s); return q }
		if q(sql.Asked{Plan: e.in.Plan}, s); !possible {
			e.there = &rowSet{}
			return e.there, "", nil
		}
		kept := p.rows
		if e.there, note, err = e.readFrom(p, []*policy.Relation{p.rel}, s, q); note != "" || err != nil {
			return nil, note, err
		}
		p.rows = kept
	}
	return e.there, "", nil
}
