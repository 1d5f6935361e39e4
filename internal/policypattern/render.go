package policypattern

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"text/template"

	"github.com/postern-db/postern/internal/policy"
)

// Render writes the migration of a pattern, with its way up and its way down. Its errors are about the options.
func (p Pattern) Render(o Options) (string, error) {
	if err := p.validate(&o); err != nil {
		return "", err
	}
	text, err := p.execute(&o, p.Name+".sql")
	if err != nil {
		return "", err
	}
	// An option that is left out leaves an empty line too many.
	return strings.TrimSpace(regexp.MustCompile(`\n{3,}`).ReplaceAllString(text, "\n\n")) + "\n", nil
}

// Query is a query that PostgreSQL can parse only if the pattern's condition is one of the table's rows, with operators that there are.
// It is to be prepared, never run. Its errors are about the options.
func (p Pattern) Query(o Options) (string, error) {
	if err := p.validate(&o); err != nil {
		return "", err
	}
	condition, err := p.execute(&o, "condition")
	if err != nil {
		return "", err
	}
	table := view{&o}.Table()
	if !p.roles { // the condition of a trigger
		table = table + " old, " + table + " new"
	}
	return "select (\n" + condition + "\n)::boolean from " + table, nil
}

// execute fills one of the pattern's templates in.
func (p Pattern) execute(o *Options, name string) (string, error) {
	t, err := template.ParseFS(files, "patterns/shared.tmpl", "patterns/"+p.Name+".sql")
	if err != nil {
		return "", fmt.Errorf("read the pattern %s: %w", p.Name, err)
	}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, name, view{o}); err != nil {
		return "", fmt.Errorf("write the pattern %s: %w", p.Name, err)
	}
	return out.String(), nil
}

// view is what the templates see: the options as SQL.
type view struct{ o *Options }

func (v view) split(table string) (schema, name string) {
	schema, name, _ = strings.Cut(table, ".")
	return schema, name
}

func (v view) quoted(table string) string { return policy.QuoteName(v.split(table)) }

// Table is the table, quoted.
func (v view) Table() string { return v.quoted(v.o.Table) }

// Schema is its schema, quoted.
func (v view) Schema() string { schema, _ := v.split(v.o.Table); return policy.QuoteIdentifier(schema) }

// Via is the other table, quoted.
func (v view) Via() string { return v.quoted(v.o.Via) }

// ViaSchema is its schema, quoted.
func (v view) ViaSchema() string {
	schema, _ := v.split(v.o.Via)
	return policy.QuoteIdentifier(schema)
}

// Column is the first column, quoted.
func (v view) Column() string { return policy.QuoteIdentifier(v.o.Columns[0]) }

// ColumnList are all columns, for a sentence.
func (v view) ColumnList() string { return strings.Join(v.o.Columns, ", ") }

// Short is the part of a name that says which columns.
func (v view) Short() string { return strings.Join(v.o.Columns, "_") }

// ViaColumn, ViaUser and ViaUntil are the other table's columns, quoted.
func (v view) ViaColumn() string { return policy.QuoteIdentifier(v.o.ViaColumn) }

// ViaUser is the column with the user.
func (v view) ViaUser() string { return policy.QuoteIdentifier(v.o.ViaUser) }

// ViaUntil is the column with the end.
func (v view) ViaUntil() string { return policy.QuoteIdentifier(v.o.ViaUntil) }

// OwnOfVia says whether the other table gets a policy.
func (v view) OwnOfVia() bool { return v.o.OwnOfVia }

// HasIndex says that there is no need of an index.
func (v view) HasIndex() bool { return v.o.hasIndex }

// HasViaIndex says the same of the other table, and where there is none.
func (v view) HasViaIndex() bool { return v.o.hasViaIndex || v.o.Via == "" }

// Roles are the roles, as a list.
func (v view) Roles() string { return roleList(v.o.Roles) }

// Readers are the roles and those that may read besides, as a list.
func (v view) Readers() string { return roleList(v.readers()) }

func (v view) readers() []string {
	all := v.o.Readers
	for _, r := range v.o.Roles {
		if !contains(all, r) {
			all = append(all[:len(all):len(all)], r)
		}
	}
	return all
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}

