package explain

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// verdict says in sentences what becomes of the request, and why.
func (e *explainer) verdict() []string {
	var v []string
	if x := e.out.Error; x != nil {
		v = append(v, fmt.Sprintf("PostgreSQL refuses it: %s (%s).", x.Message, x.Code))
	}
	for i := range e.parts {
		p := &e.parts[i]
		if e.out.Error == nil {
			break
		}
		for _, g := range p.Missing {
			what := g.Privilege + " on " + p.Name
			switch {
			case g.Privilege == "USAGE":
				what = "USAGE on the schema " + p.rel.Schema.Name
			case len(g.Columns) > 0:
				what = g.Privilege + " on " + plural(len(g.Columns), "the column ", "the columns ") + strings.Join(g.Columns, ", ") + " of " + p.Name
			}
			v = appendNew(v, fmt.Sprintf("%s lacks %s: %s", p.Role, what, g.SQL))
		}
	}
	if len(v) > 1 {
		return v // what is not granted is refused before any policy is asked
	}
	for i := range e.parts {
		for _, sentence := range e.judge(&e.parts[i]) {
			v = appendNew(v, sentence)
		}
		if p := &e.parts[i]; (p.conflict || p.written && p.Action != "read") && p.Pass != nil && *p.Pass < *p.Asked {
			break // there is no afterwards
		}
	}
	if e.out.Rows != nil && len(e.parts) > 0 {
		if pass := e.parts[0].Pass; pass != nil && *e.out.Rows < *pass {
			v = append(v, fmt.Sprintf("The answer has %s: a limit, or what is embedded with !inner, leaves out the rest.", rows(*e.out.Rows)))
		}
	}
	if r := e.in.Plan.Routine; r != nil {
		v = append(v, fmt.Sprintf("It calls the function %s: what that reads and writes is not looked at.", r.Name))
	}
	return v
}

func appendNew(list []string, s string) []string {
	for _, other := range list {
		if other == s {
			return list
		}
	}
	return append(list, s)
}

// judge says what becomes of one part.
func (e *explainer) judge(p *part) []string {
	if strings.HasPrefix(p.Part, "below") {
		return p.below(e.role.Name)
	}
	if len(p.Missing) > 0 {
		return nil
	}
	if p.Asked == nil || p.Pass == nil {
		return p.reasons(e)
	}
	asked, pass := *p.Asked, *p.Pass
	switch {
	case p.conflict && asked == 0, p.path == nil && !p.conflict && pass == asked: // a junction hides nothing
		return nil
	case p.conflict && pass < asked:
		return append([]string{fmt.Sprintf("The update is refused (42501): %s of %s %s there already, of which %s may update %d.", rows(asked), p.Name,
			plural(int(asked), "is", "are"), p.Role, pass)}, p.reasons(e)...)
	}
	if p.written {
		return p.judgeWritten(e, asked, pass)
	}
	verb := map[string]string{"read": "sees", "update": "may update", "delete": "may delete"}[p.Action]
	what := p.Name
	if p.Part == "embedded" {
		what = "the embedded " + p.Name
	}
	switch {
	case asked == 0 && p.Part == "embedded":
		return []string{fmt.Sprintf("There is no row of %s to embed, whoever asks.", p.Name)}
	case asked == 0 && p.Note == "" && p.Action != "create":
		return []string{fmt.Sprintf("There is no such row of %s, whoever asks.", p.Name)}
	case pass == asked && p.holds():
		return []string{fmt.Sprintf("%s %s %s of %s asked for.", p.Role, verb, every(asked), what)}
	case pass == asked:
		return []string{fmt.Sprintf("%s %s %s of %s asked for: row-level security is %s.", p.Role, verb, every(asked), what, p.RLS)}
	default:
		return append([]string{fmt.Sprintf("%s %s %d of %s of %s asked for.", p.Role, verb, pass, rows(asked), what)}, p.reasons(e)...)
	}
}

// judgeWritten is judge for rows as a write would leave them.
func (p *part) judgeWritten(e *explainer, asked, pass int64) []string {
	switch {
	case asked == 0 || pass == asked && p.Action == "read":
		return nil
	case pass == asked:
		return []string{fmt.Sprintf("%s may %s %s of %s: what would be written passes.", p.Role, p.Action, rows(asked), p.Name)}
	case p.Action != "read":
		return append([]string{fmt.Sprintf("The %s is refused (42501): %d of %s that it would write to %s %s not pass.", p.Action, asked-pass,
			rows(asked), p.Name, plural(int(asked-pass), "does", "do"))}, p.reasons(e)...)
	case p.returns:
		return append([]string{fmt.Sprintf("%s could be written, but %s would not see %d of them afterwards. So the request is refused (42501), since it "+
			"returns or filters what it writes. With Prefer: return=minimal and without filters it is not.", rows(asked), p.Role, asked-pass)},
			p.reasons(e)...)
	default:
		return append([]string{fmt.Sprintf("%s would be written, but %s would not see %d of them afterwards.", rows(asked), p.Role, asked-pass)},
			p.reasons(e)...)
	}
}

// below says as whom a relation below a view is judged.
func (p *part) below(caller string) []string {
	who := fmt.Sprintf("%s is read by the view as its owner %s, not as %s", p.Name, p.Role, caller)
	if p.Role == caller {
		who = fmt.Sprintf("%s is read by the view as %s", p.Name, caller)
	}
	switch {
	case p.holds() && p.Pass != nil && p.Asked != nil:
		return []string{fmt.Sprintf("%s: %d of all %s pass the policies.", who, *p.Pass, rows(*p.Asked))}
	case p.holds():
		return []string{who + ": the policies for " + p.Role + " hold."}
	case p.rel.RLS && p.Role != caller:
		return []string{fmt.Sprintf("%s: its row-level security hides nothing from whoever may read the view. To be judged as the caller, the view "+
			"needs security_invoker (PostgreSQL 15).", who)}
	default:
		return []string{who + ": row-level security is " + p.RLS + "."}
	}
}

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
	claimPattern = regexp.MustCompile(`->>? '((?:[^']|'')+)'|auth\.claim\('((?:[^']|'')+)'|auth\.(uid|role|has_scope)\(`)
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
