package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// missingSQL asks whether a role lacks USAGE on a schema, and which columns of a relation it may not use; column "" is the
// relation as a whole.
const missingSQL = `select not pg_catalog.has_schema_privilege($1, n.oid, 'USAGE'),
	pg_catalog.has_table_privilege($1, c.oid, $4),
	array(select name from pg_catalog.unnest($5::text[]) name where $4 <> 'DELETE' and not pg_catalog.has_column_privilege($1, c.oid, name, $6))
	from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where n.nspname = $2 and c.relname = $3`

// findGrants finds what is not granted.
func (e *explainer) findGrants(p *part) error {
	privilege := string(p.action.Privilege())
	columnPrivilege := privilege
	if p.action == policy.DeleteRows {
		columnPrivilege = "SELECT" // there are none; the list is not asked for
	}
	var noUsage, whole bool
	var columns []string
	row := e.tx.QueryRow(e.ctx, missingSQL, p.judged.Name, p.rel.Schema.Name, p.rel.Name, privilege, p.place.columns, columnPrivilege)
	if err := row.Scan(&noUsage, &whole, &columns); err != nil {
		return fmt.Errorf("explain: look for grants on %s: %w", p.rel, err)
	}
	to := policy.QuoteIdentifier(p.judged.Name)
	if noUsage && p.below == nil { // below a view nobody looks at schemas
		p.Missing = append(p.Missing, Grant{Privilege: "USAGE", SQL: "grant usage on schema " + policy.QuoteIdentifier(p.rel.Schema.Name) + " to " + to + ";"})
	}
	_, some := e.anyColumn(p)
	switch {
	case whole:
	case !some, p.action == policy.DeleteRows:
		p.Missing = append(p.Missing, Grant{Privilege: privilege, SQL: "grant " + strings.ToLower(privilege) + " on " + p.rel.String() + " to " + to + ";"})
	case len(columns) > 0:
		quoted := make([]string, len(columns))
		for i, c := range columns {
			quoted[i] = policy.QuoteIdentifier(c)
		}
		p.Missing = append(p.Missing, Grant{
			Privilege: privilege, Columns: columns,
			SQL: "grant " + strings.ToLower(privilege) + " (" + strings.Join(quoted, ", ") + ") on " + p.rel.String() + " to " + to + ";",
		})
	}
	return nil
}

// anyColumn returns the columns that are granted one by one, some if there are any.
func (e *explainer) anyColumn(p *part) (columns []*policy.Column, some bool) {
	for _, c := range p.rel.Columns {
		if slices.ContainsFunc(c.Grants, func(g policy.Grant) bool {
			return g.Privilege == p.action.Privilege() && (g.Role == nil || p.judged.HasPrivilegesOf(g.Role))
		}) {
			columns = append(columns, c)
		}
	}
	return columns, columns != nil
}

// findPolicies lists the policies for the action, and says whether row-level security holds.
func (e *explainer) findPolicies(p *part) {
	p.RLS = "on"
	switch {
	case !p.rel.IsTable():
		p.RLS = "off: a " + p.rel.Kind.String() + " has none"
		return
	case !p.rel.RLS:
		p.RLS = "off"
	case p.judged.Superuser:
		p.RLS = "not for " + p.judged.Name + ", a superuser"
	case p.judged.BypassRLS:
		p.RLS = "not for " + p.judged.Name + ", who has BYPASSRLS"
	case !p.rel.ForceRLS && p.judged.HasPrivilegesOf(p.rel.Owner):
		p.RLS = "not for " + p.judged.Name + ", the owner"
		if p.judged != p.rel.Owner {
			p.RLS = "not for " + p.judged.Name + ", who has the rights of the owner " + p.rel.Owner.Name
		}
	}
	for _, pol := range p.rel.Policies {
		if !pol.For(p.action) {
			continue
		}
		out := Policy{
			Name: pol.Name, Restrictive: !pol.Permissive, Command: string(pol.Command), Applies: pol.Applies(p.judged),
			Roles: []string{}, Clause: "USING", Expression: pol.Using.SQL,
		}
		if out.Command == "" {
			out.Command = "ALL"
		}
		expression := pol.Using
		// What a write leaves is held against WITH CHECK, unless it is to be read back.
		if p.written && p.action != policy.ReadRows {
			expression = pol.CheckFor()
			out.Clause, out.Expression = "WITH CHECK", expression.SQL
			if pol.Check.SQL == "" {
				out.Clause = "USING, as WITH CHECK"
			}
		}
		if pol.Public {
			out.Roles = []string{"public"}
		}
		for _, r := range pol.Roles {
			out.Roles = append(out.Roles, r.Name)
		}
		for _, c := range expression.OwnColumns(p.rel) {
			out.columns = append(out.columns, c.Name)
		}
		p.Policies = append(p.Policies, out)
	}
}

// holds says whether row-level security holds for the part.
func (p *part) holds() bool { return p.RLS == "on" }
