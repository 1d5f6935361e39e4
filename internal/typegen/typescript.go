package typegen

import (
	_ "embed"
	"encoding/json"
	"strings"

	"github.com/postern-db/postern/schema"
)

//go:embed helpers.ts
var helpersTS string

// postgrestVersion is what the types tell supabase-js of the server: the newest version whose features the client knows to ask
// for. It compares the text, so that a greater number would count as an old one.
const postgrestVersion = "14"

// TypeScript returns a module with the type Database that supabase-js and postgrest-js expect (Supabase manual, Generating
// TypeScript Types), and with helper types.
func TypeScript(catalog *schema.Catalog) []byte {
	t := &typescript{resolver: &resolver{catalog}}
	t.line("export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]")
	t.line("")
	t.open("export type Database = {")
	t.open("__InternalSupabase: {")
	t.line("PostgrestVersion: ", quote(postgrestVersion))
	t.close("}")
	for _, s := range catalog.Schemas {
		t.schema(s)
	}
	t.close("}")
	t.line("")
	t.line(strings.ReplaceAll(strings.TrimSuffix(helpersTS, "\n"), "DEFAULT_SCHEMA", quote(catalog.Schemas[0])))
	t.line("")
	t.constants()
	return []byte(t.out.String())
}

// typescript is a module in the course of being written.
type typescript struct {
	*resolver
	out   strings.Builder
	depth int
}

// line writes a line, its parts joined.
func (t *typescript) line(parts ...string) {
	text := strings.Join(parts, "")
	if text != "" {
		t.out.WriteString(strings.Repeat("  ", t.depth))
	}
	t.out.WriteString(text)
	t.out.WriteByte('\n')
}

func (t *typescript) open(parts ...string)  { t.line(parts...); t.depth++ }
func (t *typescript) close(parts ...string) { t.depth--; t.line(parts...) }

// group writes an object type whose members write writes; if it is empty no name is allowed.
func (t *typescript) group(name string, empty bool, write func()) {
	t.open(name, ": {")
	if empty {
		t.line("[_ in never]: never")
	} else {
		write()
	}
	t.close("}")
}

func (t *typescript) schema(name string) {
	var tables, views []*schema.Relation
	for _, r := range t.catalog.Relations(name) {
		if r.IsView() {
			views = append(views, r)
		} else {
			tables = append(tables, r)
		}
	}
	functions := t.functions(name)
	var enums, composites []*schema.DataType
	types := t.catalog.DataTypes()
	for i := range types {
		switch d := &types[i]; {
		case d.Name.Schema != name:
		case d.Enum != nil:
			enums = append(enums, d)
		case d.Attributes != nil:
			composites = append(composites, d)
		}
	}
	t.open(key(name), ": {")
	t.group("Tables", len(tables) == 0, func() {
		for _, r := range tables {
			t.relation(r)
		}
	})
	t.group("Views", len(views) == 0, func() {
		for _, r := range views {
			t.relation(r)
		}
	})
	t.group("Functions", len(functions) == 0, func() {
		for _, f := range functions {
			t.function(f)
		}
	})
	t.group("Enums", len(enums) == 0, func() {
		for _, d := range enums {
			t.line(key(d.Name.Name), ": ", labels(d.Enum, " | "))
		}
	})
	t.group("CompositeTypes", len(composites) == 0, func() {
		for _, d := range composites {
			t.open(key(d.Name.Name), ": {")
			for _, a := range d.Attributes {
				t.line(key(a.Name), ": ", t.ts(t.attribute(a)), " | null")
			}
			t.close("}")
		}
	})
	t.close("}")
}

// constants writes the labels of enums as values.
func (t *typescript) constants() {
	types := t.catalog.DataTypes()
	t.open("export const Constants = {")
	for _, s := range t.catalog.Schemas {
		t.open(key(s), ": {")
		t.open("Enums: {")
		for i := range types {
			if d := &types[i]; d.Name.Schema == s && d.Enum != nil {
				t.line(key(d.Name.Name), ": [", labels(d.Enum, ", "), "],")
			}
		}
		t.close("},")
		t.close("},")
	}
	t.close("} as const")
}

// ts returns the TypeScript type of a shape.
func (t *typescript) ts(s shape) string {
	switch s.kind {
	case boolean:
		return "boolean"
	case int16Kind, int32Kind, int64Kind, float32Kind, float64Kind, decimal:
		return "number"
	case text, timestamp:
		return "string"
	case document:
		return "Json"
	case void:
		return "undefined"
	case record:
		return "Record<string, unknown>"
	case array:
		element := t.ts(*s.element)
		if strings.Contains(element, " | ") {
			element = "(" + element + ")"
		}
		return element + "[]"
	case enum:
		if t.exposes(s.typ.Name) {
			return reference(s.typ.Name, "Enums")
		}
		return labels(s.typ.Enum, " | ")
	case composite:
		if t.exposes(s.typ.Name) {
			return reference(s.typ.Name, "CompositeTypes")
		}
		members := make([]string, len(s.typ.Attributes))
		for i, a := range s.typ.Attributes {
			members[i] = key(a.Name) + ": " + t.ts(t.attribute(a)) + " | null"
		}
		return inline(members)
	case row:
		return rowType(s.row)
	default:
		return "unknown"
	}
}

// reference names a member of Database.
func reference(n schema.Name, group string) string {
	return "Database[" + quote(n.Schema) + "][" + quote(group) + "][" + quote(n.Name) + "]"
}

func rowType(r *schema.Relation) string {
	group := "Tables"
	if r.IsView() {
		group = "Views"
	}
	return reference(r.Name, group) + `["Row"]`
}

// inline writes an object type on one line.
func inline(members []string) string {
	if len(members) == 0 {
		return "Record<PropertyKey, never>"
	}
	return "{ " + strings.Join(members, "; ") + " }"
}

func labels(all []string, separator string) string {
	if len(all) == 0 {
		return "never"
	}
	quoted := make([]string, len(all))
	for i, l := range all {
		quoted[i] = quote(l)
	}
	return strings.Join(quoted, separator)
}

// key returns a name as the key of a member: quoted unless it is an identifier (ECMA-262, 12.7 Names and Keywords; keywords may
// stand there, too).
func key(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || i > 0 && c >= '0' && c <= '9') {
			return quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// quote returns a string literal. JSON's are among TypeScript's.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil { // a string always has a form in JSON
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
