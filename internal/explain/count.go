package explain

import (
	"slices"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/sql"
)

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
		p.Note = "rows are not counted: " + note
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
