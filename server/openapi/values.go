package openapi

import (
	"encoding/json"
	"strings"

	"github.com/postern-db/postern/schema"
)

// value is what a schema is written of: a column, a parameter, a result, or a part of one of these.
type value struct {
	text      string // SQL text of the type below all domains, with modifiers
	typ       string // the same without modifiers
	declared  string // of a column: SQL text as declared; "" for what is no column
	nullable  bool
	encoding  schema.Encoding // of a column or result
	enum      []string
	maxLength int
	array     bool
	nested    bool // an array of several dimensions, whose elements may be arrays
	composite bool
	casts     bool             // a cast to json decides what is read
	of        *schema.DataType // the composite type
	row       *schema.Relation // the relation whose row the composite type is
}

func (d *document) columnValue(c *schema.Column) value {
	v := d.typeValue(c.NominalType)
	if _, known := builtinType(v.typ); !known && !v.array && !v.composite {
		v.typ = withoutModifiers(c.Type)
	}
	v.declared, v.nullable, v.encoding = c.NominalType, c.Nullable, c.Encoding
	v.array, v.composite, v.nested = v.array || c.IsArray, v.composite || c.IsComposite, v.nested || c.IsMultidimensional
	v.enum, v.maxLength = c.Enum, c.MaxLength
	return v
}

// maxDomains bounds domains over domains.
const maxDomains = 32

// typeValue is the value of a type by its SQL text, with modifiers or without.
func (d *document) typeValue(text string) value {
	v := value{nullable: true}
	for range maxDomains {
		t := d.in.Catalog.DataType(text)
		if t == nil {
			break
		}
		v.nested = v.nested || t.IsMultidimensional
		if t.Base == "" {
			v.enum, v.casts = t.Enum, t.CastsToJSON
			if len(t.Attributes) > 0 {
				v.composite, v.of = true, t
			}
			break
		}
		text = t.Base
	}
	v.text, v.typ, v.array = text, withoutModifiers(text), strings.HasSuffix(text, "[]")
	if v.row = d.in.Catalog.RowType(text); v.row != nil {
		v.composite = true
	}
	v.maxLength = lengthOf(text)
	return v
}

// element is the value of an array's elements.
func (d *document) element(v value) value {
	return d.typeValue(strings.TrimSuffix(v.text, "[]"))
}

// members returns the columns of a composite type, as far as the caller may know them, as names and values. All may be null, since a
// composite type enforces nothing, and domains have no casts of their own there.
func (d *document) members(v value) (names []string, values []value) {
	add := func(name string, of value) {
		of.nullable, of.declared = true, ""
		names, values = append(names, name), append(values, of)
	}
	switch {
	case v.of != nil:
		for _, a := range v.of.Attributes {
			of := d.typeValue(a.Type)
			of.nested = of.nested || a.IsMultidimensional
			add(a.Name, of)
		}
	case v.row != nil && v.row.Name.Schema == d.in.Schema:
		if r := d.readable[v.row.Name.Name]; r != nil && r.may.read.all {
			for _, c := range r.Columns {
				add(c.Name, d.columnValue(c))
			}
		}
	}
	return names, values
}

func (d *document) family(v value) family {
	if v.array {
		return containers
	}
	if b, known := builtinType(v.typ); known {
		return b.family
	}
	if len(v.enum) > 0 {
		return ordered
	}
	return unknown
}

// maxNesting bounds how deep the schemas of composite types are written out.
const maxNesting = 4

// direction tells whether a schema is of what is read or of what is written: domains may have casts of their own for each.
type direction bool

const (
	reading direction = false
	writing direction = true
)

