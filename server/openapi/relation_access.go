package openapi

import "github.com/postern-db/postern/schema"

// canRead and the like tell whether the relation and the caller's privileges admit the operation.
func (r *relation) canRead() bool   { return r.may.read.any() }
func (r *relation) canInsert() bool { return r.Insertable && r.may.insert.any() }
func (r *relation) canUpdate() bool { return r.Updatable && r.may.update.any() }
func (r *relation) canDelete() bool { return r.Deletable && r.may.remove }

// canUpsert tells whether a row can be put in a place that its primary key names.
func (r *relation) canUpsert() bool {
	if !r.canInsert() || !r.canUpdate() || len(r.PrimaryKey) == 0 {
		return false
	}
	for _, name := range r.PrimaryKey {
		c := r.Column(name)
		_, filterable := filterKey(name)
		if c == nil || !filterable || !c.Writable() || !r.may.read.has(name) || !r.may.insert.has(name) {
			return false
		}
	}
	return true
}

func (r *relation) mayDoAnything() bool {
	return r.canRead() || r.canInsert() || r.canUpdate() || r.canDelete()
}

// needed reports whether an insert must give a value for the column.
func needed(c *schema.Column) bool {
	return !c.Nullable && c.Default == "" && c.Identity == schema.NotIdentity && !c.Generated
}
