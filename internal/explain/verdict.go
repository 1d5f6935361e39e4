package explain

import (
	"fmt"
	"strings"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/sql"
)

// verdict says in sentences what becomes of the request, and why.
func (e *explainer) verdict() []string {
	v := []string{}
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
	if e.updates() && len(e.in.Plan.Mutation.Columns) == 0 {
		return append(v, "The body names no column: nothing is updated.")
	}
	if e.in.Plan.Request.Action == sql.Create && string(e.in.Plan.Request.Payload.Raw) == "[]" {
		return append(v, "The body has no rows: nothing is created.")
	}
	if first := e.firstTable(); first != nil && e.in.Plan.Request.Action == sql.Upsert && first.Asked != nil && *first.Asked == 0 {
		return append(v, "The body has no row with the key that the path names: nothing is written.")
	}
	for i := range e.parts {
		p := &e.parts[i]
		for _, sentence := range e.judge(p) {
			v = appendNew(v, sentence)
		}
		if p.refused() {
			break // there is no afterwards
		}
	}
	v = append(v, e.answered()...)
	if r := e.in.Plan.Routine; r != nil {
		v = append(v, fmt.Sprintf("It calls the function %s: what that reads and writes is not looked at.", r.Name))
	}
	return v
}

// firstTable is the table that the request names or reaches by a simple view, nil if there is none.
func (e *explainer) firstTable() *part {
	for i := range e.parts {
		if p := &e.parts[i]; len(p.path) == 1 && p.rel.IsTable() {
			return p
		}
	}
	return nil
}

// answered says how many rows a read is answered with, where that is not told yet.
func (e *explainer) answered() []string {
	if e.out.Rows == nil {
		return nil
	}
	if len(e.parts) == 0 || len(e.parts[0].path) != 1 {
		return []string{fmt.Sprintf("The answer has %s.", rows(*e.out.Rows))}
	}
	n, first := *e.out.Rows, &e.parts[0]
	switch {
	case first.Pass == nil && first.Asked != nil && n < *first.Asked && first.rel.Kind == policy.View:
		return []string{fmt.Sprintf("The answer has %s, of %s of the view %s that are there for whoever asks.", rows(n), rows(*first.Asked), first.Name)}
	case first.Pass == nil:
		return []string{fmt.Sprintf("The answer has %s.", rows(n))}
	case n < *first.Pass && !first.cut:
		return []string{fmt.Sprintf("The answer has %s: a limit, or what is embedded with !inner, leaves out the rest.", rows(n))}
	}
	return nil
}

func appendNew(list []string, s string) []string {
	for _, other := range list {
		if other == s {
			return list
		}
	}
	return append(list, s)
}

// refused says that the request ends with the part, for sure.
func (p *part) refused() bool {
	return (p.conflict || p.written && p.action != policy.ReadRows) && p.Asked != nil && p.certain != nil && count(p.possible) < *p.Asked &&
		len(p.Triggers) == 0
}

// judge says what becomes of one part.
func (e *explainer) judge(p *part) []string {
	switch {
	case p.below != nil && p.view == nil:
		return p.belowView(e.role.Name)
	case p.rel.Kind == policy.View && (p.written || p.conflict || p.action != policy.ReadRows) && p.below == nil:
		return e.judgeView(p)
	case e.views[p.rel] != nil, len(p.Missing) > 0:
		return nil
	case p.view == nil:
		return e.judgeRows(p)
	case !p.holds():
		return p.belowView(e.role.Name)
	}
	if said := e.judgeRows(p); said != nil {
		return append([]string{p.by(e.role.Name) + "."}, said...)
	}
	return nil
}

// judgeView says of a view that is written to what is not looked at.
func (e *explainer) judgeView(p *part) []string {
	if p.action == policy.ReadRows || p.conflict || p.access.Verdict == policy.No {
		return nil
	}
	v := e.views[p.rel]
	switch {
	case len(p.access.Below) == 0 || v == nil:
		return []string{fmt.Sprintf("What is written to the view %s goes where a trigger or a rule of it says: that is not looked at.", p.Name)}
	case v.checks && p.written:
		return []string{fmt.Sprintf("The view %s has a check option: what is written must be a row of the view. That is not looked at.", p.Name)}
	}
	return nil
}

