package introspect

import (
	"context"
	"slices"

	"github.com/postern-db/postern/schema"
)

// readCodeFunctions reads the functions of all schemas, whether exposed or not.
func (l *loader) readCodeFunctions(ctx context.Context) error {
	c := l.code
	harmful := make(map[string]bool) // the code of built-in functions
	internal := make(map[thing]string)
	err := l.query(ctx, codeFunctionsSQL, nil, func(r *row) {
		t := thing{kind: aFunction, oid: r.oid()}
		name := r.text()
		c.name(t, name)
		if slices.Contains(l.visible, r.oid()) {
			c.visible[t.oid] = true
		}
		language, extension := r.text(), r.text()
		volatile, aggregate := r.char() == 'v', r.char() == 'a'
		text, body, defaults := r.raw(), r.raw(), r.raw()
		for _, typ := range r.oids() {
			c.usesType(typ, t)
		}
		for _, part := range r.oids() {
			c.uses(part, t)
		}
		c.mentions(defaults, t)
		switch {
		case t.oid < firstUserOID: // only those that are not harmless were asked for
			c.mark(t)
			harmful[string(text)] = true
		case aggregate:
		case language == "internal":
			internal[t] = string(text)
		case language == "c" && trustedC(extension, name, volatile):
		case body != nil && onlySelects(body):
			c.mentions(body, t)
		case text != nil:
			words, ok := sqlWords(string(text))
			if !ok {
				c.mark(t)
				return
			}
			c.texts = append(c.texts, t)
			for _, w := range words {
				c.byWord[w] = append(c.byWord[w], t)
			}
		default:
			c.mark(t)
		}
	})
	c.builtIns = true
	for t, source := range internal {
		if harmful[source] {
			c.mark(t)
		}
	}
	return err
}

// trustedC reports whether a function in C leaves nothing in the session. The extensions in the list were read; of others it is
// trusted that a function which is declared not to be volatile is none to fear (PostgreSQL manual, 38.7 Function Volatility
// Categories), as it is with the functions of data types, but for extensions that run queries or keep connections.
func trustedC(extension, name string, volatile bool) bool {
	switch extension {
	case "", "dblink", "tablefunc", "xml2", "refint":
		return false
	case "pg_trgm":
		return name != "set_limit"
	case "isn":
		return name != "isn_weak"
	case "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance", "fuzzystrmatch",
		"hstore", "insert_username", "intarray", "lo", "ltree", "moddatetime", "pg_uuidv7", "pgcrypto", "postgis", "postgis_raster", "seg",
		"tcn", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector":
		return true
	default:
		return !volatile
	}
}

// readCodeTypes reads operators, casts, operator classes and types.
func (l *loader) readCodeTypes(ctx context.Context) error {
	c := l.code
	return l.query(ctx, codeTypesSQL, nil, func(r *row) {
		kind, oid := r.char(), r.oid()
		name, namespace := r.text(), r.oid()
		functions, types := r.oids(), r.oids()
		var users []thing
		ofUser := func(typ uint32) bool { return typ >= firstUserOID }
		switch kind {
		case 'o':
			users = append(users, thing{kind: anOperator, oid: oid})
			c.visible[oid] = c.visible[oid] || slices.Contains(l.visible, namespace)
		case 'c', 'd':
			for _, typ := range types {
				if ofUser(typ) {
					users = append(users, thing{kind: aType, oid: typ})
				}
			}
			if kind == 'c' {
				at := uint32(0) // can apply anywhere
				if slices.ContainsFunc(types, ofUser) {
					at = types[0]
				}
				users = append(users, thing{kind: anUnnamed, oid: at})
			}
		case 'i':
			users = append(users, thing{kind: anUnnamed})
		case 't':
			t := thing{kind: aType, oid: oid}
			c.name(t, name)
			users = append(users, t)
			for _, typ := range types {
				c.usesType(typ, t)
			}
		}
		for _, f := range functions {
			c.uses(f, users...)
		}
	})
}

// readCodeRelations reads what runs with the rows of relations.
func (l *loader) readCodeRelations(ctx context.Context) error {
	c := l.code
	err := l.query(ctx, codeTreesSQL, nil, func(r *row) {
		oid, isType, commands := r.oid(), r.bool(), schema.Commands(r.int4())
		if isType {
			c.mentions(r.raw(), thing{kind: aType, oid: oid})
		} else {
			c.mentions(r.raw(), ofCommands(oid, commands)...)
		}
	})
	if err != nil {
		return err
	}
	err = l.query(ctx, codeTriggersSQL, nil, func(r *row) {
		oid, commands, function, condition := r.oid(), schema.Commands(r.int4()), r.oid(), r.raw()
		if function == 0 {
			c.markCommands(oid, commands)
			return
		}
		users := ofCommands(oid, commands)
		c.uses(function, users...)
		c.mentions(condition, users...)
	})
	if err != nil {
		return err
	}
	return l.query(ctx, codeLinksSQL, nil, func(r *row) {
		reached, name, on := r.oid(), r.text(), schema.Commands(r.int4())
		by, with := r.oid(), schema.Commands(r.int4())
		if name != "" {
			c.name(thing{aRelation, reached, schema.Select}, name)
		}
		for _, command := range eachCommand {
			from := thing{aRelation, reached, command}
			if on == schema.AllCommands {
				c.byThing[from] = append(c.byThing[from], thing{aRelation, by, command})
			} else if on&command != 0 {
				c.byThing[from] = append(c.byThing[from], thing{aRelation, by, with})
			}
		}
	})
}

// readTypeUsers marks what is made of the types that were marked last.
func (l *loader) readTypeUsers(ctx context.Context) error {
	c := l.code
	types := c.types
	c.types = nil
	return l.query(ctx, codeTypeUsersSQL, [][]byte{oidArray(types)}, func(r *row) {
		t := thing{kind: aType, oid: r.oid()}
		name, relation := r.text(), r.oid()
		if t.oid != 0 && !c.runs[t] {
			c.name(t, name)
			c.mark(t)
		}
		if relation != 0 {
			c.markCommands(relation, schema.AllCommands)
		}
	})
}
