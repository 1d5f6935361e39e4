package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupFunctions = "Functions"

func functionChecks() []Check {
	return []Check{
		{
			ID: "definer-exposed", Group: groupFunctions, Severity: Warning,
			Title: "exposed SECURITY DEFINER function that callers may execute",
			Why: "It runs with its owner's rights, past the caller's grants and usually past policies. What it lets through is for its own code to decide; " +
				"look at each one, and keep helpers in a schema that is not exposed.",
			find: definerExposed,
		},
		{
			ID: "definer-search-path", Group: groupFunctions, Severity: Error,
			Title: "SECURITY DEFINER function without a safe search_path",
			Why: "Names in it are looked up in its search_path, which is the caller's if it sets none. Who can create objects of the same name in a schema of it, or in " +
				"the temporary schema where that is not the last, runs code with the owner's rights.",
			find: definerSearchPath,
		},
		{
			ID: "function-public-execute", Group: groupFunctions, Severity: Warning,
			Title: "exposed function that PUBLIC may execute",
			Why:   "PostgreSQL grants EXECUTE on new functions to PUBLIC: to anonymous callers, and to every role that there will ever be.",
			find:  functionPublicExecute,
		},
	}
}

func (r *reporter) ownFunctions(visit func(f *policy.Function)) {
	for _, f := range r.ExposedFunctions() {
		if f.Extension == "" {
			visit(f)
		}
	}
}

// executors returns the callers that may execute a function of an exposed schema.
func (s *state) executors(f *policy.Function) []*policy.Role {
	var out []*policy.Role
	for _, role := range s.callers {
		if policy.Granted(f.Grants, role, policy.Execute) && policy.Granted(f.Schema.Grants, role, policy.Usage) {
			out = append(out, role)
		}
	}
	return out
}

// routine is what SQL calls a function in ALTER, GRANT and the like.
func routine(f *policy.Function) string {
	if f.Kind == policy.FunctionProcedure {
		return "procedure " + f.String()
	}
	return "function " + f.String()
}

func definerExposed(r *reporter) {
	r.ownFunctions(func(f *policy.Function) {
		who := r.executors(f)
		if !f.SecurityDefiner || len(who) == 0 {
			return
		}
		severity := r.check.Severity
		for _, role := range who {
			if role == r.Anonymous {
				severity = Error
			}
		}
		fix := "alter %s security invoker;\n-- or take it out of the API: alter %[1]s set schema …;"
		if p := r.askedBy(f); p != nil { // which would no longer see past policies
			fix = "create schema if not exists private;\nalter %s set schema private;\n-- " + strings.ReplaceAll(policyObject(p), "%", "%%") +
				" calls it there, too; what names it by its schema has to follow"
		}
		r.reportAs(severity, routine(f), fmt.Sprintf("runs as %s for %s", quoted(f.Owner), list(who)), fmt.Sprintf(fix, routine(f)))
	})
}

// askedBy returns a policy that calls a function, nil if none does.
func (r *reporter) askedBy(f *policy.Function) (by *policy.Policy) {
	r.eachPolicy(func(p *policy.Policy) {
		for _, e := range expressions(p) {
			if by == nil && slices.ContainsFunc(r.calls(e.Tree), func(c call) bool { return c.function == f }) {
				by = p
			}
		}
	})
	return by
}

func definerSearchPath(r *reporter) {
	for _, f := range r.Functions {
		if !f.SecurityDefiner || f.Schema == nil || f.Extension != "" {
			continue
		}
		if f.Language == "sql" && f.Source == "" {
			continue // its names were looked up when it was made
		}
		path, ok := f.Setting("search_path")
		switch {
		case !ok:
			r.report(routine(f), "", fmt.Sprintf("alter %s set search_path = '';\n-- and write the names in it with their schema; or: set search_path = %s, pg_temp",
				routine(f), policy.QuoteIdentifier(f.SchemaName)))
		case strings.Contains(path, "$user"):
			r.report(routine(f), "search_path is "+path, fmt.Sprintf("alter %s set search_path = '';", routine(f)))
		default:
			r.unsafePath(f, path)
		}
	}
}

// unsafePath reports schemas in a function's search_path where callers can create objects that its owner will use (PostgreSQL manual, CREATE
// FUNCTION, Writing SECURITY DEFINER Functions Safely). A path without pg_temp has it first, but only for tables; that is left alone, for
// callers of the API can make no temporary ones.
func (r *reporter) unsafePath(f *policy.Function, path string) {
	names := searchPath(path)
	if i := slices.Index(names, "pg_temp"); i >= 0 && i < len(names)-1 {
		var safe []string
		for _, name := range names {
			if name != "pg_temp" {
				safe = append(safe, policy.QuoteIdentifier(name))
			}
		}
		r.report(routine(f), "pg_temp is not the last in "+path, fmt.Sprintf("alter %s set search_path = %s, pg_temp;", routine(f), strings.Join(safe, ", ")))
	}
	for _, schema := range r.Schemas {
		if !slices.Contains(names, schema.Name) {
			continue
		}
		var who []*policy.Role
		for _, role := range r.callers {
			if policy.Granted(schema.Grants, role, policy.Create) && !role.HasPrivilegesOf(f.Owner) {
				who = append(who, role)
			}
		}
		if who != nil {
			r.report(routine(f), fmt.Sprintf("%s may create in %s, of search_path %s", list(who), policy.QuoteIdentifier(schema.Name), path), fmt.Sprintf(
				"revoke create on schema %s from %s;\n-- or: alter %s set search_path = ''; and write the names in it with their schema",
				policy.QuoteIdentifier(schema.Name), granteesOf(schema.Grants, who, policy.Create), routine(f)))
		}
	}
}

func functionPublicExecute(r *reporter) {
	r.ownFunctions(func(f *policy.Function) {
		if !policy.Granted(f.Grants, &policy.Role{}, policy.Execute) {
			return
		}
		var who []*policy.Role
		for _, role := range r.executors(f) {
			if !grantedItself(f.Grants, role) {
				who = append(who, role)
			}
		}
		fix := fmt.Sprintf("revoke execute on %s from public;", routine(f))
		if p := r.askedBy(f); len(who) > 0 && p != nil {
			fix += fmt.Sprintf("\ngrant execute on %s to %s;\n-- which %s calls", routine(f), all(who), policyObject(p))
		} else if len(who) > 0 {
			fix += fmt.Sprintf("\n-- for those who need it: grant execute on %s to %s;", routine(f), all(who))
		}
		r.report(routine(f), "", fix+"\n-- for those to come: alter default privileges revoke execute on functions from public;")
	})
}

func grantedItself(grants []policy.Grant, role *policy.Role) bool {
	for _, g := range grants {
		if g.Role != nil && g.Privilege == policy.Execute && role.HasPrivilegesOf(g.Role) {
			return true
		}
	}
	return false
}
