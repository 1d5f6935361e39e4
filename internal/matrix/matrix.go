// Package matrix shows who may do what in a database as a picture for people: relation × role with create, read, update and
// delete, as text for a code review, as a page, and as JSON. It holds nothing that differs from one database of the same
// migrations to the next, such as oids, and has a fixed order, so that two outputs can be compared.
package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// Options choose what to show.
type Options struct {
	// Roles are the names of roles. Defaults to the roles that requests may run as.
	Roles []string
	// Tables are names of relations, with or without a schema. Defaults to all exposed ones.
	Tables []string
}

// Matrix is the picture.
type Matrix struct {
	Schemas   []string `json:"schemas"`
	Login     string   `json:"login"`
	Anonymous string   `json:"anonymous,omitempty"`
	Roles     []string `json:"roles"`
	// Zoomed says that roles or tables were chosen, for which more is shown.
	Zoomed    bool       `json:"-"`
	Relations []Relation `json:"relations"`
	Functions []Function `json:"functions,omitempty"`
}

// Relation is a relation with what each role may do.
type Relation struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Owner string `json:"owner"`
	// RLS is off, on or forced for tables, and "" for others.
	RLS             string   `json:"row_level_security,omitempty"`
	SecurityInvoker bool     `json:"security_invoker,omitempty"`
	Rows            []Row    `json:"access"`
	Policies        []Policy `json:"policies,omitempty"`
}

// Row is what some roles may do, all of them the same.
type Row struct {
	Roles  []string `json:"roles"`
	Create Cell     `json:"create"`
	Read   Cell     `json:"read"`
	Update Cell     `json:"update"`
	Delete Cell     `json:"delete"`
}

// Cells are the four cells in the order of policy.Actions.
func (r Row) Cells() []Cell { return []Cell{r.Create, r.Read, r.Update, r.Delete} }

// Cell is what one role may do by one action.
type Cell struct {
	// Verdict is no, rows or yes.
	Verdict string `json:"verdict"`
	// Where chooses the rows to read, update or delete; Check is what created and updated rows must fulfil. Where policies choose rows
	// they are both there, if only as true, as far as the action has them.
	Where string `json:"where,omitempty"`
	Check string `json:"check,omitempty"`
	// Columns are the only ones that may be read or written; absent for all.
	Columns []string `json:"columns,omitempty"`
	// Why says why it is no, or why policies do not count.
	Why string `json:"why,omitempty"`
	// Below is what a view reads or writes, and as which role.
	Below []Below `json:"below,omitempty"`
}

// Chosen is Where in one line, "" if it chooses all rows.
func (c Cell) Chosen() string { return someOf(c.Where) }

// Demanded is Check in one line, "" if rows may be anything.
func (c Cell) Demanded() string { return someOf(c.Check) }

func someOf(expression string) string {
	if expression == "true" {
		return ""
	}
	return oneLine(expression)
}

// Below is a relation below a view.
type Below struct {
	Relation string `json:"relation"`
	Role     string `json:"as"`
	Cell
}

// Policy is a policy in plain SQL.
type Policy struct {
	Name       string   `json:"name"`
	Permissive bool     `json:"permissive"`
	Command    string   `json:"command"`
	Roles      []string `json:"roles"`
	Using      string   `json:"using,omitempty"`
	Check      string   `json:"check,omitempty"`
}

// Function is a function of the API and who may call it.
type Function struct {
	Name string `json:"name"`
	// Definer is the role that it runs as, "" for the caller's.
	Definer string   `json:"security_definer,omitempty"`
	Roles   []string `json:"roles"`
}

// New draws the matrix. It is an error to choose a role or table that does not exist.
func New(d *policy.Database, o Options) (*Matrix, error) {
	m := &Matrix{Schemas: d.Exposed, Login: d.Login.Name, Zoomed: len(o.Roles)+len(o.Tables) > 0, Roles: []string{}, Relations: []Relation{}}
	if d.Anonymous != nil {
		m.Anonymous = d.Anonymous.Name
	}
	roles, err := chosenRoles(d, o.Roles)
	if err != nil {
		return nil, err
	}
	relations, err := chosenRelations(d, o.Tables)
	if err != nil {
		return nil, err
	}
	for _, r := range roles {
		m.Roles = append(m.Roles, r.Name)
	}
	for _, rel := range relations {
		m.Relations = append(m.Relations, relation(d, rel, roles))
	}
	if len(o.Tables) == 0 {
		m.Functions = functions(d, roles)
	}
	return m, nil
}

