package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// Severity says how bad a finding is.
type Severity int

// The severities. Info is what to look at, Warning what goes wrong some day, Error what leaks or fails today.
const (
	Info Severity = iota
	Warning
	Error
)

// String is info, warning or error.
func (s Severity) String() string { return [...]string{"info", "warning", "error"}[s] }

// MarshalText is String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what String writes.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Info, Warning, Error} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("%q is no severity; allowed: info, warning, error", text)
}

// Check is one thing that lint looks for.
type Check struct {
	// ID names it in lint.toml, in lower case with hyphens.
	ID string
	// Group is the heading that it stands under.
	Group    string
	Severity Severity
	// Title says in one line what is found, Why what harm it does.
	Title, Why string

	find func(*reporter)
}

// Finding is one place where a check found something.
type Finding struct {
	Check    string   `json:"check"`
	Group    string   `json:"group"`
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	// Object is what it is about, such as "table api.chat" or "policy p on api.chat". Silences name it.
	Object string `json:"object"`
	// Detail says what of the object is meant; "" if the title says it all.
	Detail string `json:"detail,omitempty"`
	Why    string `json:"why"`
	// Fix is SQL. Lines that a person must decide about are comments.
	Fix string `json:"fix"`
}

// Checks returns all checks, those of one group after the other.
func Checks() []Check {
	return slices.Concat(tableChecks(), policyChecks(), writeChecks(), claimChecks(), viewChecks(), functionChecks(),
		anonymousChecks(), grantChecks(), roleChecks(), performanceChecks(), schemaChecks())
}

// Run runs all checks. The findings are in the order of the checks, and by object within one.
func Run(d *policy.Database) []Finding {
	s := newState(d)
	findings := []Finding{}
	for _, c := range Checks() {
		r := &reporter{state: s, check: c}
		c.find(r)
		slices.SortStableFunc(r.findings, func(a, b Finding) int {
			return cmp.Or(strings.Compare(a.Object, b.Object), strings.Compare(a.Detail, b.Detail))
		})
		findings = append(findings, r.findings...)
	}
	return findings
}

// state is what checks look at.
type state struct {
	*policy.Database
	relations []*policy.Relation // the exposed ones
	callers   []*policy.Role
	access    map[accessKey]policy.Access

	// What bodies of functions tell, and the functions by name, extensions' not.
	bodies  map[*policy.Function]source
	callees map[*policy.Function][]*policy.Function
	readBy  map[*policy.Function][]*policy.Relation
	byName  map[string][]*policy.Function
}

type accessKey struct {
	relation *policy.Relation
	role     *policy.Role
	action   policy.Action
}

func newState(d *policy.Database) *state {
	s := &state{
		Database: d, callers: d.Callers(), access: map[accessKey]policy.Access{}, bodies: map[*policy.Function]source{},
		callees: map[*policy.Function][]*policy.Function{}, readBy: map[*policy.Function][]*policy.Relation{}, byName: map[string][]*policy.Function{},
	}
	for _, f := range d.Functions {
		if f.Schema != nil && f.Extension == "" {
			s.byName[f.Name] = append(s.byName[f.Name], f)
		}
	}
	for _, r := range d.ExposedRelations() {
		if r.Extension == "" {
			s.relations = append(s.relations, r)
		}
	}
	return s
}

// may is Database.Access, asked once.
func (s *state) may(role *policy.Role, action policy.Action, rel *policy.Relation) policy.Access {
	key := accessKey{rel, role, action}
	a, ok := s.access[key]
	if !ok {
		a = s.Access(rel, role, action)
		s.access[key] = a
	}
	return a
}

// reporter collects what one check finds.
type reporter struct {
	*state
	check    Check
	findings []Finding
}

// report adds a finding with the check's severity.
func (r *reporter) report(object, detail, fix string) {
	r.reportAs(r.check.Severity, object, detail, fix)
}

func (r *reporter) reportAs(severity Severity, object, detail, fix string) {
	r.findings = append(r.findings, Finding{
		Check: r.check.ID, Group: r.check.Group, Severity: severity, Title: r.check.Title, Object: object, Detail: detail,
		Why: r.check.Why, Fix: strings.TrimSpace(fix),
	})
}

// object names a relation with its kind.
func object(rel *policy.Relation) string { return rel.Kind.String() + " " + rel.String() }

// policyObject names a policy.
func policyObject(p *policy.Policy) string {
	return "policy " + policy.QuoteIdentifier(p.Name) + " on " + p.Relation.String()
}

// quoted writes a role as SQL.
func quoted(r *policy.Role) string { return policy.QuoteIdentifier(r.Name) }

// list joins the names of roles, only the first few where there are many.
func list(roles []*policy.Role) string {
	const most = 5
	var names []string
	for i, r := range roles {
		if i == most {
			return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), len(roles)-most)
		}
		names = append(names, quoted(r))
	}
	return strings.Join(names, ", ")
}

// all joins the names of roles as SQL.
func all(roles []*policy.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, quoted(r))
	}
	return strings.Join(names, ", ")
}
