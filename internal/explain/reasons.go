package explain

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// reasons says which policies keep rows from passing.
func (p *part) reasons(e *explainer) []string {
	if !p.holds() {
		return nil
	}
	command := map[string]string{"read": "SELECT", "create": "INSERT", "update": "UPDATE", "delete": "DELETE"}[p.Action]
	var out, others []string
	permissive := 0
	for i := range p.Policies {
		pol := &p.Policies[i]
		if !pol.Applies {
			if pol.Restrictive {
				continue
			}
			others = append(others, pol.Name+" is for "+strings.Join(pol.Roles, ", "))
			continue
		}
		if !pol.Restrictive {
			permissive++
		}
		if pol.Error != "" {
			out = append(out, fmt.Sprintf("The policy %s cannot be evaluated: %s.", pol.Name, pol.Error))
			continue
		}
		if pol.Pass == nil || p.Asked == nil || *pol.Pass == *p.Asked {
			continue
		}
		kind := "policy"
		if pol.Restrictive {
			kind = "restrictive policy"
		}
		out = append(out, fmt.Sprintf("The %s %s lets %d of %s pass: %s %s.%s", kind, pol.Name, *pol.Pass, rows(*p.Asked), pol.Clause,
			oneLine(pol.Expression), e.known(pol.Expression)))
	}
	switch {
	case permissive > 0:
	case len(p.Policies) == 0:
		out = append([]string{fmt.Sprintf("Row-level security of %s is on, and there is no policy for %s: no row passes.", p.Name, command)}, out...)
	default:
		sentence := fmt.Sprintf("No permissive policy for %s on %s is for %s: no row passes.", command, p.Name, p.Role)
		if others != nil {
			sentence += " But " + strings.Join(others, ", ") + "."
		}
		out = append([]string{sentence}, out...)
	}
	return out
}

var (
	// The first arrow after the claims: one behind it goes into the claim, and others are those of columns.
	claimPattern = regexp.MustCompile(`request\.jwt\.claims'[^<>=A-Z]*->>? '((?:[^']|'')+)'|auth\.claim\('((?:[^']|'')+)'|auth\.(uid|role|has_scope)\(`)
	helperClaims = map[string]string{"uid": "sub", "role": "role", "has_scope": "scope"}
)

// known says what an expression finds that asks who calls.
func (e *explainer) known(expression string) string {
	var out string
	if strings.Contains(strings.ToLower(expression), "current_user") {
		out += " The role is " + e.out.Role + "."
	}
	if !strings.Contains(expression, "request.jwt.claim") && !strings.Contains(expression, "auth.") {
		return out
	}
	var claims map[string]json.RawMessage
	_ = json.Unmarshal(e.out.Claims, &claims) // what is no object has no claims
	told := map[string]bool{}
	for _, m := range claimPattern.FindAllStringSubmatch(expression, -1) {
		name := strings.ReplaceAll(m[1]+m[2], "''", "'")
		if m[3] != "" {
			name = helperClaims[m[3]]
		}
		if told[name] {
			continue
		}
		told[name] = true
		if value, ok := claims[name]; ok {
			out += fmt.Sprintf(" The claim %s is %s.", name, value)
		} else {
			out += fmt.Sprintf(" The token has no claim %s.", name)
		}
	}
	return out
}

// oneLine joins the lines of an expression, which PostgreSQL breaks at subqueries.
func oneLine(expression string) string {
	lines := strings.Split(expression, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}

func rows(n int64) string { return fmt.Sprintf("%d %s", n, plural(int(n), "row", "rows")) }

// every is all rows, or the only one.
func every(n int64) string {
	if n == 1 {
		return "the 1 row"
	}
	return "all " + rows(n)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
