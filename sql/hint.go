package sql

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// The least similarity, from 0 to 1, at which a name is worth suggesting. The names of relations and routines need more than
// those of what belongs to something that the request has named already.
const (
	similarName      = 0.75
	similarParameter = 0.33
)

// maxSuggestions bounds the work of looking for a similar name: in a schema with more there are no hints.
const maxSuggestions = 500

// suggestRelation suggests a relation of the same schema with a similar name, or "".
func (pl *planner) suggestRelation(name schema.Name) string {
	relations := pl.catalog.Relations(name.Schema)
	if len(relations) >= maxSuggestions {
		return ""
	}
	var names []string
	for _, r := range relations {
		if pl.canSee(r) {
			names = append(names, r.Name.Name)
		}
	}
	return closest(name.Name, names, similarName)
}

// suggestRelationship suggests another parent if the origin has no relationships, else another child.
func (pl *planner) suggestRelationship(origin, target string) (was, is string) {
	schemaName := pl.request.Schema
	var names []string
	found := false
	for _, r := range pl.catalog.Relationships(schema.Name{Schema: schemaName, Name: origin}) {
		if r.Target.Schema != schemaName {
			continue
		}
		found = true
		if strings.EqualFold(r.Target.Name, target) { // the hint is what is wrong
			return target, ""
		}
		if pl.canSee(pl.catalog.Relation(r.Target)) {
			names = append(names, r.Target.Name)
		}
	}
	if found {
		return target, closest(target, names, similarParameter)
	}
	sources := pl.catalog.RelationshipSources()
	if len(sources) >= maxSuggestions {
		return origin, ""
	}
	for _, n := range sources {
		if n.Schema == schemaName && pl.canSee(pl.catalog.Relation(n)) {
			names = append(names, n.Name)
		}
	}
	return origin, closest(origin, names, similarParameter)
}

// suggestRoutine suggests a routine with a similar name, or of the same name one with similar parameters.
func (pl *planner) suggestRoutine(name schema.Name, params []string, overloads []*schema.Routine) string {
	var names []string
	if len(overloads) == 0 {
		all := pl.catalog.RoutineNames()
		if len(all) >= maxSuggestions {
			return ""
		}
		for _, n := range all {
			if n.Schema == name.Schema && slices.ContainsFunc(pl.catalog.Routines(n), pl.canCall) {
				names = append(names, n.Name)
			}
		}
		return closest(name.Name, names, similarName)
	}
	for _, f := range slices.Backward(overloads) { // of equals the last is suggested
		if !pl.canCall(f) {
			continue
		}
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

// canSee reports whether the caller may know of a relation; one that the catalog does not hold is of no use to anyone.
func (pl *planner) canSee(r *schema.Relation) bool {
	return r != nil && pl.catalog.CanSee(pl.role, r.Name.Schema, r.Grantees)
}

func (pl *planner) canCall(f *schema.Routine) bool {
	return pl.catalog.CanSee(pl.role, f.Name.Schema, f.Grantees)
}
