package policypattern

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// Check compares the options with a database: the names must be there. It adds what the database knows and the options leave open:
// the type of a claim, the primary key, indexes that are there already, sequences that an insert draws from.
func (p Pattern) Check(o *Options, d *policy.Database) error {
	table, err := findTable(d, o.Table)
	if err != nil {
		return err
	}
	if p.Name == "soft-delete" && len(o.Key) == 0 {
		key := table.PrimaryKey()
		if key == nil {
			return fmt.Errorf("table %s has no primary key, which a soft delete needs", o.Table)
		}
		for _, n := range key.Columns {
			o.Key = append(o.Key, table.ColumnNumber(n).Name)
		}
	}
	if p.Name == "soft-delete" && table.ForceRLS {
		return fmt.Errorf("table %s has FORCE ROW LEVEL SECURITY, so its owner could not mark rows: alter table %s no force row level security",
			o.Table, policy.QuoteName(table.Schema.Name, table.Name))
	}
	for _, name := range slices.Concat(o.Columns, o.Key) {
		if err := hasColumn(table, name); err != nil {
			return err
		}
	}
	for _, name := range slices.Concat(o.Roles, o.Readers) {
		if name != "public" && d.Role(name) == nil {
			return fmt.Errorf("there is no role %q", name)
		}
	}
	compared := table.Column(first(o.Columns))
	var via *policy.Relation
	if o.Via != "" {
		if via, err = findTable(d, o.Via); err != nil {
			return err
		}
		for _, name := range []string{o.ViaColumn, o.ViaUser, o.ViaUntil} {
			if err := hasColumn(via, name); name != "" && err != nil {
				return err
			}
		}
		compared = via.Column(o.ViaUser)
		if err := p.checkVia(o, via); err != nil {
			return err
		}
	}
	if err := p.checkTypes(o, table, via); err != nil {
		return err
	}
	if o.ClaimType == "" && compared != nil && (p.caller || p.Name == "role-hierarchy") && !o.CurrentUser {
		o.ClaimType = castType(compared.Type)
		if p.Name == "role-hierarchy" && compared.Type == "name" {
			o.ClaimType = "name"
		}

	}
	if o.WithHelpers && !slices.ContainsFunc(d.Functions, func(f *policy.Function) bool {
		return f.Schema != nil && f.Schema.Name == "auth" && f.Name == "claim"
	}) {
		return errors.New("there is no function auth.claim: write its migration with postern migrate new --with-helpers, and apply it")
	}
	if err := p.checkNames(o, d, table); err != nil {
		return err
	}
	o.findHeld(d, table)
	if via != nil && via != table {
		o.findHeld(d, via)
	}
	o.hasIndex = p.Name != "soft-delete" && indexed(table, first(o.Columns))
	o.hasViaIndex = via != nil && indexed(via, o.ViaUser)
	if len(o.Roles) > 0 && p.Name != "soft-delete" && p.Name != "time-limited" {
		for _, s := range d.Sequences {
			if !s.Identity && slices.ContainsFunc(s.Columns, func(u policy.SequenceUse) bool { return u.Relation == table }) {
				name := policy.QuoteName(s.Schema.Name, s.Name)
				o.sequences = append(o.sequences, name)
				for _, role := range o.Roles {
					if granted(d, s.Grants, role, policy.Usage) {
						o.held = append(o.held, held{role: role, on: "sequence " + name, privilege: policy.Usage})
					}
				}
			}
		}
	}
	return nil
}

// checkNames refuses to write a policy or a trigger's function of a name that is taken: the migration would fail.
func (p Pattern) checkNames(o *Options, d *policy.Database, table *policy.Relation) error {
	v := view{o}
	for _, suffix := range p.policies {
		for _, other := range table.Policies {
			if policy.QuoteIdentifier(other.Name) == v.Name(suffix) {
				return fmt.Errorf("table %s has a policy %s already: alter policy … to … gives it further roles; to write it anew, drop it first",
					o.Table, other.Name)
			}
		}
	}
	if p.trigger == "" {
		return nil
	}
	suffix := p.trigger
	if !p.roles {
		suffix = v.Short() + "_" + suffix
	}
	for _, f := range d.Functions {
		if f.Schema == table.Schema && policy.QuoteIdentifier(f.Name) == v.Name(suffix) {
			return fmt.Errorf("there is a function %s.%s already, which a trigger of this pattern calls: drop it with its trigger first, "+
				"or name other columns", f.Schema.Name, f.Name)
		}
	}
	return nil
}

// checkVia refuses to write a policy of a name that is taken.
func (p Pattern) checkVia(o *Options, via *policy.Relation) error {
	for _, other := range via.Policies {
		if o.OwnOfVia && other.Name == via.Name+"_own" {
			return fmt.Errorf("table %s has a policy %s already, which may do: then add --no-via-policy", o.Via, other.Name)
		}
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func findTable(d *policy.Database, name string) (*policy.Relation, error) {
	schema, table, ok := strings.Cut(name, ".")
	if !ok || schema == "" || table == "" {
		return nil, fmt.Errorf("%q is not of the form schema.table", name)
	}
	rel := d.Relation(schema, table)
	switch {
	case rel == nil:
		return nil, fmt.Errorf("there is no table %s in database %q", name, d.Name)
	case !rel.IsTable():
		return nil, fmt.Errorf("%s is a %s, and policies are for tables", name, rel.Kind)
	}
	return rel, nil
}

func hasColumn(table *policy.Relation, name string) error {
	if table.Column(name) != nil {
		return nil
	}
	names := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		names[i] = c.Name
	}
	return fmt.Errorf("table %s.%s has no column %q; it has %s", table.Schema.Name, table.Name, name, strings.Join(names, ", "))
}

// indexed says whether a full index begins with the column and can look values up.
func indexed(table *policy.Relation, column string) bool {
	c := table.Column(column)
	return c != nil && slices.ContainsFunc(table.Indexes, func(i policy.Index) bool {
		return !i.Partial && (i.Method == "btree" || i.Method == "hash") && len(i.Columns) > 0 && i.Columns[0] == c.Number
	})
}
