package introspect

import (
	"context"
	_ "embed"
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

//go:embed code_functions.sql
var codeFunctionsSQL string

//go:embed code_trees.sql
var codeTreesSQL string

//go:embed code_triggers.sql
var codeTriggersSQL string

//go:embed code_links.sql
var codeLinksSQL string

//go:embed code_types.sql
var codeTypesSQL string

//go:embed code_type_users.sql
var codeTypeUsersSQL string

// thing is something that may run code: a function, an operator, a type, or a command on a relation.
type thing struct {
	kind    thingKind
	oid     uint32
	command schema.Commands // of a relation: one
}

type thingKind uint8

const (
	aFunction thingKind = iota
	anOperator
	aType
	aRelation
	// anUnnamed is code that runs without anything that names it, by a cast or an operator class.
	anUnnamed
)

var eachCommand = [...]schema.Commands{schema.Select, schema.Insert, schema.Update, schema.Delete}

// code finds what may run code that is not known to be harmless. It first learns what uses what; then whatever is not
// harmless in itself makes those that use it so, too, and so on.
//
// What is mentioned is told by numbers alone, without regard to what they are the number of, and in the text of SQL functions by
// names alone, without regard to schemas. So it can take too much for code, but not too little.
type code struct {
	runs map[thing]bool
	next []thing // whose users are still to be marked

	byNumber map[uint32][]thing // what mentions an oid
	byWord   map[string][]thing // what mentions a name, in lower case
	byThing  map[thing][]thing  // other uses
	views    map[uint32][]uint32
	texts    []thing // functions whose text is known only by its words
	names    map[thing][]string
	visible  map[uint32]bool // operators and functions that statements may find
	types    []uint32        // newly marked types
	builtIns bool            // the built-in functions that are not harmless are marked, all others need not be noted

	// everything is set if code may run in any statement, since an operator or a cast that applies to built-in types calls it.
	everything bool
}

func newCode() *code {
	return &code{
		runs: make(map[thing]bool), byNumber: make(map[uint32][]thing), byWord: make(map[string][]thing),
		byThing: make(map[thing][]thing), views: make(map[uint32][]uint32), names: make(map[thing][]string),
		visible: make(map[uint32]bool),
	}
}

// readCode reads what uses what and sets which relations, by command, and which routines run code. Functions and the
// definitions of views were read before.
func (l *loader) readCode(ctx context.Context) error {
	for oid, rel := range l.relations {
		l.code.name(thing{kind: aRelation, oid: oid, command: schema.Select}, rel.Name.Name)
	}
	for _, read := range []func(context.Context) error{l.readCodeTypes, l.readCodeRelations} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	for {
		l.code.spread()
		if len(l.code.types) == 0 {
			break
		}
		if err := l.readTypeUsers(ctx); err != nil {
			return err
		}
	}
	for oid, rel := range l.relations {
		rel.RunsCode = l.code.commands(oid)
	}
	named := make(map[schema.Name]bool)
	for _, f := range l.routines {
		named[f.Name] = named[f.Name] || l.code.function(f.oid)
	}
	for _, f := range l.routines {
		f.RunsCode = named[f.Name] // of overloads PostgreSQL chooses
	}
	for t := range l.code.runs {
		if t.kind == aType {
			l.def.CodeTypes = append(l.def.CodeTypes, l.code.names[t]...)
		}
	}
	slices.Sort(l.def.CodeTypes)
	l.def.CodeTypes = slices.Compact(l.def.CodeTypes)
	return nil
}

// function reports whether a function runs code.
func (c *code) function(oid uint32) bool {
	return c.everything || oid != 0 && c.runs[thing{kind: aFunction, oid: oid}]
}

// commands returns the commands on a relation that run code.
func (c *code) commands(oid uint32) schema.Commands {
	if c.everything {
		return schema.AllCommands
	}
	var out schema.Commands
	for _, command := range eachCommand {
		if c.runs[thing{aRelation, oid, command}] {
			out |= command
		}
	}
	return out
}

func (c *code) name(t thing, name string) { c.names[t] = append(c.names[t], name) }

// mark says that a thing runs code.
func (c *code) mark(t thing) {
	if !c.runs[t] {
		c.runs[t] = true
		c.next = append(c.next, t)
	}
}

// markCommands marks commands on a relation. What runs when rows are read also runs when they are written or returned.
func (c *code) markCommands(oid uint32, commands schema.Commands) {
	if commands&schema.Select != 0 {
		commands = schema.AllCommands
	}
	for _, command := range eachCommand {
		if commands&command != 0 {
			c.mark(thing{aRelation, oid, command})
		}
	}
}

// mentions says that things mention all that a tree does.
func (c *code) mentions(tree []byte, things ...thing) {
	for _, n := range treeNumbers(tree) {
		c.uses(n, things...)
	}
}

// uses says that things mention an oid.
func (c *code) uses(oid uint32, things ...thing) {
	if oid >= firstUserOID || !c.builtIns || c.runs[thing{kind: aFunction, oid: oid}] {
		c.byNumber[oid] = append(c.byNumber[oid], things...)
	}
}

// usesType says that something is made of values of a type. Built-in types are left out: only functions are known by numbers that
// low.
func (c *code) usesType(oid uint32, t thing) {
	if oid >= firstUserOID {
		c.uses(oid, t)
	}
}

// ofCommands returns a relation's commands as things.
func ofCommands(oid uint32, commands schema.Commands) []thing {
	var out []thing
	for _, command := range eachCommand {
		if commands&command != 0 {
			out = append(out, thing{aRelation, oid, command})
		}
	}
	return out
}

// addView adds a view by its definition. Writing to it writes to the relations that it reads; one that reads the system's
// catalog may have rules there.
func (c *code) addView(oid uint32, tree []byte) {
	view := ofCommands(oid, schema.AllCommands)
	for _, n := range treeNumbers(tree) {
		c.uses(n, view...)
		if n >= firstUserOID {
			c.views[n] = append(c.views[n], oid)
		}
	}
	if mentionsSystemRelation(tree) {
		c.markCommands(oid, schema.Insert|schema.Update|schema.Delete)
	}
}

// spread marks all that uses what is marked.
func (c *code) spread() {
	for len(c.next) > 0 {
		t := c.next[len(c.next)-1]
		c.next = c.next[:len(c.next)-1]
		users := c.byThing[t]
		if t.kind != aRelation || t.command == schema.Select {
			users = append(slices.Clip(users), c.byNumber[t.oid]...)
			for _, name := range c.names[t] {
				users = append(users, c.byWord[strings.ToLower(name)]...)
			}
		}
		switch t.kind {
		case aRelation:
			for _, view := range c.views[t.oid] {
				c.mark(thing{aRelation, view, t.command})
			}
		case anOperator:
			users = append(users, c.texts...)
			c.everything = c.everything || c.visible[t.oid]
		case aFunction:
			c.everything = c.everything || c.visible[t.oid] && slices.ContainsFunc(c.names[t], calledUnqualified)
		case anUnnamed:
			users = append(users, c.texts...)
			c.everything = c.everything || t.oid == 0
		case aType:
			c.types = append(c.types, t.oid)
		}
		for _, u := range users {
			if u.kind == aRelation {
				c.markCommands(u.oid, u.command)
			} else {
				c.mark(u)
			}
		}
	}
}

// calledUnqualified reports whether statements call a function or an aggregate of that name without a schema, so that an
// overload for a type of the user's own would be found.
func calledUnqualified(name string) bool {
	switch strings.ToLower(name) {
	case "json_build_object", "json_agg", "row_to_json", "to_json", "to_jsonb", "jsonb_build_object", "jsonb_agg", "jsonb_array_elements",
		"json_array_elements", "json_to_record", "json_to_recordset", "json_populate_record", "json_populate_recordset", "json_typeof", "unnest", "to_tsvector",
		"to_tsquery", "plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery", "st_asgeojson", "count", "sum", "avg", "max", "min",
		"array_agg", "string_agg":
		return true
	default:
		return false
	}
}
