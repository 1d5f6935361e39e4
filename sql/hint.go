package sql

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// The least similarity, from 0 to 1, at which a name is worth suggesting. What a caller may not know of, relations and
// routines, needs more than what the request has named already.
const (
	similarName      = 0.75
	similarParameter = 0.33
)

// maxSuggestions bounds the work of looking for a similar name.
const maxSuggestions = 500

// closestRelation suggests a relation of the same schema with a similar name, or "".
func closestRelation(c *schema.Catalog, name schema.Name) string {
	relations := c.Relations(name.Schema)
	if len(relations) >= maxSuggestions {
		return ""
	}
	names := make([]string, len(relations))
	for i, r := range relations {
		names[i] = r.Name.Name
	}
	return closest(name.Name, names, similarName)
}

// closestRelationship suggests another parent if the origin has no relationships, else another child.
func closestRelationship(c *schema.Catalog, schemaName, origin, target string) (was, is string) {
	rels := c.Relationships(schema.Name{Schema: schemaName, Name: origin})
	var names []string
	if len(rels) == 0 {
		for _, n := range c.RelationshipSources() {
			if n.Schema == schemaName {
				names = append(names, n.Name)
			}
		}
		return origin, closest(origin, names, similarParameter)
	}
	for _, r := range rels {
		if r.Target.Schema == schemaName {
			names = append(names, r.Target.Name)
		}
	}
	if slices.Contains(names, target) { // the hint is what is wrong
		return target, ""
	}
	return target, closest(target, names, similarParameter)
}

// closestRoutine suggests a routine with a similar name, or of the same name one with similar parameters.
func closestRoutine(c *schema.Catalog, name schema.Name, params []string, overloads []*schema.Routine) string {
	var names []string
	if len(overloads) == 0 {
		for _, n := range c.RoutineNames() {
			if n.Schema == name.Schema {
				names = append(names, n.Name)
			}
		}
		if len(names) >= maxSuggestions {
			return ""
		}
		return closest(name.Name, names, similarName)
	}
	for _, f := range overloads {
		list := make([]string, len(f.Parameters))
		for i, p := range f.Parameters {
			list[i] = p.Name
		}
		names = append(names, parameterList(list))
	}
	if found := closest(parameterList(params), names, similarParameter); found != "" {
		return name.Name + found
	}
	return ""
}

func parameterList(names []string) string {
	return "(" + strings.Join(slices.Sorted(slices.Values(names)), ", ") + ")"
}

// closest returns the candidate most similar to name, the first of equals, if its similarity is at least least.
func closest(name string, candidates []string, least float64) string {
	best, score := "", least
	for _, c := range candidates {
		s := similarity(strings.ToLower(name), strings.ToLower(c))
		if s > score || s == score && best == "" {
			best, score = c, s
		}
	}
	return best
}

// similarity is 1 less the share of characters that must change (Levenshtein).
func similarity(a, b string) float64 {
	ra, rb := []rune(a), []rune(b)
	longest := max(len(ra), len(rb))
	if longest == 0 {
		return 1
	}
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range rb {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(rb)])/float64(longest)
}