// valueMembers writes the members of a value's schema.
func (d *document) valueMembers(v value, dir direction, depth int) {
	if d.represented(v, dir) {
		d.text("format", v.declared)
		return
	}
	switch {
	case v.casts && dir == reading:
		d.text("format", v.typ)
		return
	case len(v.enum) > 0:
		d.kind("string", v.nullable)
		d.list("enum", func() {
			for _, label := range v.enum {
				d.str(label)
			}
			if v.nullable {
				d.raw("null")
			}
		})
		return
	case v.array:
		d.kind("array", v.nullable)
		d.member("items", func() {
			if !v.nested {
				d.valueMembers(d.element(v), dir, depth)
			}
		})
		return
	case v.composite:
		d.kind("object", v.nullable)
		names, values := d.members(v)
		if depth >= maxNesting || names == nil {
			return
		}
		d.member("properties", func() {
			for i, name := range names {
				d.member(name, func() { d.valueMembers(values[i], dir, depth+1) })
			}
		})
		return
	}
	b, known := builtinType(v.typ)
	if !known {
		b = builtin{format: v.typ}
		if v.encoding == schema.String { // the JSON of others, and of those known by name alone, can be anything
			b.kind = "string"
		}
	}
	if b.kind != "" {
		d.kind(b.kind, v.nullable)
	}
	if b.format != "" {
		d.text("format", b.format)
	}
	if b.keywords != "" {
		d.raw(b.keywords)
	}
	if v.maxLength > 0 {
		d.number("maxLength", v.maxLength)
	}
	if bounds := numericBounds(v.text); bounds != "" {
		d.raw(bounds)
	}
}

// represented reports whether a domain's own cast decides what JSON a column has, so that its base type says nothing.
func (d *document) represented(v value, dir direction) bool {
	switch {
	case v.declared == "":
		return false
	case dir == reading:
		return d.in.Catalog.Representation(v.declared, "json") != ""
	default:
		return d.in.Catalog.Representation("json", v.declared) != ""
	}
}

func (d *document) kind(kind string, nullable bool) {
	if nullable {
		d.texts("type", []string{kind, "null"})
	} else {
		d.text("type", kind)
	}
}

// example returns an example of a value as JSON, "" if none is known.
func (d *document) example(v value) string {
	switch {
	case d.represented(v, reading) || d.represented(v, writing) || v.casts || v.nested:
		return ""
	case len(v.enum) > 0:
		return quoted(v.enum[0])
	case v.array:
		if e := d.example(d.element(v)); e != "" {
			return "[" + e + "]"
		}
		return ""
	}
	b, _ := builtinType(v.typ)
	switch {
	case v.typ == "bit" && v.maxLength > 0:
		return quoted(strings.Repeat("1", v.maxLength))
	case v.maxLength > 0 && v.maxLength < len(b.example)-2:
		return quoted(unquoted(b.example)[:v.maxLength])
	case strings.HasPrefix(numericBounds(v.text), `"exclusiveMinimum":-1,`):
		return "0"
	}
	return b.example
}

// unquoted returns the text of a JSON value: of a string its content, of others themselves.
func unquoted(value string) string {
	if value == "" || value[0] != '"' {
		return value
	}
	var s string
	if json.Unmarshal([]byte(value), &s) == nil {
		return s
	}
	return value
}

// constant returns a column's default as JSON if it is a constant that its type shows in the same way.
func constant(c *schema.Column) (string, bool) {
	text := c.Default
	if literal, _, found := cutLiteral(text); found {
		switch b, known := builtinType(c.Type); {
		case b.family == textual || len(c.Enum) > 0:
			return quoted(literal), true
		case known && b.kind == "" && json.Valid([]byte(literal)):
			return strings.TrimSpace(literal), true
		case b.kind == "integer" || b.kind == "number":
			text = literal
		}
	}
	b, _ := builtinType(c.Type)
	switch {
	case b.kind == "boolean" && (text == "true" || text == "false"),
		b.kind == "integer" && isNumber(text) && !strings.ContainsAny(text, ".eE"),
		b.kind == "number" && isNumber(text):
		return text, true
	}
	return "", false
}

func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}

// cutLiteral reads a string constant with a cast, 'text'::type, and nothing after it.
func cutLiteral(expression string) (literal, typ string, found bool) {
	if !strings.HasPrefix(expression, "'") {
		return "", "", false
	}
	for i := 1; i < len(expression); i++ {
		if expression[i] != '\'' {
			continue
		}
		if i+1 < len(expression) && expression[i+1] == '\'' {
			i++
			continue
		}
		typ, found = strings.CutPrefix(expression[i+1:], "::")
		if !found || strings.ContainsAny(typ, "':+-*/|&=<>") {
			return "", "", false
		}
		return strings.ReplaceAll(expression[1:i], "''", "'"), typ, true
	}
	return "", "", false
}
