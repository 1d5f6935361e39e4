package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

const groupAnonymous = "Anonymous callers"

func anonymousChecks() []Check {
	return []Check{
		{
			ID: "anonymous-writes", Group: groupAnonymous, Severity: Error,
			Title: "anonymous callers may write",
			Why:   "Anybody on the network can fill, change or empty it, as often as they like, and nothing tells who it was.",
			find:  anonymousWrites,
		},
		{
			ID: "sensitive-column", Group: groupAnonymous, Severity: Error,
			Title: "column with a sensitive name that anonymous callers may read",
			Why:   "Passwords, tokens and identity numbers are for nobody to read. A role needs SELECT only on the columns it shows.",
			find:  sensitiveColumn,
		},
		{
			ID: "anonymous-no-timeout", Group: groupAnonymous, Severity: Warning,
			Title: "no statement_timeout for anonymous callers",
			Why:   "One request with an expensive filter holds a connection for as long as it likes, and a handful hold them all.",
			find:  anonymousNoTimeout,
		},
	}
}

func anonymousWrites(r *reporter) {
	if r.Anonymous == nil {
		return
	}
	for _, rel := range r.relations {
		var actions []string
		for _, a := range policy.Actions {
			if a != policy.ReadRows && r.may(r.Anonymous, a, rel).Verdict != policy.No {
				actions = append(actions, a.String())
			}
		}
		if actions != nil {
			r.report(object(rel), fmt.Sprintf("%s by %s", strings.Join(actions, ", "), quoted(r.Anonymous)), fmt.Sprintf(
				"revoke %s on %s from %s;", privileges(actions), rel, r.sources(rel, []*policy.Role{r.Anonymous}, policy.Insert, policy.Update, policy.Delete)))
		}
	}
}

// sources writes those whom the privileges of roles on a relation or its columns come from.
func (s *state) sources(rel *policy.Relation, roles []*policy.Role, privileges ...policy.Privilege) string {
	grants := slices.Clone(rel.Grants)
	for _, c := range rel.Columns {
		grants = append(grants, c.Grants...)
	}
	return granteesOf(grants, roles, privileges...)
}

func sensitiveColumn(r *reporter) {
	if r.Anonymous == nil {
		return
	}
	for _, rel := range r.relations {
		a := r.may(r.Anonymous, policy.ReadRows, rel)
		if a.Verdict == policy.No {
			continue
		}
		readable := a.Columns
		if readable == nil {
			readable = rel.Columns
		}
		var found, rest []*policy.Column
		for _, c := range readable {
			if isSensitive(c) {
				found = append(found, c)
			} else {
				rest = append(rest, c)
			}
		}
		if found == nil {
			continue
		}
		fix := fmt.Sprintf("revoke select on %s from %s;", rel, r.sources(rel, []*policy.Role{r.Anonymous}, policy.Select))
		if len(rest) > 0 {
			fix += fmt.Sprintf("\ngrant select (%s) on %s to %s;", columnNames(rest), rel, quoted(r.Anonymous))
		}
		r.report(object(rel), columnNames(found), fix)
	}
}

func anonymousNoTimeout(r *reporter) {
	role := r.Anonymous
	if role == nil {
		return
	}
	const name = "statement_timeout"
	value, ok := role.Setting(name)
	if !ok {
		value, ok = r.Login.Setting(name)
	}
	if !ok {
		value, ok = (&policy.Role{Settings: r.Settings}).Setting(name)
	}
	if !ok {
		value = r.StatementTimeout
	}
	if value == "0" || value == "0ms" || value == "0s" {
		r.report("role "+quoted(role), "", fmt.Sprintf("alter role %s set statement_timeout = '5s';", quoted(role)))
	}
}
