package policytest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// coverage remembers what the tests have touched.
type coverage struct {
	db      *policy.Database
	touched map[cell]bool
}

// cell is what the coverage counts besides policies: something that a role may do with a relation, for all rows or some.
type cell struct {
	rel    *policy.Relation
	role   *policy.Role
	action policy.Action
}

func (s *Suite) newCoverage(ctx context.Context) (*coverage, error) {
	db, err := policy.Load(ctx, s.Conn, policy.Config{Schemas: s.Schemas, Anonymous: s.Anonymous})
	if err != nil {
		return nil, err
	}
	return &coverage{db: db, touched: map[cell]bool{}}, nil
}

var actions = map[sql.Action]policy.Action{
	sql.Read: policy.ReadRows, sql.Create: policy.CreateRows, sql.Upsert: policy.CreateRows, sql.Update: policy.UpdateRows, sql.Delete: policy.DeleteRows,
}

// request notes what a request was about.
func (c *coverage) request(role string, plan *sql.Plan) {
	if plan == nil || plan.Request == nil {
		return
	}
	if action, ok := actions[plan.Request.Action]; ok && plan.Relation != nil {
		c.touch(role, plan.Relation.Name, action)
		if plan.Mutation != nil && plan.Mutation.Merge && len(plan.Mutation.OnConflict) > 0 {
			c.touch(role, plan.Relation.Name, policy.UpdateRows)
		}
	}
	if plan.Root != nil {
		c.embedded(role, plan.Root)
	}
}

func (c *coverage) embedded(role string, n *sql.Node) {
	for _, child := range n.Children {
		if child.Relation != nil {
			c.touch(role, child.Relation.Name, policy.ReadRows)
		}
		c.embedded(role, child)
	}
}

func (c *coverage) touch(role string, name schema.Name, action policy.Action) {
	rel, r := c.db.Relation(name.Schema, name.Name), c.db.Role(role)
	if rel != nil && r != nil {
		c.touched[cell{rel, r, action}] = true
	}
}

// planNode is a node of a plan, as far as it is looked at.
type planNode struct {
	Operation string     `json:"Operation"`
	Schema    string     `json:"Schema"`
	Relation  string     `json:"Relation Name"`
	Plans     []planNode `json:"Plans"`
}

var operations = map[string]policy.Action{
	"": policy.ReadRows, "Insert": policy.CreateRows, "Update": policy.UpdateRows, "Delete": policy.DeleteRows,
}

// statement notes what an SQL statement is about, by a plan of the role that is connected: the step's own may be refused one.
func (c *coverage) statement(ctx context.Context, s *Suite, step *Step) {
	t := &rls.Transaction{
		Role: "none", Claims: "{}", Headers: "{}", Cookies: "{}", SearchPath: schema.QuoteIdentifier(s.Schemas[0]),
		Main: rls.Query{SQL: "explain (format json, verbose, costs off) " + step.SQL}, Rollback: true,
	}
	var text []byte
	_, err := rls.RunWithin(ctx, s.Conn.PgConn(), t, func(rows *rls.Rows) error {
		for rows.Next() {
			text = append(text, rows.Values()[0]...)
		}
		return nil
	})
	var plans []struct{ Plan planNode }
	if err != nil || json.Unmarshal(text, &plans) != nil || len(plans) == 0 {
		return // it cannot be explained, and so touches nothing that is known
	}
	var walk func(n *planNode)
	walk = func(n *planNode) {
		if action, ok := operations[n.Operation]; ok && n.Relation != "" {
			c.touch(step.Role, schema.Name{Schema: n.Schema, Name: n.Relation}, action)
		}
		for i := range n.Plans {
			walk(&n.Plans[i])
		}
	}
	walk(&plans[0].Plan)
}

// Coverage is what the tests touch of what there is.
type Coverage struct {
	Policies        int `json:"policies"`
	PoliciesTouched int `json:"policies_touched"`
	// Cells are the combinations of exposed relation, role and action that grants and policies allow for some rows or all. Roles that
	// row-level security does not hold, and those that own the relation, do not count.
	Cells        int `json:"cells"`
	CellsTouched int `json:"cells_touched"`
	// Untouched names the rest in words.
	Untouched []string `json:"untouched"`
}

func (c *coverage) report() Coverage {
	out := Coverage{Untouched: []string{}}
	for _, rel := range c.db.ExposedRelations() {
		for _, role := range c.db.Callers() {
			if role.Superuser || role.BypassRLS || role.HasPrivilegesOf(rel.Owner) {
				continue
			}
			var missing []string
			for _, action := range policy.Actions {
				if c.db.Access(rel, role, action).Verdict == policy.No {
					continue
				}
				out.Cells++
				if c.touched[cell{rel, role, action}] {
					out.CellsTouched++
				} else {
					missing = append(missing, action.String())
				}
			}
			if missing != nil {
				out.Untouched = append(out.Untouched, fmt.Sprintf("%s as %s: %s", rel, role.Name, strings.Join(missing, ", ")))
			}
		}
	}
	for _, rel := range c.db.Relations {
		for _, p := range rel.Policies {
			out.Policies++
			if c.touches(p) {
				out.PoliciesTouched++
			} else {
				out.Untouched = append(out.Untouched, fmt.Sprintf("policy %s on %s", policy.QuoteIdentifier(p.Name), rel))
			}
		}
	}
	return out
}

// touches says whether a test did something that the policy is for, with its table or with a view above it.
func (c *coverage) touches(p *policy.Policy) bool {
	for t := range c.touched {
		if t.rel == p.Relation && p.For(t.action) && p.Applies(t.role) || c.below(p, c.db.Access(t.rel, t.role, t.action).Below) {
			return true
		}
	}
	return false
}

func (c *coverage) below(p *policy.Policy, relations []policy.Below) bool {
	for _, b := range relations {
		if b.Relation == p.Relation && p.For(b.Access.Action) && p.Applies(b.Role) || c.below(p, b.Access.Below) {
			return true
		}
	}
	return false
}
