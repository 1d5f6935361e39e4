package lint

import (
	"fmt"
	"slices"

	"github.com/postern-db/postern/internal/policy"
)

const groupSchemas = "Schemas and server"

func schemaChecks() []Check {
	return []Check{
		{
			ID: "no-primary-key", Group: groupSchemas, Severity: Warning,
			Title: "exposed table without a primary key",
			Why:   "A single row cannot be named: no PUT, no upsert by key, no Location of a new row, no stable order to page by.",
			find:  noPrimaryKey,
		},
		{
			ID: "extension-exposed", Group: groupSchemas, Severity: Warning,
			Title: "extension in an exposed schema",
			Why:   "Its functions become part of the API, executable by PUBLIC as extensions leave them.",
			find:  extensionExposed,
		},
		{
			ID: "postgresql-vulnerable", Group: groupSchemas, Severity: Error,
			Title: "PostgreSQL with known faults in row-level security",
			Why: "This minor version lacks fixes by which rows were seen or written past policies: CVE-2023-2455, CVE-2023-39418, CVE-2024-10976, " +
				"CVE-2025-8713 (https://www.postgresql.org/support/security/).",
			find: postgresqlVulnerable,
		},
	}
}

func noPrimaryKey(r *reporter) {
	for _, rel := range r.relations {
		if !rel.IsTable() || rel.PrimaryKey() != nil {
			continue
		}
		fix := fmt.Sprintf("alter table %s add column id bigint generated always as identity primary key;", rel)
		if rel.Column("id") != nil {
			fix = fmt.Sprintf("alter table %s add primary key (id);", rel)
		}
		for _, c := range rel.Constraints {
			if c.Kind == policy.Unique {
				fix = fmt.Sprintf("alter table %s add primary key (%s);", rel, columnNames(numbered(rel, c.Columns)))
			}
		}
		r.report(object(rel), "", fix)
	}
}

// numbered returns the columns with these numbers.
func numbered(rel *policy.Relation, numbers []int) []*policy.Column {
	var out []*policy.Column
	for _, n := range numbers {
		if c := rel.ColumnNumber(n); c != nil {
			out = append(out, c)
		}
	}
	return out
}

func extensionExposed(r *reporter) {
	for _, e := range r.Extensions {
		if !slices.Contains(r.Exposed, e.Schema) {
			continue
		}
		name := policy.QuoteIdentifier(e.Name)
		fix := fmt.Sprintf("create schema if not exists extensions;\nalter extension %s set schema extensions;", name)
		if !e.Relocatable {
			fix = fmt.Sprintf("-- it cannot be moved:\n-- drop extension %s; create extension %[1]s schema extensions;", name)
		}
		r.report("extension "+name, "in "+policy.QuoteIdentifier(e.Schema), fix+"\n-- and add extensions to db-extra-search-path")
	}
}

func postgresqlVulnerable(r *reporter) {
	if minimum, ok := Vulnerable(r.Version); ok {
		r.report("server", r.VersionText, fmt.Sprintf("-- update PostgreSQL to %s or newer", minimum))
	}
}

// Vulnerable says whether a version of PostgreSQL, as in server_version_num, lacks fixes of faults in row-level security, and
// which minor version of its line has them all.
func Vulnerable(version int) (minimum string, ok bool) {
	fixed := map[int]int{14: 19, 15: 14, 16: 10, 17: 6}
	major, minor := version/10000, version%10000
	if least, known := fixed[major]; known {
		return fmt.Sprintf("%d.%d", major, least), minor < least
	}
	return "14.19", major < 14
}
