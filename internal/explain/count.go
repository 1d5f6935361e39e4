package explain

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// standIns makes a temporary view of each table in place of which rows can be counted: it reads with the rights of who made it, and
// what is asked of it is evaluated as the caller. The views are gone when the transaction ends.
func (e *explainer) standIns() error {
	var session string
	if err := e.tx.QueryRow(e.ctx, "select session_user").Scan(&session); err != nil {
		return fmt.Errorf("explain: ask who is connected: %w", err)
	}
	me := e.db.Role(session)
	for i := range e.parts {
		p := &e.parts[i]
		if _, done := e.stand[p.rel]; done || me == nil {
			continue
		}
		maker := ""
		switch {
		case me.Superuser:
		case me.BypassRLS && me.HasPrivilegesOf(p.rel.Owner):
		case p.rel.ForceRLS && p.rel.RLS && !p.rel.Owner.BypassRLS && !p.rel.Owner.Superuser:
			e.notes[p.rel] = "FORCE ROW LEVEL SECURITY holds the owner as well; connect as a superuser"
			continue
		case me.MaySet(p.rel.Owner):
			maker = p.rel.Owner.Name
		default:
			e.notes[p.rel] = fmt.Sprintf("%s may not become the owner %s; connect as a superuser, as %s, or as a role that %s was granted to",
				me.Name, p.rel.Owner.Name, p.rel.Owner.Name, p.rel.Owner.Name)
			continue
		}
		name := "pg_temp.postern_asked_" + strconv.Itoa(len(e.stand)+1)
		script := "savepoint postern_stand_in;"
		if maker != "" {
			script += "set local role " + schema.QuoteIdentifier(maker) + ";"
		}
		script += "create temporary view " + strings.TrimPrefix(name, "pg_temp.") + " as select * from " + p.rel.String() + ";" +
			"grant select on " + name + " to public; set local role none; release savepoint postern_stand_in"
		_, err := e.conn.Exec(e.ctx, script).ReadAll()
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
			if _, err := e.conn.Exec(e.ctx, "rollback to savepoint postern_stand_in; release savepoint postern_stand_in").ReadAll(); err != nil {
				return err
			}
			e.notes[p.rel] = refused.Message
		case err != nil:
			return err
		default:
			e.stand[p.rel] = name
		}
	}
	return nil
}

// from is what a relation is read from in place of itself.
func (e *explainer) from(name schema.Name) string {
	if rel := e.db.Relation(name.Schema, name.Name); rel != nil {
		if stand, ok := e.stand[rel]; ok {
			return stand
		}
	}
	return name.Quoted()
}

// count counts the rows of a part, and those that pass each policy.
func (e *explainer) count(p *part) error {
	name, ok := e.stand[p.rel]
	if !ok {
		p.Note = "rows are not counted: " + e.notes[p.rel]
		return nil
	}
	asked := sql.Asked{Plan: e.in.Plan, From: e.from}
	q := sql.Query{SQL: "select * from " + name}
	switch {
	case p.written && e.in.Plan.Request.Payload == nil:
		return nil
	case p.written:
		q = asked.Written(e.passing(), func(column string) bool { return p.mentions(column) })
	case p.conflict:
		q = asked.Conflicting()
	case p.path != nil:
		if q, ok = asked.Rows(p.path); !ok {
			p.Note = "rows are not counted: a function says which"
			return nil
		}
	default:
		p.Note = "of all rows"
	}
	all, refused, err := e.countWhere(p, q, "")
	switch {
	case err != nil:
		return err
	case refused != nil:
		p.Note = "rows are not counted: " + refused.Message
		return nil
	}
	p.Asked = &all
	if !p.holds() {
		if p.rel.IsTable() {
			p.Pass = p.Asked
		}
		return nil
	}
	for i := range p.Policies {
		pol := &p.Policies[i]
		if pol.Expression == "" {
			continue
		}
		n, refused, err := e.countWhere(p, q, pol.Expression)
		switch {
		case err != nil:
			return err
		case refused != nil:
			pol.Error = refused.Message
		default:
			pol.Pass = &n
		}
	}
	pass, refused, err := e.countWhere(p, q, p.rule())
	if err == nil && refused == nil {
		p.Pass = &pass
	}
	return err
}

// mentions says whether a policy of the part reads a column.
func (p *part) mentions(column string) bool {
	for i := range p.Policies {
		for _, c := range p.Policies[i].columns {
			if c == column {
				return true
			}
		}
	}
	return false
}

// passing is the condition on rows that an update finds: the policies to update and to read.
func (e *explainer) passing() string {
	var all []string
	for i := range e.parts {
		p := &e.parts[i]
		if p.written || p.path == nil || len(p.path) > 1 || !p.holds() {
			continue
		}
		all = append(all, "("+p.rule()+")")
	}
	return strings.Join(all, " AND ")
}

// rule is what the policies that apply amount to: one of the permissive ones and all restrictive ones must be true.
func (p *part) rule() string {
	var permissive, all []string
	for i := range p.Policies {
		switch pol := &p.Policies[i]; {
		case !pol.Applies || pol.Expression == "":
		case pol.Restrictive:
			all = append(all, pol.Expression)
		default:
			permissive = append(permissive, pol.Expression)
		}
	}
	if permissive == nil {
		return "false"
	}
	return strings.Join(append(all, "("+strings.Join(permissive, " OR ")+")"), " AND ")
}

// countWhere counts the rows of a query for which an expression is true, "" for all of them.
func (e *explainer) countWhere(p *part, q sql.Query, expression string) (n int64, refused *pgconn.PgError, err error) {
	items := "pg_catalog.count(*)"
	if expression != "" {
		items += " filter (where " + expression + ")"
	}
	text := "select " + items + " from (select * from (" + q.SQL + ") pgrst_all limit " + strconv.Itoa(MaxCounted) + ") as " +
		schema.QuoteIdentifier(p.rel.Name)
	values, formats := arguments(q.Args)
	refused, err = e.attempt(text, values, formats, func(row [][]byte) { n, _ = strconv.ParseInt(string(row[0]), 10, 64) })
	return n, refused, err
}
