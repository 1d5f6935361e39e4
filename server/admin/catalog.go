package admin

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"github.com/postern-db/postern/schema"
)

// WriteCatalog writes the schema cache as JSON for people who look for the reason of an answer. Its members are those of
// PostgREST's dump; what is in them may change with any version. Settings of roles, which may hold secrets, are not among it.
func WriteCatalog(w io.Writer, c *schema.Catalog) error {
	d := dump{w: bufio.NewWriter(w)}
	d.member("{", "dbMediaHandlers", func(yield func(any) bool) {
		for _, h := range c.MediaHandlers() {
			if !yield(h) {
				return
			}
		}
	})
	d.member(",", "dbRelationships", func(yield func(any) bool) {
		for _, source := range c.RelationshipSources() {
			for _, r := range c.Relationships(source) {
				if !yield(relationship{Relationship: r, Cardinality: r.Cardinality.String()}) {
					return
				}
			}
		}
	})
	d.member(",", "dbRepresentations", func(yield func(any) bool) {
		for _, r := range c.Representations() {
			if !yield(r) {
				return
			}
		}
	})
	d.member(",", "dbRoutines", func(yield func(any) bool) {
		for _, name := range c.RoutineNames() {
			for _, r := range c.Routines(name) {
				if !yield(routine{Routine: r, Volatility: volatilities[r.Volatility]}) {
					return
				}
			}
		}
	})
	d.member(",", "dbTables", func(yield func(any) bool) {
		for _, name := range c.Schemas {
			for _, r := range c.Relations(name) {
				if !yield(relation{Relation: r, Kind: r.Kind.String()}) {
					return
				}
			}
		}
	})
	d.text("}\n")
	if d.err == nil {
		d.err = d.w.Flush()
	}
	if d.err != nil {
		return fmt.Errorf("admin: write the schema cache: %w", d.err)
	}
	return nil
}

// relation, relationship and routine have words in place of numbers.
type relation struct {
	*schema.Relation
	Kind string
}

type relationship struct {
	*schema.Relationship
	Cardinality string
}

type routine struct {
	*schema.Routine
	Volatility string
}

var volatilities = [...]string{schema.Volatile: "volatile", schema.Stable: "stable", schema.Immutable: "immutable"}

// dump writes one element after the other, so that a large catalog is never in memory as text.
type dump struct {
	w   *bufio.Writer
	err error
}

func (d *dump) text(s string) {
	if d.err == nil {
		_, d.err = d.w.WriteString(s)
	}
}

// member writes an array, one element a line.
func (d *dump) member(before, name string, elements iter.Seq[any]) {
	d.text(before + `"` + name + `":[`)
	separator := "\n"
	for e := range elements {
		text, err := json.Marshal(e)
		if d.err == nil {
			d.err = err
		}
		if d.err != nil {
			return
		}
		d.text(separator)
		d.text(string(text))
		separator = ",\n"
	}
	d.text("]")
}
