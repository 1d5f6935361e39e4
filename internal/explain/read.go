package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/sql"
)

// rowsOf are the rows that a part asks for, or note says why they are not known; all nil if there is nothing to count.
func (e *explainer) rowsOf(p *part) (rs *rowSet, note string, err error) {
	switch {
	case p.written:
		return e.written(p)
	case p.conflict:
		return e.conflicting(p)
	}
	for i := range e.parts {
		if q := &e.parts[i]; q != p && q.rows != nil && q.rel == p.rel && q.view == p.view && !q.written && !q.conflict && q.junction == p.junction &&
			len(p.path) > 0 && slices.Equal(p.path, q.path) {
			return q.rows, "", nil
		}
	}
	if len(p.path) == 0 {
		return e.read(p, sql.AskedSource{Relation: p.rel.String(), Item: sql.AskedRow}, func(a sql.Asked, s sql.AskedSource) sql.Query {
			return a.All(s)
		})
	}
	s, given, note := e.source(p)
	if note != "" {
		return nil, note, nil
	}
	if p.junction {
		return e.read(p, s, func(a sql.Asked, s sql.AskedSource) sql.Query { return a.JunctionRows(p.node(), s) }, given...)
	}
	return e.read(p, s, func(a sql.Asked, s sql.AskedSource) sql.Query { return a.Rows(p.node(), s) }, given...)
}

// source says where the rows of a part's node are read.
func (e *explainer) source(p *part) (s sql.AskedSource, given []*rowSet, note string) {
	s = sql.AskedSource{Relation: p.rel.String(), Item: sql.AskedRow}
	switch {
	case p.view != nil && p.view.definition == "":
		return s, nil, "the query of the view " + p.view.rel.String() + " is not understood"
	case p.view != nil:
		s.Relation, s.Item = "("+p.view.definition+")", sql.AskedRow+"."+baseRow
	case p.rel.Kind == policy.View:
		s.Relation, s.Item = "("+e.queries[p.rel]+")", "true"
	}
	if len(p.path) == 1 {
		return s, nil, ""
	}
	n, above := p.node(), p.path[len(p.path)-2]
	parent := e.seen[above]
	switch {
	case parent == nil:
		return s, nil, "what they hang on is not known"
	case n.Relationship.Columns == nil && n.Relationship.Junction == nil:
		return s, nil, "a function says which"
	}
	s.Parent, given = unnested(1), []*rowSet{parent}
	s.ParentColumn = func(name string) string { return name }
	if rel := e.relationOf(above); rel != nil && e.views[rel] != nil {
		shows := e.views[rel].shows
		for _, c := range joinColumns(n) {
			if shows[c] == "" {
				return s, nil, "they hang on what the view " + rel.String() + " computes"
			}
		}
		s.ParentColumn = func(name string) string { return shows[name] }
	}
	if n.Relationship.Junction != nil && !p.junction {
		junction := e.joined[n]
		if junction == nil {
			return s, nil, "what joins them is not known"
		}
		s.Junction, given = unnested(2), append(given, junction)
	}
	return s, given, ""
}

// joinColumns are the columns of the relation above that a node is joined by.
func joinColumns(n *sql.Node) []string {
	var out []string
	pairs := n.Relationship.Columns
	if j := n.Relationship.Junction; j != nil {
		pairs = j.SourceColumns
	}
	for _, pair := range pairs {
		out = append(out, pair.Source)
	}
	return out
}

func (e *explainer) relationOf(n *sql.Node) *policy.Relation {
	return e.db.Relation(n.From.Schema, n.From.Name)
}

// read reads rows with the rights that it takes, and keeps them with the part.
func (e *explainer) read(p *part, s sql.AskedSource, write func(sql.Asked, sql.AskedSource) sql.Query, given ...*rowSet) (*rowSet, string, error) {
	relations := []*policy.Relation{p.rel}
	switch {
	case p.view != nil:
		relations = p.view.reads
	case p.rel.Kind == policy.View && len(p.path) > 0:
		relations = relations[:0]
		for _, d := range p.rel.Reads {
			relations = append(relations, d.Relation)
		}
	}
	return e.readFrom(p, relations, s, write, given...)
}

func (e *explainer) readFrom(p *part, relations []*policy.Relation, s sql.AskedSource, write func(sql.Asked, sql.AskedSource) sql.Query,
	given ...*rowSet,
) (*rowSet, string, error) {
	as, note := e.reader(relations...)
	if note != "" {
		return nil, note, nil
	}
	rs, refused, err := e.fetch(as, write(sql.Asked{Plan: e.in.Plan, Given: arg(given)}, s), given...)
	switch {
	case err != nil:
		return nil, "", err
	case refused != nil:
		return nil, refused.Message, nil
	}
	p.rows = rs
	return rs, "", nil
}

// arg makes room for arguments that are row sets.
func arg(given []*rowSet) []sql.Arg { return make([]sql.Arg, len(given)) }

// holdAgainst holds rows against the policies of a part.
func (e *explainer) holdAgainst(p *part, rs *rowSet) error {
	n := len(rs.rows)
	p.certain, p.possible = filled(n, !p.holds()), filled(n, !p.holds())
	if !p.holds() {
		return nil
	}
	allCertain, allPossible := filled(n, true), filled(n, true)
	for i := range p.Policies {
		pol := &p.Policies[i]
		if pol.Expression == "" {
			continue
		}
		certain, possible, err := e.holdAgainstOne(p, pol, rs)
		if err != nil {
			return err
		}
		for row := range n {
			switch {
			case !pol.Applies:
			case pol.Restrictive:
				allCertain[row] = allCertain[row] && certain[row]
				allPossible[row] = allPossible[row] && possible[row]
			default:
				p.certain[row] = p.certain[row] || certain[row]
				p.possible[row] = p.possible[row] || possible[row]
			}
		}
	}
	for row := range n {
		p.certain[row] = p.certain[row] && allCertain[row]
		p.possible[row] = p.possible[row] && allPossible[row]
	}
	return nil
}
