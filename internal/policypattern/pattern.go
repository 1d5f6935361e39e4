package policypattern

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pattern is a kind of policy that can be written.
type Pattern struct {
	// Name is what the command line calls it, such as owner.
	Name string
	// Summary says in a sentence what it does.
	Summary string

	needs []need
	// caller says that it compares rows with the caller, via that it looks something up in another table.
	caller, via bool
	// roles says that it is for some roles only; readers that others may read.
	roles, readers bool
	// many says that there may be several columns.
	many bool
	// policies end the names of those that it writes.
	policies []string
	// trigger ends the name of its trigger and the trigger's function; "" if it has none.
	trigger string
}

// need is an option that a pattern cannot do without.
type need struct {
	flag, meaning string
	missing       func(*Options) bool
}

func columnNeed(meaning string) need {
	return need{"--column", meaning, func(o *Options) bool { return len(o.Columns) == 0 }}
}

func viaNeeds(table, column, user string) []need {
	return []need{
		{"--via", table, func(o *Options) bool { return o.Via == "" }},
		{"--via-column", column, func(o *Options) bool { return o.ViaColumn == "" }},
		{"--via-user", user, func(o *Options) bool { return o.ViaUser == "" }},
	}
}

// Patterns are all patterns, in the order in which they are shown.
func Patterns() []Pattern {
	return []Pattern{
		{
			Name: "owner", Summary: "Rows are there only for their owner.", caller: true, roles: true,
			policies: []string{"owner"},
			needs:    []need{columnNeed("the column that holds the owner")},
		},
		{
			Name: "tenant", Summary: "Rows are there for everybody of their tenant, by a claim.", caller: true, roles: true,
			policies: []string{"tenant"},
			needs:    []need{columnNeed("the column that holds the tenant")},
		},
		{
			Name: "members", Summary: "Rows are there for the members of their group, by a table of members.", caller: true, roles: true,
			policies: []string{"members"},
			via:      true,
			needs: append([]need{columnNeed("the column that holds the group")}, viaNeeds("the table of members",
				"its column with the group", "its column with the user")...),
		},
		{
			Name: "public-read", Summary: "Everybody reads, owners write.", caller: true, roles: true, readers: true,
			policies: []string{"read", "insert_own", "update_own", "delete_own"},
			needs:    []need{columnNeed("the column that holds the owner")},
		},
		{
			Name: "role-hierarchy", Summary: "Rows are there for the role that they name, and for those above it.", roles: true,
			policies: []string{"role"},
			needs:    []need{columnNeed("the column that holds the name of a role")},
		},
		{
			Name: "soft-delete", Summary: "What is deleted is hidden, not gone.", roles: true,
			policies: []string{"not_deleted"}, trigger: "soft_delete",
			needs: []need{
				columnNeed("the column with the time of the deletion"),
				{"--key", "the column of the primary key; --db-uri finds it", func(o *Options) bool { return len(o.Key) == 0 }},
			},
		},
		{
			Name: "time-limited", Summary: "Rows can be read by whom they were granted to, until the grant ends.", caller: true, roles: true,
			policies: []string{"granted"},
			via:      true,
			needs: append(append([]need{columnNeed("the column that the grants refer to")}, viaNeeds("the table of grants",
				"its column that refers to the row", "its column with the user")...),
				need{"--via-until", "its column with the end of the grant", func(o *Options) bool { return o.ViaUntil == "" }}),
		},
		{
			Name: "column-when", Summary: "Columns change only under a condition, such as old.status = 'draft'.", many: true, trigger: "when",
			needs: []need{
				columnNeed("a column that may not always change"),
				{"--when", "the condition, in SQL, with old and new", func(o *Options) bool { return o.When == "" }},
			},
		},
		{
			Name: "column-fixed", Summary: "Columns cannot change after the row was inserted.", many: true, trigger: "fixed",
			needs: []need{columnNeed("a column that may not change")},
		},
	}
}

// Find returns the pattern of that name. The error lists those there are.
func Find(name string) (Pattern, error) {
	all := Patterns()
	names := make([]string, len(all))
	for i, p := range all {
		if names[i] = p.Name; p.Name == name {
			return p, nil
		}
	}
	return Pattern{}, fmt.Errorf("there is no pattern %q; there are %s", name, strings.Join(names, ", "))
}