// roleList writes roles as SQL. The word public stands for all roles.
func roleList(roles []string) string {
	out := make([]string, len(roles))
	for i, r := range roles {
		if out[i] = policy.QuoteIdentifier(r); r == "public" {
			out[i] = r
		}
	}
	return strings.Join(out, ", ")
}

// maxIdentifier is the length in bytes at which PostgreSQL cuts names.
const maxIdentifier = 63

// named makes the name of what belongs to a table. A table whose name is so long that the suffix would be cut gives way.
func (v view) named(table, suffix string) string {
	_, name := v.split(table)
	if over := len(name) + 1 + len(suffix) - maxIdentifier; over > 0 {
		name = strings.ToValidUTF8(name[:max(len(name)-over, 0)], "")
	}
	return policy.QuoteIdentifier(name + "_" + suffix)
}

// Name is the quoted name of a policy, trigger or index of the table.
func (v view) Name(suffix string) string { return v.named(v.o.Table, suffix) }

// ViaName is the same of the other table.
func (v view) ViaName(suffix string) string { return v.named(v.o.Via, suffix) }

// Function is the quoted name of a function, in the table's schema.
func (v view) Function(suffix string) string { return v.Schema() + "." + v.Name(suffix) }

// Index is the name of the table's index. A name that PostgreSQL would choose itself may be taken.
func (v view) Index() string { return v.Name(v.o.Columns[0] + "_policy_idx") }

// DropIndex is the same with the schema.
func (v view) DropIndex() string { return v.Schema() + "." + v.Index() }

// ViaIndex is the name of the other table's index.
func (v view) ViaIndex() string { return v.ViaName(v.o.ViaUser + "_policy_idx") }

// DropVia is the same with the schema.
func (v view) DropVia() string { return v.ViaSchema() + "." + v.ViaIndex() }

// Caller is the expression for who calls. It is worked out once a query.
func (v view) Caller() string {
	if v.o.CurrentUser {
		return "current_user"
	}
	name := cmp.Or(v.o.Claim, "sub")
	if v.o.WithHelpers && name == "sub" && strings.EqualFold(v.o.ClaimType, "uuid") {
		return "(select auth.uid())" // which is NULL for what is no UUID, where a cast fails
	}
	claim := policy.QuoteLiteral(name)
	read := "nullif(current_setting('request.jwt.claims', true), '')::json ->> " + strings.TrimSpace(claim)
	if v.o.WithHelpers {
		read = "auth.claim(" + claim + ")"
	}
	if v.o.ClaimType == "" {
		return "(select " + read + ")"
	}
	if !v.o.WithHelpers {
		read = "(" + read + ")"
	}
	return "(select " + read + "::" + v.o.ClaimType + ")"
}

// CallerIs says the same in words.
func (v view) CallerIs() string {
	if v.o.CurrentUser {
		return "the caller's role"
	}
	return "the claim " + cmp.Or(v.o.Claim, "sub") + " of the caller's token"
}

// Cast casts the name of a role to the column's type.
func (v view) Cast() string {
	if v.o.ClaimType == "name" {
		return ""
	}
	return "::" + cmp.Or(v.o.ClaimType, "text")
}

// KeyIsOld finds the row of a trigger's OLD.
func (v view) KeyIsOld() string {
	out := make([]string, len(v.o.Key))
	for i, k := range v.o.Key {
		out[i] = policy.QuoteIdentifier(k) + " = old." + policy.QuoteIdentifier(k)
	}
	return strings.Join(out, " and ")
}

// Changed says whether one of the columns changes.
func (v view) Changed() string {
	out := make([]string, len(v.o.Columns))
	for i, c := range v.o.Columns {
		out[i] = "old." + policy.QuoteIdentifier(c) + " is distinct from new." + policy.QuoteIdentifier(c)
	}
	return strings.Join(out, " or ")
}

// When is the condition.
func (v view) When() string { return strings.ReplaceAll(strings.TrimSpace(v.o.When), "\n", "\n    ") }

func (v view) message(end string) string {
	_, name := v.split(v.o.Table)
	return policy.QuoteLiteral(v.ColumnList() + " of " + name + " cannot change " + end)
}

// WhenMessage is what a refused caller is told. A % would begin a placeholder in RAISE's format, and USING MESSAGE has none.
func (v view) WhenMessage() string { return v.message("now") }

// FixedMessage is the same for columns that never change.
func (v view) FixedMessage() string { return v.message("after the row was inserted") }
