package policypattern

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// The types that columns of patterns may have, and may not, as format_type writes them without a modifier.
var (
	// timeTypes can hold now().
	timeTypes = []string{"timestamp with time zone", "timestamp without time zone", "date"}
	// roleTypes can hold the name of a role.
	roleTypes = []string{"text", "character varying", "name"}
	// noIdentity are built-in types that say nothing about who or what somebody is. Most have an equality, and would be
	// compared with a claim: an error for every caller, or the same rows for half of them.
	noIdentity = append([]string{
		"boolean", "bit", "bit varying", "bytea", "json", "jsonb", "xml", "real", "double precision", "money", "interval",
		"time with time zone", "time without time zone",
	}, timeTypes...)
)

var typeModifier = regexp.MustCompile(`\([^)"]*\)`)

// baseType is a type without its modifier: a claim that is cast to numeric(6,2) or character(10) would be rounded or cut, and so
// become another's.
func baseType(name string) string { return typeModifier.ReplaceAllString(name, "") }

// castType is the type that a claim must be cast to, to be compared with a column; "" for none.
func castType(column string) string {
	switch base := baseType(column); base {
	case "text", "character varying", "character", "name":
		return ""
	default:
		return base
	}
}

// checkTypes refuses columns that cannot hold what the pattern takes them for. via is nil if there is no other table.
func (p Pattern) checkTypes(o *Options, table, via *policy.Relation) error {
	column := table.Column(first(o.Columns))
	switch {
	case column == nil:
		return nil // which the pattern's needs refuse
	case p.Name == "soft-delete":
		return checkDeleted(table, column)
	case p.Name == "role-hierarchy":
		return mustBe(table, column, "the name of a role", roleTypes)
	case via != nil:
		if until := via.Column(o.ViaUntil); until != nil {
			if err := mustBe(via, until, "the end of a grant", timeTypes); err != nil {
				return err
			}
		}
		table, column = via, via.Column(o.ViaUser)
	}
	if p.caller && column != nil && (slices.Contains(noIdentity, baseType(column.Type)) || strings.HasSuffix(column.Type, "[]")) {
		return fmt.Errorf("column %s cannot say whose a row is: it is of the type %s", named(table, column), column.Type)
	}
	return nil
}

// checkDeleted refuses columns that cannot hold the time of a deletion, and nothing before.
func checkDeleted(table *policy.Relation, column *policy.Column) error {
	if err := mustBe(table, column, "the time of a deletion", timeTypes); err != nil {
		return err
	}
	name := named(table, column)
	switch {
	case column.NotNull:
		return fmt.Errorf("column %s is NOT NULL, and a soft delete needs one that is null until the row is deleted", name)
	case column.Generated:
		return fmt.Errorf("column %s is generated, and a soft delete needs one that can be written", name)
	case column.Default != "":
		return fmt.Errorf("column %s has the default %s, and a soft delete needs one that is null until the row is deleted", name, column.Default)
	}
	return nil
}

func mustBe(table *policy.Relation, column *policy.Column, what string, types []string) error {
	if slices.Contains(types, baseType(column.Type)) {
		return nil
	}
	last := len(types) - 1
	return fmt.Errorf("column %s cannot hold %s: it is of the type %s, and must be %s or %s", named(table, column), what, column.Type,
		strings.Join(types[:last], ", "), types[last])
}

func named(table *policy.Relation, column *policy.Column) string {
	return table.Schema.Name + "." + table.Name + "." + column.Name
}
