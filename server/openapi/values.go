package openapi

import (
	"encoding/json"
	"strings"

	"github.com/postern-db/postern/schema"
)

// value is what a schema is written of: a column, a parameter, or an element of an array.
type value struct {
	typ       string // SQL name without modifiers, base types for domains
	nominal   string // as declared
	nullable  bool
	enum      []string
	maxLength int
	encoding  schema.Encoding
	// named is set if only the name of the type is known: it is no column.
	named     bool
	array     bool
	composite bool
}

func columnValue(c *schema.Column) value {
	return value{
		typ: c.Type, nominal: c.NominalType, nullable: c.Nullable, enum: c.Enum, maxLength: c.MaxLength,
		encoding: c.Encoding, array: c.IsArray, composite: c.IsComposite,
	}
}

// namedValue is the value of a type by its name alone.
func (d *document) namedValue(name string) value {
	v := value{typ: name, nominal: name, nullable: true, named: true, array: strings.HasSuffix(name, "[]")}
	v.enum = d.enums[name]
	v.composite = d.rows[name] != nil
	return v
}

func (d *document) element(v value) value {
	return d.namedValue(strings.TrimSuffix(v.typ, "[]"))
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
		d.text("format", v.nominal)
		return
	}
	switch {
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
		d.member("items", func() { d.valueMembers(d.element(v), dir, depth) })
		return
	case v.composite:
		d.kind("object", v.nullable)
		if columns := d.rows[v.typ]; depth < maxNesting && len(columns) > 0 {
			d.member("properties", func() {
				for _, c := range columns {
					d.member(c.Name, func() {
						of := columnValue(c)
						of.nullable = true // a composite type enforces nothing
						d.valueMembers(of, dir, depth+1)
					})
				}
			})
		}
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
	if bounds := numericBounds(v.nominal); bounds != "" {
		d.raw(bounds)
	}
}

// represented reports whether a domain's own cast decides what JSON a column has, so that its base type says nothing.
func (d *document) represented(v value, dir direction) bool {
	switch {
	case v.named:
		return false
	case dir == reading:
		return d.in.Catalog.Representation(v.nominal, "json") != ""
	default:
		return d.in.Catalog.Representation("json", v.nominal) != ""
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
	case d.represented(v, reading) || d.represented(v, writing):
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
	case strings.HasPrefix(numericBounds(v.nominal), `"exclusiveMinimum":-1,`):
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
