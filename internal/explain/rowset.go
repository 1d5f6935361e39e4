package explain

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// rowSet are rows of one type as PostgreSQL sends them, to be held against expressions.
type rowSet struct {
	rows [][]byte
	// typ and array are the oids of the rows' type and of its array type.
	typ, array uint32
	// cut says that there may be more.
	cut bool
}

const (
	// maxBytes bounds the rows that are looked at for one relation.
	maxBytes = 16 << 20
	batch    = 500
)

// fetch reads the rows of a query, whose first arguments are the rows of given. The query is planned, and the privileges and policies of
// what it reads are found, as a role; nil is the caller. It is run as the caller: functions in it have no other rights than in
// the request, and current_user is the caller. What the planner tries out beforehand, such as an operator on a table's statistics, does
// run as that role, which is why reader prefers an owner to a superuser.
//
// A cursor makes that possible (PostgreSQL manual, DECLARE): whom it may read for was settled when it was opened. So nothing
// is made in the database, and it works in a read-only transaction and on a standby.
func (e *explainer) fetch(as *policy.Role, q sql.Query, given ...*rowSet) (rs *rowSet, refused *pgconn.PgError, err error) {
	if _, err := e.conn.Exec(e.ctx, "savepoint postern_explain").ReadAll(); err != nil {
		return nil, nil, err
	}
	rs, err = e.fetchWithin(as, q, given)
	if err != nil && !errors.As(err, &refused) {
		return nil, nil, err
	}
	_, err = e.conn.Exec(e.ctx, "rollback to savepoint postern_explain; release savepoint postern_explain").ReadAll()
	if err == nil && refused == nil && rs.array == 0 {
		err = e.findArrayType(rs)
	}
	return rs, refused, err
}

func (e *explainer) fetchWithin(as *policy.Role, q sql.Query, given []*rowSet) (*rowSet, error) {
	if as != nil {
		if _, err := e.conn.Exec(e.ctx, "set local role "+schema.QuoteIdentifier(as.Name)).ReadAll(); err != nil {
			return nil, err
		}
	}
	values, formats := arguments(q.Args)
	types := make([]uint32, len(values))
	for i, g := range given {
		values[i], formats[i], types[i] = g.binary(), 1, g.array
	}
	_, err := e.conn.ExecParams(e.ctx, "declare postern_asked no scroll cursor for "+q.SQL, values, types, formats, nil).Close()
	if err != nil {
		return nil, err
	}
	if as != nil {
		if _, err := e.conn.Exec(e.ctx, "set local role "+schema.QuoteIdentifier(e.role.Name)).ReadAll(); err != nil {
			return nil, err
		}
	}
	rs := &rowSet{}
	for size := 0; ; {
		r := e.conn.ExecParams(e.ctx, "fetch forward "+strconv.Itoa(batch)+" from postern_asked", nil, nil, nil, []int16{1})
		if f := r.FieldDescriptions(); len(f) == 1 {
			rs.typ = f[0].DataTypeOID
		}
		n := 0
		for r.NextRow() {
			row := append([]byte{}, r.Values()[0]...)
			rs.rows = append(rs.rows, row)
			size += len(row)
			n++
		}
		if _, err := r.Close(); err != nil {
			return nil, err
		}
		if n < batch {
			return rs, nil
		}
		if len(rs.rows) >= MaxCounted || size >= maxBytes {
			rs.cut = true
			return rs, nil
		}
	}
}

func (e *explainer) findArrayType(rs *rowSet) error {
	if rs.array = e.arrays[rs.typ]; rs.array != 0 {
		return nil
	}
	if err := e.tx.QueryRow(e.ctx, "select typarray from pg_catalog.pg_type where oid = $1", rs.typ).Scan(&rs.array); err != nil {
		return fmt.Errorf("explain: find the type of rows: %w", err)
	}
	e.arrays[rs.typ] = rs.array
	return nil
}

// binary is the rows as an array in PostgreSQL's binary format (array_send in PostgreSQL's source).
func (rs *rowSet) binary() []byte {
	size := 20
	for _, row := range rs.rows {
		size += 4 + len(row)
	}
	out := make([]byte, 0, size)
	dimensions := uint32(1)
	if len(rs.rows) == 0 {
		dimensions = 0
	}
	out = binary.BigEndian.AppendUint32(out, dimensions)
	out = binary.BigEndian.AppendUint32(out, 0) // no nulls
	out = binary.BigEndian.AppendUint32(out, rs.typ)
	if dimensions == 0 {
		return out
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(rs.rows)))
	out = binary.BigEndian.AppendUint32(out, 1)
	for _, row := range rs.rows {
		out = binary.BigEndian.AppendUint32(out, uint32(len(row)))
		out = append(out, row...)
	}
	return out
}

// where returns the rows that are marked.
func (rs *rowSet) where(marked []bool) *rowSet {
	out := &rowSet{typ: rs.typ, array: rs.array, cut: rs.cut}
	for i, m := range marked {
		if m {
			out.rows = append(out.rows, rs.rows[i])
		}
	}
	return out
}

// evaluate says for each row whether an expression on the columns of a relation of that name is true, as the caller.
func (e *explainer) evaluate(rs *rowSet, name, expression string) (marked []bool, refused *pgconn.PgError, err error) {
	marked = make([]bool, 0, len(rs.rows))
	text := "select (" + expression + ") is true from " + unnested(1) + " as " + schema.QuoteIdentifier(name)
	refused, err = e.attempt(text, [][]byte{rs.binary()}, []uint32{rs.array}, []int16{1}, func(row [][]byte) {
		marked = append(marked, string(row[0]) == "t")
	})
	if err == nil && refused == nil && len(marked) != len(rs.rows) {
		err = fmt.Errorf("explain: %d answers for %d rows", len(marked), len(rs.rows))
	}
	return marked, refused, err
}

// unnested is a row set that is an argument, as an item of FROM.
func unnested(argument int) string { return "pg_catalog.unnest($" + strconv.Itoa(argument) + ")" }

// reader is the role as which all rows of relations may be read, nil for the caller; note says why there is none. Rights no greater than
// needed are taken: the caller's, those of an owner, and those of who is connected.
func (e *explainer) reader(relations ...*policy.Relation) (as *policy.Role, note string) {
	candidates := []*policy.Role{e.role}
	for _, rel := range relations {
		if e.session.MaySet(rel.Owner) || e.session == rel.Owner {
			candidates = append(candidates, rel.Owner)
		}
	}
candidates:
	for _, c := range append(candidates, e.session) {
		for _, rel := range relations {
			if a := e.db.Access(rel, c, policy.ReadRows); a.Verdict != policy.Yes || a.Columns != nil {
				continue candidates
			}
		}
		if c == e.role {
			return nil, ""
		}
		return c, ""
	}
	me := e.session.Name
	for _, rel := range relations {
		owner := rel.Owner.Name
		switch a := e.db.Access(rel, rel.Owner, policy.ReadRows); {
		case rel.ForceRLS && rel.RLS && a.Verdict != policy.Yes:
			return nil, "FORCE ROW LEVEL SECURITY holds the owner as well; connect as a superuser"
		case a.Verdict != policy.Yes || a.Columns != nil:
			return nil, fmt.Sprintf("the owner %s may not read all of %s; connect as a superuser", owner, rel)
		case !e.session.MaySet(rel.Owner):
			return nil, fmt.Sprintf("%s may not become the owner %s; connect as a superuser, as %s, or as a role that %s was granted to", me, owner, owner, owner)
		}
	}
	return nil, "no one role may read all that is read; connect as a superuser"
}
