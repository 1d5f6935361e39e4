package explain

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes an explanation for people.
func (x *Explanation) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s as %s with claims %s\n\n", x.Method, x.Target, x.Role, x.Claims)
	for _, s := range x.Verdict {
		fmt.Fprintf(&b, "%s\n", s)
	}
	for i := range x.Relations {
		x.Relations[i].text(&b)
	}
	if x.Plan != nil {
		fmt.Fprintf(&b, "\nplan  cost %.2f\n", x.Cost)
	}
	if x.SQL != "" {
		fmt.Fprintf(&b, "\nsql   %s\n", x.SQL)
	}
	for i, a := range x.Arguments {
		value := "null"
		if a != nil {
			value = *a
		}
		fmt.Fprintf(&b, "      $%d = %s\n", i+1, value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Relation) text(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s %s, %s as %s", r.Kind, r.Name, r.Action, r.Role)
	if r.Part != "" {
		b.WriteString(", " + r.Part)
	}
	b.WriteString("\n")
	line := func(label, format string, args ...any) {
		fmt.Fprintf(b, "  %-10s "+format+"\n", append([]any{label}, args...)...)
	}
	line("owner", "%s", r.Owner)
	if len(r.Missing) == 0 {
		line("grants", "all there")
	}
	for _, g := range r.Missing {
		line("grants", "missing: %s", g.SQL)
	}
	line("security", "%s", r.RLS)
	if len(r.Triggers) > 0 {
		line("triggers", "%s, before the policies", strings.Join(r.Triggers, ", "))
	}
	switch {
	case r.Asked != nil && r.Pass != nil:
		more := ""
		if r.Note != "" {
			more += ", " + r.Note
		}
		line("rows", "%d of %d pass%s", *r.Pass, *r.Asked, more)
	case r.Asked != nil:
		more := ""
		if r.Note != "" {
			more = ", " + r.Note
		}
		line("rows", "%d asked for%s", *r.Asked, more)
	case r.Note != "":
		line("rows", "%s", r.Note)
	}
	if r.Scan != "" {
		line("scan", "%s", r.Scan)
	}
	for i := range r.Policies {
		r.Policies[i].text(line)
	}
}

func (p *Policy) text(line func(label, format string, args ...any)) {
	kind := "permissive"
	if p.Restrictive {
		kind = "restrictive"
	}
	state := ""
	switch {
	case !p.Applies:
		state = ": does not apply"
	case p.Error != "":
		state = ": " + p.Error
	case p.Pass != nil:
		state = fmt.Sprintf(": %d pass", *p.Pass)
	}
	if p.Index != "" {
		state += ", by the index " + p.Index
	}
	line("policy", "%s, %s, for %s to %s%s", p.Name, kind, p.Command, strings.Join(p.Roles, ", "), state)
	if p.Expression != "" {
		line("", "%s %s", p.Clause, oneLine(p.Expression))
	}
}
