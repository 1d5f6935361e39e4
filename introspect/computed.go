package introspect

import (
	"context"
	_ "embed"
	"slices"

	"github.com/postern-db/postern/schema"
)

//go:embed computed.sql
var computedSQL string

// readComputed reads the functions from a relation's row: computed relationships and computed fields.
func (l *loader) readComputed(ctx context.Context) error {
	type candidate struct {
		schema.ComputedField
		returns uint32
	}
	var fields []candidate
	var types []uint32
	err := l.query(ctx, computedSQL, nil, func(r *row) {
		function := schema.Name{Schema: r.text(), Name: r.text()}
		source, target := l.relations[r.oid()], l.relations[r.oid()]
		returns, set, single := r.oid(), r.bool(), r.bool()
		runsCode := l.code.function(r.oid())
		switch {
		case source == nil:
		case target != nil:
			l.def.ComputedRelationships = append(l.def.ComputedRelationships, schema.ComputedRelationship{
				Function: function, Source: source.Name, Target: target.Name, SingleRow: single, RunsCode: runsCode,
			})
		case source.exposed && !set && l.fieldPlace(function, source.Name) >= 0:
			fields = append(fields, candidate{schema.ComputedField{Function: function, Relation: source.Name, RunsCode: runsCode}, returns})
			types = append(types, returns)
		}
	})
	if err != nil {
		return err
	}
	if err := l.needTypes(ctx, types); err != nil {
		return err
	}
	slices.SortStableFunc(fields, func(a, b candidate) int {
		return l.fieldPlace(a.Function, a.Relation) - l.fieldPlace(b.Function, b.Relation)
	})
	type key struct {
		relation schema.Name
		field    string
	}
	seen := make(map[key]bool)
	for _, f := range fields {
		k := key{f.Relation, f.Function.Name}
		if seen[k] {
			continue
		}
		seen[k] = true
		l.computedTypes = append(l.computedTypes, f.returns)
		t := l.typ(f.returns)
		f.Encoding, f.Type = t.encoding(), t.text
		l.def.ComputedFields = append(l.def.ComputedFields, f.ComputedField)
	}
	return nil
}

// fieldPlace is a function's place on the search path of requests for a relation: the relation's own schema, then the extra
// ones; -1 if it cannot be seen from there.
func (l *loader) fieldPlace(function, relation schema.Name) int {
	if function.Schema == relation.Schema {
		return 0
	}
	if i := slices.Index(l.cfg.ExtraSearchPath, function.Schema); i >= 0 {
		return i + 1
	}
	return -1
}
