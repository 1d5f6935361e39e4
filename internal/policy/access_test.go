package policy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestAccessAgainstPostgreSQL makes random roles, grants, policies and views and compares every answer with what PostgreSQL says
// that it grants, and with what it then does.
func TestAccessAgainstPostgreSQL(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn(t, "postgres")
	var version int
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	asked := map[policy.Verdict]int{}
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		sql := script(rt, version)
		tx, err := conn.Begin(ctx)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
		if _, err := tx.Conn().PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			rt.Fatalf("%v in\n%s", err, sql)
		}
		d, err := policy.Read(ctx, tx, policy.Config{Schemas: []string{"pol"}})
		if err != nil {
			rt.Fatalf("%v in\n%s", err, sql)
		}
		for _, name := range roleNames {
			c := comparison{ctx: ctx, tx: tx, d: d, role: d.Role(name)}
			for _, rel := range d.ExposedRelations() {
				c.rel = rel
				for _, action := range policy.Actions {
					a := d.Access(rel, c.role, action)
					asked[a.Verdict]++
					if err := errors.Join(c.privileges(a), c.deed(a)); err != nil {
						rt.Fatalf("%s may %s %s: %s %q refused %v columns %v using %q check %q: %v\n%s", name, action, rel,
							a.Verdict, a.Why, a.Refused, names(a.Columns), a.Using.SQL(), a.Check.SQL(), err, sql)
					}
				}
			}
		}
	})
	for _, v := range []policy.Verdict{policy.No, policy.Rows, policy.Yes} {
		if asked[v] == 0 {
			t.Errorf("there was no answer %s", v)
		}
	}
}

func names(columns []*policy.Column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.Name)
	}
	return out
}

// comparison compares the answers for one role and one relation.
type comparison struct {
	ctx  context.Context
	tx   pgx.Tx
	d    *policy.Database
	role *policy.Role
	rel  *policy.Relation
}

// privileges compares with has_schema_privilege and the like, which know nothing of policies.
func (c *comparison) privileges(a policy.Access) error {
	var usage, any, table bool
	p := string(a.Action.Privilege())
	hasAny := "has_any_column_privilege($1, $2, $3)"
	if p == "DELETE" {
		hasAny = "has_table_privilege($1, $2, $3)"
	}
	err := c.tx.QueryRow(c.ctx, "select has_schema_privilege($1, 'pol', 'usage'), "+hasAny+", has_table_privilege($1, $2, $3)",
		c.role.Name, c.rel.String(), p).Scan(&usage, &any, &table)
	if err != nil {
		return err
	}
	switch {
	case !(usage && any) && !a.Refused:
		return fmt.Errorf("PostgreSQL grants usage %v, any column %v", usage, any)
	case usage && any && (strings.Contains(a.Why, "no USAGE") || strings.HasSuffix(a.Why, "granted") && strings.HasPrefix(a.Why, "no ")):
		return errors.New("PostgreSQL grants it")
	case table && a.Columns != nil && c.rel.Kind != policy.View:
		return errors.New("PostgreSQL grants it on all columns")
	case !usage || table || a.Columns == nil:
		return nil
	}
	for _, column := range c.rel.Columns {
		var has bool
		if err := c.tx.QueryRow(c.ctx, "select has_column_privilege($1, $2, $3, $4)", c.role.Name, c.rel.String(), column.Name, p).Scan(&has); err != nil {
			return err
		}
		said := false
		for _, n := range a.Columns {
			said = said || n == column
		}
		if said && !has || has && !said && c.rel.Kind != policy.View {
			return fmt.Errorf("PostgreSQL grants %s: %v", column.Name, has)
		}
	}
	return nil
}

// deed does as the role what the answer is about, and undoes it.
func (c *comparison) deed(a policy.Access) error {
	columns := a.Columns
	if columns == nil {
		columns = c.rel.Columns
	}
	switch a.Action {
	case policy.ReadRows:
		return c.run(a, fmt.Sprintf("select %s from %s", strings.Join(names(columns), ", "), c.rel))
	case policy.DeleteRows:
		return c.run(a, fmt.Sprintf("delete from %s", c.rel))
	}
	var errs []error
	for _, column := range c.rel.Columns {
		if c.rel.Kind == policy.View && a.Columns == nil && column.Name == "b" && !a.Refused {
			continue // it may be an expression that triggers or rules would have to write
		}
		expected := a
		if !a.Refused && !strings.Contains(","+strings.Join(names(columns), ",")+",", ","+column.Name+",") {
			expected.Verdict, expected.Refused = policy.No, true
		}
		statement := fmt.Sprintf("update %s set %s = 2", c.rel, column.Name)
		if a.Action == policy.CreateRows {
			statement = fmt.Sprintf("insert into %s (%s) values (2)", c.rel, column.Name)
		}
		errs = append(errs, c.run(expected, statement))
	}
	return errors.Join(errs...)
}

func (c *comparison) run(a policy.Access, statement string) error {
	count, err := c.as(c.role.Name, statement)
	var pgErr *pgconn.PgError
	if err != nil && !errors.As(err, &pgErr) {
		return err
	}
	violation := pgErr != nil && strings.Contains(pgErr.Message, "new row violates row-level security")
	switch {
	case a.Refused && err == nil:
		return fmt.Errorf("%s: done with %d rows", statement, count)
	case a.Refused:
		return nil
	case a.Verdict == policy.No:
		if err != nil && !violation || count > 0 {
			return fmt.Errorf("%s: %d rows, %w", statement, count, err)
		}
		return nil
	case err != nil && (!violation || a.Verdict == policy.Yes):
		return fmt.Errorf("%s: %w", statement, err)
	case violation || a.Action == policy.CreateRows:
		return nil
	}
	want, ok, err := c.expected(a)
	if err == nil && ok && count != want {
		err = fmt.Errorf("%s: %d rows, expected %d", statement, count, want)
	}
	return err
}

// expected counts the rows that are there by the answer, ok false where this test cannot tell without asking as the role.
func (c *comparison) expected(a policy.Access) (rows int64, ok bool, err error) {
	where := ""
	for _, p := range a.Using.Policies() {
		if p.Using.HasSubquery() {
			return 0, false, nil
		}
	}
	if sql := a.Using.SQL(); sql != "" && a.Verdict == policy.Rows {
		where = " where " + sql
	}
	if c.rel.Kind == policy.View && (a.Verdict == policy.Rows || a.Action != policy.ReadRows) {
		return 0, false, nil
	}
	rows, err = c.as("postgres", "select from "+c.rel.String()+where)
	return rows, true, err
}

// as runs a statement as a role and undoes it.
func (c *comparison) as(role, statement string) (int64, error) {
	tx, err := c.tx.Begin(c.ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(c.ctx)) }()
	if _, err := tx.Exec(c.ctx, "select set_config('role', $1, true)", pgx.QueryExecModeExec, role); err != nil {
		return 0, fmt.Errorf("become %s: %w", role, err)
	}
	tag, err := tx.Exec(c.ctx, statement, pgx.QueryExecModeExec)
	return tag.RowsAffected(), err
}
