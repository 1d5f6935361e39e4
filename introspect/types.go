package introspect

import (
	"context"
	_ "embed"

	"github.com/postern-db/postern/schema"
)

// Built-in types that have rules of their own. These numbers never change (PostgreSQL source, pg_type.dat).
const (
	boolOID        = 16
	int8OID        = 20
	int2OID        = 21
	int4OID        = 23
	textOID        = 25
	jsonOID        = 114
	float4OID      = 700
	float8OID      = 701
	bpcharOID      = 1042
	bpcharArrayOID = 1014
	varcharOID     = 1043
	dateOID        = 1082
	timestampOID   = 1114
	timestamptzOID = 1184
	bitOID         = 1560
	bitArrayOID    = 1561
	varbitOID      = 1562
	numericOID     = 1700
	jsonbOID       = 3802
	byteaOID       = 17
	xmlOID         = 142

	// firstUserOID is the first number that can belong to a type which is not built in.
	firstUserOID = 16384
)

//go:embed types.sql
var typesSQL string

//go:embed type_names.sql
var typeNamesSQL string

// typ is a row of pg_type.
type typ struct {
	oid      uint32
	name     schema.Name
	kind     byte   // pg_type.typtype: b, c, d, e, m, p or r
	baseOID  uint32 // of a domain
	modifier int32  // of a domain's base type
	relation uint32 // of a composite type
	notNull  bool   // of a domain
	array    bool
	// multidimensional is set for a domain over an array of several dimensions.
	multidimensional bool
	jsonCast         bool
	text             string // SQL text without a modifier
	def              string // SQL text of a domain's default
	enum             []string

	under *typ // of a domain: the type that it is based on
	base  *typ // the type below all domains; itself if it is none
}

// typeName asks for the SQL text of a type with its modifier.
type typeName struct {
	oid      uint32
	modifier int32
}

// needTypes reads those of the types, and of the types below them, that are not known yet.
func (l *loader) needTypes(ctx context.Context, oids []uint32) error {
	seen := make(map[uint32]bool)
	var unknown []uint32
	for _, o := range oids {
		if o != 0 && l.types[o] == nil && !seen[o] {
			seen[o] = true
			unknown = append(unknown, o)
		}
	}
	if unknown == nil {
		return nil
	}
	var added []*typ
	err := l.query(ctx, typesSQL, [][]byte{oidArray(unknown)}, func(r *row) {
		t := &typ{
			oid: r.oid(), name: schema.Name{Schema: r.text(), Name: r.text()}, kind: r.char(), baseOID: r.oid(), modifier: r.int4(),
			relation: r.oid(), notNull: r.bool(), array: r.bool(), multidimensional: r.bool(), jsonCast: r.bool(), text: r.text(), def: r.text(), enum: r.texts(),
		}
		if l.types[t.oid] == nil {
			l.types[t.oid] = t
			added = append(added, t)
		}
	})
	if err != nil {
		return err
	}
	for _, t := range added {
		t.under = l.types[t.baseOID]
	}
	for _, t := range added {
		for t.base = t; t.base.under != nil; {
			t.base = t.base.under
		}
	}
	return nil
}

// typ returns a type that was asked for. One that was dropped meanwhile is a nameless pseudo-type.
func (l *loader) typ(oid uint32) *typ {
	if t := l.types[oid]; t != nil {
		return t
	}
	t := &typ{oid: oid, kind: 'p', text: "???"}
	t.base = t
	return t
}

// nameTypes fills typeNames.
func (l *loader) nameTypes(ctx context.Context) error {
	keys := make([]typeName, 0, len(l.typeNames))
	oids := make([]uint32, 0, len(l.typeNames))
	modifiers := make([]int32, 0, len(l.typeNames))
	for k := range l.typeNames {
		keys = append(keys, k)
		oids = append(oids, k.oid)
		modifiers = append(modifiers, k.modifier)
	}
	i := 0
	return l.query(ctx, typeNamesSQL, [][]byte{oidArray(oids), int4Array(modifiers)}, func(r *row) {
		l.typeNames[keys[i]] = r.text()
		i++
	})
}

// elementEncodings are those of the elements of the built-in array types that are much used.
var elementEncodings = map[uint32]schema.Encoding{
	1000: schema.Boolean,  // bool[]
	1005: schema.Verbatim, // int2[]
	1007: schema.Verbatim, // int4[]
	1016: schema.Verbatim, // int8[]
	199:  schema.Verbatim, // json[]
	3807: schema.Verbatim, // jsonb[]
	1021: schema.Number,   // float4[]
	1022: schema.Number,   // float8[]
	1231: schema.Number,   // numeric[]
	1009: schema.String,   // text[]
	1015: schema.String,   // varchar[]
	1014: schema.String,   // bpchar[]
	1001: schema.String,   // bytea[]
	2951: schema.String,   // uuid[]
}

// encoding follows to_json (PostgreSQL source, json_categorize_type): domains count as their base type, and casts to json are
// looked for only on types that are not built in.
func (t *typ) encoding() schema.Encoding {
	b := t.base
	if element, ok := elementEncodings[b.oid]; ok {
		return schema.ArrayOf(element)
	}
	switch b.oid {
	case int2OID, int4OID, int8OID, jsonOID, jsonbOID:
		return schema.Verbatim
	case boolOID:
		return schema.Boolean
	case float4OID, float8OID, numericOID:
		return schema.Number
	case dateOID, timestampOID, timestamptzOID:
		return schema.ToJSON
	}
	if b.array || b.kind == 'c' || b.kind == 'p' || b.jsonCast && b.oid >= firstUserOID {
		return schema.ToJSON
	}
	return schema.String
}

// fill sets what a column takes from its type. name is the type's SQL text with the modifier.
func (t *typ) fill(c *schema.Column, name string, modifier int32) {
	b := t.base
	c.NominalType = name
	// Documents name the type that a client can make sense of: not the domain, unless its base type is itself user-defined.
	c.Type = name
	if b.name.Schema == "pg_catalog" {
		c.Type = b.text
	}
	c.Encoding = t.encoding()
	c.IsArray = b.array
	c.IsComposite = b.kind == 'c'
	c.Enum = b.enum
	for d := t; d.under != nil; d = d.under {
		if d.notNull {
			c.Nullable = false
		}
		if d.multidimensional {
			c.IsMultidimensional = true
		}
		if d.modifier >= 0 {
			modifier = d.modifier
		}
	}
	c.MaxLength = b.maxLength(modifier)
}

// maxLength reads the length from a type's modifier, which for characters counts a header of four bytes.
func (t *typ) maxLength(modifier int32) int {
	switch {
	case modifier < 0:
		return 0
	case t.oid == bpcharOID || t.oid == varcharOID:
		return int(modifier) - 4
	case t.oid == bitOID || t.oid == varbitOID:
		return int(modifier)
	default:
		return 0
	}
}

// castText is the type to cast an argument to. Without a modifier, bit and character mean a length of one.
func (t *typ) castText() string {
	switch t.oid {
	case bitOID:
		return "bit varying"
	case bitArrayOID:
		return "bit varying[]"
	case bpcharOID:
		return "character varying"
	case bpcharArrayOID:
		return "character varying[]"
	default:
		return t.text
	}
}