// Options say for what a pattern is written. Names are as the catalog has them, without quotes.
type Options struct {
	Table string   // schema.table
	Roles []string // at least one, but for the patterns of columns
	// Readers may read what only Roles may write.
	Readers []string
	Columns []string
	// Claim says who the caller is. Defaults to sub, and for tenant to the column's name.
	Claim string
	// ClaimType is the SQL type that the claim is cast to, "" for text.
	ClaimType string
	// CurrentUser compares with the database role instead of a claim.
	CurrentUser bool
	// WithHelpers reads claims by the functions of Helpers.
	WithHelpers bool
	// Via is the table of members or grants, with its columns. OwnOfVia writes a policy for it, by which the caller sees their own
	// rows.
	Via, ViaColumn, ViaUser, ViaUntil string
	OwnOfVia                          bool
	// Key are the columns of the primary key.
	Key []string
	// When is an SQL expression over old and new.
	When string

	// What Check finds in the database.
	hasIndex, hasViaIndex bool
	sequences             []string
	held                  []held
}

// validate finds what is missing or does not fit, and fills in what follows.
func (p Pattern) validate(o *Options) error {
	if o.Table == "" {
		return fmt.Errorf("the pattern %s needs --table: schema.table", p.Name)
	}
	for _, n := range p.needs {
		if n.missing(o) {
			return fmt.Errorf("the pattern %s needs %s: %s", p.Name, n.flag, n.meaning)
		}
	}
	switch {
	case p.roles && len(o.Roles) == 0:
		return fmt.Errorf("the pattern %s needs --role: the database role that requests run as", p.Name)
	case !p.roles && len(o.Roles) > 0:
		return fmt.Errorf("--role does not go with the pattern %s: it holds for everybody", p.Name)
	case !p.many && len(o.Columns) > 1:
		return fmt.Errorf("the pattern %s takes one --column", p.Name)
	case p.Name != "column-when" && o.When != "":
		return fmt.Errorf("--when goes only with the pattern column-when")
	case !p.readers && len(o.Readers) > 0:
		return fmt.Errorf("--reader goes only with the pattern public-read")
	case !p.via && (o.Via != "" || o.ViaColumn != "" || o.ViaUser != ""):
		return fmt.Errorf("--via goes only with the patterns members and time-limited")
	case !p.caller && (o.Claim != "" || o.CurrentUser):
		return fmt.Errorf("--claim and --current-user do not go with the pattern %s: it does not ask who calls", p.Name)
	case p.Name != "time-limited" && o.ViaUntil != "":
		return fmt.Errorf("--via-until goes only with the pattern time-limited")
	case p.Name != "soft-delete" && len(o.Key) > 0:
		return fmt.Errorf("--key goes only with the pattern soft-delete")
	case !p.caller && o.WithHelpers:
		return fmt.Errorf("--with-helpers does not go with the pattern %s: it reads no claim", p.Name)
	case o.CurrentUser && (o.Claim != "" || o.WithHelpers):
		return fmt.Errorf("--current-user compares with the role, so there is no --claim")
	}
	for _, table := range []string{o.Table, o.Via} {
		if schema, name, ok := strings.Cut(table, "."); table != "" && (!ok || schema == "" || name == "") {
			return fmt.Errorf("%q is not of the form schema.table", table)
		}
	}
	if p.Name == "tenant" && !o.CurrentUser {
		o.Claim = cmp.Or(o.Claim, o.Columns[0])
	}
	return o.checkText()
}

// checkText refuses what tern, whose migrations are templates in two halves, would not take as it stands.
func (o *Options) checkText() error {
	texts := slices.Concat([]string{o.Table, o.Claim, o.ClaimType, o.Via, o.ViaColumn, o.ViaUser, o.ViaUntil, o.When}, o.Roles, o.Readers,
		o.Columns, o.Key)
	for _, text := range texts {
		switch {
		case strings.Contains(text, "{{"), strings.Contains(text, "---- "):
			return fmt.Errorf("%q cannot stand in a migration: {{ and ---- mean something there", text)
		case text != o.When && strings.ContainsAny(text, "\x00\n\r"):
			return fmt.Errorf("%q holds a line break", text)
		}
	}
	return nil
}
