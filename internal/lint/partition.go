package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
)

// partitionPastPolicies finds views that read a part of a table by itself, for which the policies of the whole do not hold.
func partitionPastPolicies(r *reporter) {
	for _, view := range r.relations {
		if view.Kind != policy.View {
			continue
		}
		var parts []*policy.Relation
		below(view, func(_, rel *policy.Relation) {
			if rel.IsTable() && !rel.RLS && r.PolicedAbove(rel) != nil && !slices.Contains(parts, rel) {
				parts = append(parts, rel)
			}
		})
		who := r.readers(view)
		if len(parts) == 0 || len(who) == 0 {
			continue
		}
		slices.SortFunc(parts, func(a, b *policy.Relation) int { return strings.Compare(a.String(), b.String()) })
		var reads, fixes []string
		for _, part := range parts {
			whole := r.PolicedAbove(part)
			reads = append(reads, fmt.Sprintf("%s, which is a part of %s", part, whole))
			fixes = append(fixes, fmt.Sprintf("alter table %s enable row level security;\n-- then policies as on %s; or let the view read that", part, whole))
		}
		r.report(object(view), fmt.Sprintf("%s sees %s", list(who), strings.Join(reads, "; ")), strings.Join(fixes, "\n"))
	}
}