// judgeRows says what becomes of the rows of a part.
func (e *explainer) judgeRows(p *part) []string {
	if p.Asked == nil {
		return e.judgeUncounted(p)
	}
	asked := *p.Asked
	switch {
	case p.rel.Kind == policy.View, p.certain == nil, p.junction && p.Pass != nil && *p.Pass == asked: // a junction hides nothing
		return nil
	case p.written && asked > 0 && p.holds() && len(p.Triggers) > 0:
		return e.judgeBeforeTriggers(p)
	case p.Pass == nil && p.written && p.action != policy.ReadRows && count(p.possible) == asked:
		return append([]string{fmt.Sprintf("Whether the %s passes cannot be told before.", p.Action)}, p.reasons(e)...)
	case p.Pass == nil && !p.written:
		return p.reasons(e)
	}
	pass := count(p.possible)
	switch {
	case p.conflict:
		return p.judgeConflict(e, asked, pass)
	case p.written:
		return p.judgeWritten(e, asked, pass)
	}
	if p.action == policy.UpdateRows || p.action == policy.DeleteRows {
		return e.judgeChanged(p, asked)
	}
	if pass == asked && e.in.Plan.Mutation != nil && len(p.path) == 1 {
		return nil // it has been said that they are changed
	}
	what := p.Name
	switch {
	case p.junction:
		what += ", which joins what is embedded,"
	case len(p.path) > 1:
		what = "the embedded " + p.Name
	}
	var out []string
	switch {
	case asked == 0 && len(p.path) > 1:
		if above := e.seen[p.path[len(p.path)-2]]; above != nil && len(above.rows) == 0 {
			return nil // nothing is there to hang it on, which has been said
		}
		return []string{fmt.Sprintf("There is no row of %s to embed, whoever asks.", p.Name)}
	case asked == 0:
		return []string{fmt.Sprintf("There is no such row of %s, whoever asks.", p.Name)}
	case pass == asked && p.holds():
		out = []string{fmt.Sprintf("%s sees %s of %s asked for.", p.Role, every(asked), what)}
	case pass == asked:
		out = []string{fmt.Sprintf("%s sees %s of %s asked for: row-level security is %s.", p.Role, every(asked), what, p.RLS)}
	default:
		out = append([]string{fmt.Sprintf("%s sees %d of %s of %s asked for.", p.Role, pass, rows(asked), what)}, p.reasons(e)...)
	}
	if p.cut {
		out = append(out, fmt.Sprintf("No more than %s of %s were looked at.", rows(asked), p.Name))
	}
	return out
}

// judgeUncounted is judge for rows of which no number is known.
func (e *explainer) judgeUncounted(p *part) []string {
	if !p.holds() || p.Note == "" || e.out.Error != nil { // the error tells why
		return p.reasons(e)
	}
	why := strings.TrimPrefix(p.Note, notCounted)
	if p.written {
		return append([]string{fmt.Sprintf("What would be written to %s cannot be worked out: %s.", p.Name, why)}, p.reasons(e)...)
	}
	return append([]string{fmt.Sprintf("How many rows of %s the policies let pass is not known: %s.", p.Name, why)}, p.reasons(e)...)
}

// by says as whom a relation below a view is judged.
func (p *part) by(caller string) string {
	verb := "written"
	if p.action == policy.ReadRows {
		verb = "read"
	}
	if p.Role == caller {
		return fmt.Sprintf("%s is %s by the view as %s", p.Name, verb, caller)
	}
	return fmt.Sprintf("%s is %s by the view as its owner %s, not as %s", p.Name, verb, p.Role, caller)
}

// belowView says as whom a relation below a view is judged, and what becomes of its rows, be they asked for or not.
func (p *part) belowView(caller string) []string {
	who := p.by(caller)
	switch {
	case p.rel.Kind == policy.View:
		return nil
	case p.holds() && p.Pass != nil && p.Asked != nil && p.action == policy.ReadRows:
		return []string{fmt.Sprintf("%s: %d of all %s pass the policies.", who, *p.Pass, rows(*p.Asked))}
	case p.holds():
		return []string{who + ": the policies for " + p.Role + " hold."}
	case p.rel.RLS && p.Role != caller && p.action == policy.ReadRows:
		return []string{fmt.Sprintf("%s: its row-level security hides nothing from whoever may read the view. To be judged as the caller, the view "+
			"needs security_invoker (PostgreSQL 15).", who)}
	case p.rel.RLS && p.Role != caller:
		return []string{fmt.Sprintf("%s: its row-level security refuses nothing to whoever may write to the view. To be judged as the caller, the view "+
			"needs security_invoker (PostgreSQL 15).", who)}
	default:
		return []string{who + ": row-level security is " + p.RLS + "."}
	}
}