func chosenRoles(d *policy.Database, names []string) ([]*policy.Role, error) {
	if len(names) == 0 {
		return d.Callers(), nil
	}
	var out []*policy.Role
	for _, name := range names {
		r := d.Role(name)
		if r == nil {
			return nil, fmt.Errorf("there is no role %q", name)
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *policy.Role) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func chosenRelations(d *policy.Database, names []string) ([]*policy.Relation, error) {
	exposed := d.ExposedRelations()
	if len(names) == 0 {
		return exposed, nil
	}
	chosen := map[*policy.Relation]bool{}
	for _, name := range names {
		found := false
		for _, r := range d.Relations {
			if r.Schema.Name+"."+r.Name == name || r.String() == name || r.Name == name && r.Schema.Exposed {
				found, chosen[r] = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no table or view %q in %s", name, strings.Join(d.Exposed, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(d.Relations), func(r *policy.Relation) bool { return !chosen[r] }), nil
}

func relation(d *policy.Database, rel *policy.Relation, roles []*policy.Role) Relation {
	out := Relation{Name: rel.String(), Kind: rel.Kind.String(), Owner: rel.Owner.Name, SecurityInvoker: rel.SecurityInvoker, Rows: []Row{}}
	if rel.IsTable() {
		out.RLS = "off"
		if rel.RLS && rel.ForceRLS {
			out.RLS = "forced"
		} else if rel.RLS {
			out.RLS = "on"
		}
	}
	same := map[string]int{}
	for _, role := range roles {
		row := Row{Roles: []string{role.Name}}
		for _, a := range policy.Actions {
			*[]*Cell{&row.Create, &row.Read, &row.Update, &row.Delete}[a] = cell(d.Access(rel, role, a))
		}
		key := fmt.Sprintf("%+v", row.Cells())
		if i, ok := same[key]; ok {
			out.Rows[i].Roles = append(out.Rows[i].Roles, role.Name)
			continue
		}
		same[key] = len(out.Rows)
		out.Rows = append(out.Rows, row)
	}
	for _, p := range rel.Policies {
		out.Policies = append(out.Policies, policyText(p))
	}
	return out
}

func cell(a policy.Access) Cell {
	c := Cell{Verdict: a.Verdict.String(), Why: a.Why}
	if a.Verdict == policy.Rows {
		if !a.Using.Empty() {
			c.Where = a.Using.Pretty()
		}
		if !a.Check.Empty() {
			c.Check = a.Check.Pretty()
		}
	}
	for _, column := range a.Columns {
		c.Columns = append(c.Columns, policy.QuoteIdentifier(column.Name))
	}
	for _, b := range a.Below {
		c.Below = append(c.Below, Below{Relation: b.Relation.String(), Role: b.Role.Name, Cell: cell(b.Access)})
	}
	return c
}

// oneLine joins the lines of an expression, which PostgreSQL breaks where there is a subquery.
// Blanks within a line stay, since they may be in a string.
func oneLine(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.TrimSpace(strings.Join(lines, " "))
}

func policyText(p *policy.Policy) Policy {
	out := Policy{Name: p.Name, Permissive: p.Permissive, Command: "all", Using: p.Using.Pretty, Check: p.Check.Pretty, Roles: []string{}}
	if p.Command != "" {
		out.Command = strings.ToLower(string(p.Command))
	}
	if p.Public {
		out.Roles = append(out.Roles, "public")
	}
	for _, r := range p.Roles {
		out.Roles = append(out.Roles, r.Name)
	}
	return out
}

func functions(d *policy.Database, roles []*policy.Role) []Function {
	var out []Function
	for _, f := range d.ExposedFunctions() {
		if f.Extension != "" {
			continue
		}
		fn := Function{Name: f.String(), Roles: []string{}}
		if f.SecurityDefiner {
			fn.Definer = f.Owner.Name
		}
		for _, r := range roles {
			if policy.Granted(f.Grants, r, policy.Execute) && policy.Granted(f.Schema.Grants, r, policy.Usage) {
				fn.Roles = append(fn.Roles, r.Name)
			}
		}
		out = append(out, fn)
	}
	return out
}
