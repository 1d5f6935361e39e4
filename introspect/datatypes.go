package introspect

import (
	"context"
	_ "embed"

	"github.com/postern-db/postern/schema"
)

//go:embed data_types.sql
var dataTypesSQL string

// firstCatalogOID is the first number of what is not written by hand in PostgreSQL's catalogs (its source, access/transam.h): the
// information schema and what users create.
const firstCatalogOID = 10000

// readDataTypes reads the enums, domains and composite types of the exposed schemas, and those that columns, routines and computed fields
// use, be it as parts of others.
func (l *loader) readDataTypes(ctx context.Context) error {
	seen := make(map[uint32]bool)
	var used []uint32
	use := func(oid uint32) {
		if oid < firstCatalogOID || seen[oid] {
			return
		}
		seen[oid] = true
		t := l.typ(oid)
		if rel := l.relations[t.relation]; rel != nil && rel.exposed {
			return // the catalog has it
		}
		if t.array || t.kind == 'c' || t.kind == 'd' || t.kind == 'e' {
			used = append(used, oid)
		}
	}
	for name := range l.typeNames {
		use(name.oid)
	}
	for _, f := range l.routines {
		use(f.returns)
		for _, oid := range f.inputs {
			use(oid)
		}
		for _, oid := range f.all {
			use(oid)
		}
	}
	for _, oid := range l.computedTypes {
		use(oid)
	}
	return l.query(ctx, dataTypesSQL, [][]byte{oidArray(used), oidArray(l.exposed)}, func(r *row) {
		t := schema.DataType{
			Name: schema.Name{Schema: r.text(), Name: r.text()}, Text: r.text(), Base: r.text(), IsMultidimensional: r.bool(),
			CastsToJSON: r.bool(), Enum: r.texts(),
		}
		names, types, multidimensional := r.texts(), r.texts(), r.chars()
		for i := range min(len(names), len(types), len(multidimensional)) {
			t.Attributes = append(t.Attributes, schema.Attribute{
				Name: names[i], Type: types[i], IsMultidimensional: multidimensional[i] != 0,
			})
		}
		l.def.DataTypes = append(l.def.DataTypes, t)
	})
}
