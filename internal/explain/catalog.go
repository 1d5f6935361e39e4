package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// view is what is known of a view that PostgreSQL can write through: its rows are rows of one relation below, its base.
type view struct {
	rel, base *policy.Relation
	// definition is its query, with the row of the table at the bottom as one more column, baseRow; "" if its text could not be
	// taken apart. reads are the relations that it names.
	definition string
	reads      []*policy.Relation
	// shows gives for each column that is one of the table's the column there.
	shows map[string]string
	// checks says that it, or a view below, is WITH CHECK OPTION.
	checks bool
}

// baseRow is the column of the row of the table below a view.
const baseRow = "pgrst_base"

// viewSQL asks for a view's query, whether PostgreSQL writes through it by itself, and whether it has a check option.
const viewSQL = `select pg_catalog.pg_get_viewdef(c.oid),
	pg_catalog.pg_relation_is_updatable(c.oid, false) <> 0
		and not exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1'),
	coalesce(c.reloptions::text like '%check_option=%', false)
	from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where n.nspname = $1 and c.relname = $2`

// simple returns what is known of a view, nil if it is none, or not one of the rows of one relation. It has to be asked before there is a
// search path: without one all names in the query are qualified.
func (e *explainer) simple(rel *policy.Relation) (*view, error) {
	if rel.Kind != policy.View {
		return nil, nil
	}
	v, done := e.views[rel]
	if done {
		return v, nil
	}
	e.views[rel] = nil // until it is known, and for a view that names itself
	var text string
	var writes, checks bool
	if err := e.tx.QueryRow(e.ctx, viewSQL, rel.Schema.Name, rel.Name).Scan(&text, &writes, &checks); err != nil {
		return nil, fmt.Errorf("explain: read the view %s: %w", rel, err)
	}
	e.queries[rel] = strings.TrimSuffix(text, ";")
	base, shows := e.db.Base(rel)
	if !writes || base == nil || base.Kind == policy.MaterializedView {
		return nil, nil
	}
	v = &view{rel: rel, base: base, shows: map[string]string{}, checks: checks, reads: []*policy.Relation{base}}
	for _, c := range rel.Columns {
		if below := base.ColumnNumber(shows[c.Number]); below != nil {
			v.shows[c.Name] = below.Name
		}
	}
	for _, d := range rel.Reads {
		if d.Relation != base {
			v.reads = append(v.reads, d.Relation)
		}
	}
	below, err := e.simple(base)
	if err != nil {
		return nil, err
	}
	if below != nil {
		v.checks = v.checks || below.checks
		for name, shown := range v.shows {
			if v.shows[name] = below.shows[shown]; v.shows[name] == "" {
				delete(v.shows, name)
			}
		}
		v.reads = append(v.reads[1:], below.reads...)
		v.base = below.base
	}
	if below != nil || base.Kind != policy.View {
		v.definition = withBaseRow(text, base, below)
	}
	e.views[rel] = v
	return v, nil
}

// withBaseRow adds the row of the table below to the query of a view, as pg_get_viewdef writes it: each clause of the outer query is on a
// line of its own, FROM after three blanks.
func withBaseRow(text string, base *policy.Relation, below *view) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), ";")
	from := "\n   FROM " + base.String()
	head, tail, found := strings.Cut(text, from)
	if !found || !strings.HasPrefix(text, "SELECT ") || strings.Contains(tail, from) {
		return ""
	}
	alias := policy.QuoteIdentifier(base.Name)
	named := strings.HasPrefix(tail, " ")
	if named {
		end := strings.IndexAny(tail, "\n(")
		if end < 0 {
			end = len(tail)
		}
		alias = tail[1:end]
	}
	if below == nil {
		return head + ",\n    " + alias + ".*::" + base.String() + " AS " + baseRow + from + tail
	}
	if below.definition == "" {
		return ""
	}
	if !named {
		tail = " " + alias + tail
	}
	return head + ",\n    " + alias + "." + baseRow + "\n   FROM (" + below.definition + ")" + tail
}

// triggersSQL asks for the triggers that may change a row before it is written, of a table and of those below it: an insert goes into
// partitions, an update finds the rows of all that inherit. $3 is the bit of the event, 4 insert or 16 update, $4 the
// columns that are set (PostgreSQL source, pg_trigger.h). A rule may write something else altogether.
const triggersSQL = `with recursive tree (oid) as (
		select c.oid from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2
		union
		select i.inhrelid from pg_catalog.pg_inherits i join tree on tree.oid = i.inhparent join pg_catalog.pg_class c on c.oid = i.inhrelid
		where c.relispartition or $3 = 16
	)
	select distinct t.tgname::text from pg_catalog.pg_trigger t join tree on tree.oid = t.tgrelid
	where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 3 = 3 and t.tgtype & $3::int <> 0
		and ($3 = 4 or t.tgattr::text = '' or exists (
			select from pg_catalog.pg_attribute a where a.attrelid = t.tgrelid and a.attnum = any (t.tgattr) and a.attname = any ($4::text[])))
	order by 1`

// findTriggers finds the triggers that may change what a part writes.
func (e *explainer) findTriggers(p *part) error {
	p.Triggers = []string{}
	if !p.written || !p.rel.IsTable() {
		return nil
	}
	events := []int{4}
	switch {
	case p.conflict:
		events = []int{4, 16} // what the insert's triggers leave is what the update sets
	case e.updates():
		events = []int{16}
	}
	for _, event := range events {
		rows, err := e.tx.Query(e.ctx, triggersSQL, p.rel.Schema.Name, p.rel.Name, event, p.sets)
		if err != nil {
			return fmt.Errorf("explain: look for triggers of %s: %w", p.rel, err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				rows.Close()
				return err
			}
			if !slices.Contains(p.Triggers, name) {
				p.Triggers = append(p.Triggers, name)
			}
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("explain: look for triggers of %s: %w", p.rel, err)
		}
	}
	return nil
}
