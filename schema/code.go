package schema

import "slices"

// Commands is a set of commands on a relation.
type Commands uint8

// The commands.
const (
	Select Commands = 1 << iota
	Insert
	Update
	Delete

	// AllCommands are all of them.
	AllCommands = Select | Insert | Update | Delete
)

// TypeRunsCode reports whether a cast to a type of that name may run code that is not known to be harmless (see
// Relation.RunsCode). The name is without a schema and as the database stores it.
func (c *Catalog) TypeRunsCode(name string) bool {
	_, found := slices.BinarySearch(c.codeTypes, name)
	return found
}
