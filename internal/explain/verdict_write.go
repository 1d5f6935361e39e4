package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// judgeChanged is judge for rows that an update or delete finds: those that it may change, and that it sees if it has to.
func (e *explainer) judgeChanged(p *part, asked int64) []string {
	found, own := slices.Clone(p.certain), count(p.certain)
	for i := range e.parts {
		q := &e.parts[i]
		if q.rel == p.rel && q.action == policy.ReadRows && !q.written && len(q.path) == 1 && len(q.certain) == len(found) {
			for row := range found {
				found[row] = found[row] && q.certain[row]
			}
		}
	}
	changed := count(found)
	may := fmt.Sprintf("%s may %s", p.Role, p.Action)
	switch {
	case asked == 0:
		return []string{fmt.Sprintf("There is no such row of %s, whoever asks.", p.Name)}
	case changed < asked:
		out := []string{fmt.Sprintf("%s %d of %s of %s asked for.", may, changed, rows(asked), p.Name)}
		if own < asked {
			out = append(out, p.reasons(e)...)
		}
		return out
	case p.holds():
		return []string{fmt.Sprintf("%s %s of %s asked for.", may, every(asked), p.Name)}
	default:
		return []string{fmt.Sprintf("%s %s of %s asked for: row-level security is %s.", may, every(asked), p.Name, p.RLS)}
	}
}

// judgeBeforeTriggers is judge for rows that triggers may change before they are held against the policies.
func (e *explainer) judgeBeforeTriggers(p *part) []string {
	asked, pass := *p.Asked, count(p.possible)
	before := fmt.Sprintf("%s %s of %s %s before the policies are asked, and may change what is written: what passes then is not known.",
		plural(len(p.Triggers), "The trigger", "The triggers"), strings.Join(p.Triggers, ", "), p.Name, plural(len(p.Triggers), "runs", "run"))
	if p.action == policy.ReadRows && pass == asked {
		return []string{before}
	}
	as := "of %s as the request has them, %d would pass."
	if asked == 1 {
		as = "of %s as the request has it, %d would pass."
	}
	if p.action == policy.ReadRows {
		as = strings.Replace(as, "pass", "be seen afterwards", 1)
	}
	sentence := fmt.Sprintf(as, rows(asked), pass)
	return append([]string{before, strings.ToUpper(sentence[:1]) + sentence[1:]}, p.reasons(e)...)
}

// judgeConflict is judge for rows that are there already where an upsert writes.
func (p *part) judgeConflict(e *explainer, asked, pass int64) []string {
	there := fmt.Sprintf("%s of %s %s there already", rows(asked), p.Name, plural(int(asked), "is", "are"))
	switch {
	case asked == 0 || pass == asked && p.action == policy.ReadRows:
		return nil
	case pass == asked && p.written:
		return []string{fmt.Sprintf("What the update would write to %s of %s passes the policies.", rows(asked), p.Name)}
	case pass == asked:
		return []string{fmt.Sprintf("%s. %s may update %s.", there, p.Role, plural(int(asked), "it", "them"))}
	case p.written && p.action == policy.ReadRows:
		return append([]string{fmt.Sprintf("The update is refused (42501): of %s of %s that it would write %s would not see %d afterwards.",
			rows(asked), p.Name, p.Role, asked-pass)}, p.reasons(e)...)
	case p.written:
		return append([]string{fmt.Sprintf("The update is refused (42501): %d of %s that it would write to %s %s not pass.", asked-pass, rows(asked),
			p.Name, plural(int(asked-pass), "does", "do"))}, p.reasons(e)...)
	case p.action == policy.ReadRows:
		return append([]string{fmt.Sprintf("The update is refused (42501): %s, of which %s sees %d.", there, p.Role, pass)}, p.reasons(e)...)
	default:
		return append([]string{fmt.Sprintf("The update is refused (42501): %s, of which %s may update %d.", there, p.Role, pass)}, p.reasons(e)...)
	}
}

// judgeWritten is judge for rows as a write would leave them.
func (p *part) judgeWritten(e *explainer, asked, pass int64) []string {
	switch {
	case asked == 0 || pass == asked && p.action == policy.ReadRows:
		return nil
	case pass == asked && e.unseen(p):
		return nil // which is what ends the request
	case pass == asked:
		return p.judgeNew(e, asked)
	case p.action != policy.ReadRows:
		return append([]string{fmt.Sprintf("The %s is refused (42501): %d of %s that it would write to %s %s not pass.", p.Action, asked-pass,
			rows(asked), p.Name, plural(int(asked-pass), "does", "do"))}, p.reasons(e)...)
	}
	unseen := fmt.Sprintf("%s would not see %d of them afterwards.", p.Role, asked-pass)
	if asked == 1 {
		unseen = p.Role + " would not see it afterwards."
	}
	switch {
	case p.returns && len(e.in.Plan.Mutation.OnConflict) > 0:
		return append([]string{fmt.Sprintf("The %s is refused (42501): of %s of %s that it would write, %s would not see %d. A create that looks for "+
			"rows that are there already has to see what it writes.", e.writes(), rows(asked), p.Name, p.Role, asked-pass)}, p.reasons(e)...)
	case p.returns:
		return append([]string{fmt.Sprintf("%s could be written, but %s So the request is refused (42501), since it returns or filters what it writes. "+
			"With Prefer: return=minimal and without filters it is not.", rows(asked), unseen)}, p.reasons(e)...)
	default:
		return append([]string{fmt.Sprintf("%s would be written, but %s", rows(asked), unseen)}, p.reasons(e)...)
	}
}

// unseen says that the request ends since the caller would not see what is written to the relation.
func (e *explainer) unseen(p *part) bool {
	return slices.ContainsFunc(e.parts, func(q part) bool {
		return q.rel == p.rel && q.written && q.returns && q.conflict == p.conflict && q.action == policy.ReadRows && q.Asked != nil &&
			q.certain != nil && q.Pass != nil && *q.Pass < *q.Asked && len(q.Triggers) == 0
	})
}

// writes is what the request does to rows.
func (e *explainer) writes() string {
	if e.updates() {
		return "update"
	}
	return "create"
}

// judgeNew is judge for rows that pass, some of which may be there already.
func (p *part) judgeNew(e *explainer, asked int64) []string {
	var out []string
	fresh := asked
	if m := e.in.Plan.Mutation; p.action == policy.CreateRows && len(m.OnConflict) > 0 && e.there != nil {
		there := min(int64(len(e.there.rows)), asked)
		fresh -= there
		if there > 0 && (!m.Merge || len(m.Columns) == 0) {
			out = append(out, fmt.Sprintf("%d of %s of %s %s there already and %s skipped.", there, rows(asked), p.Name, plural(int(there), "is", "are"),
				plural(int(there), "is", "are")))
		}
	}
	if fresh > 0 {
		out = append(out, fmt.Sprintf("%s may %s %s of %s: what would be written passes the policies.", p.Role, p.Action, rows(fresh), p.Name))
	}
	return out
}
