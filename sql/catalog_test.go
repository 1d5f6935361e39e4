package sql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/schema"
)

// parseCatalog reads a catalog in a short form, a thing a line:
//
//	schemas api office
//	table films (id int4 pk, title text = 'untitled', year int4, director_id int4 -> directors.id)
//	view recent_films of films (id int4, director_id int4)
//	foreign key crew_film on crew (film_id, year) -> films (id, year)
//	field films.full_title text
//	relationship films.sequels -> films
//	relationship films.studio -> studios one
//	function search(term text, page int4 = 1) returns setof films stable
//	function total() returns int8
//	function pair() returns row (a int4, b text)
//	represent color as json by api.color_json
//	handler api.films_as_xml of films for text/xml
//	role clerk in reader
//	grant films to reader
//
// A name without a schema is of the schema that a line "in" named last, at first the first. Columns that are pk or unique
// and refer to another make one-to-one relationships. Without a line that grants something everyone sees everything.
func parseCatalog(tb testing.TB, text string) *schema.Catalog {
	tb.Helper()
	p := catalogParser{def: &schema.Definition{Schemas: []string{"api"}}, grants: map[string][]string{}}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if p.schema == "" && !strings.HasPrefix(line, "schemas ") {
			p.schema = p.def.Schemas[0]
		}
		if err := p.line(line); err != nil {
			tb.Fatalf("catalog, line %d: %v: %s", i+1, err, line)
		}
	}
	if len(p.grants) > 0 {
		p.def.SchemaGrantees = map[string][]string{}
		for _, s := range p.def.Schemas {
			p.def.SchemaGrantees[s] = []string{schema.Public}
		}
		for _, r := range p.def.Relations {
			r.Grantees = p.grants[r.Name.Name]
		}
		for _, f := range p.def.Routines {
			f.Grantees = p.grants[f.Name.Name]
		}
	}
	for _, v := range p.views {
		p.viewKeys(v.view, v.table)
	}
	for _, f := range p.def.Routines {
		for _, r := range p.def.Relations {
			if f.Returns == r.Name {
				f.Composite, f.Columns = true, r.Columns
			}
		}
	}
	return schema.New(p.def)
}

type catalogParser struct {
	def    *schema.Definition
	schema string
	grants map[string][]string
	views  []struct{ view, table schema.Name }
}

// viewKeys gives a view the keys of a table all of whose columns it has under the same names.
func (p *catalogParser) viewKeys(view, table schema.Name) {
	relation := func(n schema.Name) *schema.Relation {
		return p.def.Relations[slices.IndexFunc(p.def.Relations, func(r *schema.Relation) bool { return r.Name == n })]
	}
	add := func(role schema.KeyRole, source schema.Name, constraint string, columns []string) {
		k := schema.ViewKey{Table: table, View: view, Source: source, Constraint: constraint, Role: role}
		for _, c := range columns {
			if !slices.ContainsFunc(relation(view).Columns, func(vc *schema.Column) bool { return vc.Name == c }) {
				return
			}
			k.Columns = append(k.Columns, schema.ViewKeyColumn{TableColumn: c, ViewColumns: []string{c}})
		}
		p.def.ViewKeys = append(p.def.ViewKeys, k)
	}
	add(schema.PrimaryKeyRole, table, table.Name+"_pkey", relation(table).PrimaryKey)
	for _, fk := range p.def.ForeignKeys {
		var sources, targets []string
		for _, c := range fk.Columns {
			sources, targets = append(sources, c.Source), append(targets, c.Target)
		}
		if fk.Source == table {
			add(schema.ForeignKeyRole, fk.Source, fk.Constraint, sources)
		}
		if fk.Target == table {
			add(schema.ReferencedRole, fk.Source, fk.Constraint, targets)
		}
	}
}

func (p *catalogParser) name(s string) schema.Name {
	if before, after, ok := strings.Cut(s, "."); ok && !strings.Contains(s, `"`) {
		return schema.Name{Schema: before, Name: after}
	}
	return schema.Name{Schema: p.schema, Name: unquote(s)}
}

func unquote(s string) string {
	if len(s) > 1 && s[0] == '"' {
		return strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
	}
	return s
}

func (p *catalogParser) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	fields := splitOutside(rest, ' ')
	switch word {
	case "schemas":
		p.def.Schemas = fields
	case "in":
		p.schema = rest
	case "table", "view":
		return p.relation(word, rest)
	case "foreign":
		return p.foreignKey(strings.TrimPrefix(rest, "key "))
	case "field":
		of, field, _ := strings.Cut(fields[0], ".")
		p.def.ComputedFields = append(p.def.ComputedFields, schema.ComputedField{
			Function: p.name(field), Relation: p.name(of), Type: fields[1], Encoding: encodingOf(fields[1]),
		})
	case "relationship":
		of, function, _ := strings.Cut(fields[0], ".")
		p.def.ComputedRelationships = append(p.def.ComputedRelationships, schema.ComputedRelationship{
			Function: p.name(function), Source: p.name(of), Target: p.name(fields[2]), SingleRow: len(fields) > 3,
		})
	case "function":
		return p.function(rest)
	case "represent":
		r := schema.Representation{Source: fields[0], Target: fields[2], Function: fields[4]}
		if r.Target != "json" { // represent json as color
			r.Target = fields[2]
		}
		p.def.Representations = append(p.def.Representations, r)
	case "handler":
		h := schema.MediaHandler{Function: p.name(fields[0]), Relation: p.name(fields[2]), MediaType: fields[4], Produces: fields[4]}
		if fields[2] == "anyelement" {
			h.Relation.Schema = "pg_catalog"
		}
		if len(fields) > 5 {
			h.Produces = fields[6]
		}
		p.def.MediaHandlers = append(p.def.MediaHandlers, h)
	case "role":
		p.def.Roles = append(p.def.Roles, schema.Role{Name: fields[0], MemberOf: append(fields[:1:1], fields[min(2, len(fields)):]...)})
	case "grant":
		p.grants[fields[0]] = append(p.grants[fields[0]], fields[2])
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func (p *catalogParser) relation(kind, rest string) error {
	name, list, ok := strings.Cut(rest, " (")
	if !ok {
		return fmt.Errorf("no columns")
	}
	r := &schema.Relation{Name: p.name(name), Insertable: true, Updatable: true, Deletable: true}
	if kind == "view" {
		r.Kind = schema.View
		if view, table, ok := strings.Cut(name, " of "); ok {
			r.Name = p.name(view)
			p.views = append(p.views, struct{ view, table schema.Name }{r.Name, p.name(table)})
		}
	}
	for _, column := range splitOutside(strings.TrimSuffix(list, ")"), ',') {
		words := splitOutside(strings.TrimSpace(column), ' ')
		c := newColumn(unquote(words[0]), unquote(words[1]))
		unique := false
		for i := 2; i < len(words); i++ {
			switch words[i] {
			case "pk":
				r.PrimaryKey = append(r.PrimaryKey, c.Name)
				unique = true
			case "unique":
				unique = true
			case "=":
				c.Default = words[i+1]
				i++
			case "->":
				table, column, _ := strings.Cut(words[i+1], ".")
				p.def.ForeignKeys = append(p.def.ForeignKeys, schema.ForeignKey{
					Constraint: r.Name.Name + "_" + c.Name + "_fkey", Source: r.Name, Target: p.name(table), Unique: unique,
					Columns: []schema.ColumnPair{{Source: c.Name, Target: column}},
				})
				i++
			default:
				return fmt.Errorf("unknown word %q", words[i])
			}
		}
		r.Columns = append(r.Columns, c)
	}
	slices.Sort(r.PrimaryKey)
	if n := len(r.PrimaryKey); n > 1 { // a column of a key of several is not unique
		for i := range p.def.ForeignKeys {
			if fk := &p.def.ForeignKeys[i]; fk.Source == r.Name && slices.Contains(r.PrimaryKey, fk.Columns[0].Source) {
				fk.Unique = false
			}
		}
	}
	p.def.Relations = append(p.def.Relations, r)
	return nil
}

func (p *catalogParser) foreignKey(rest string) error {
	var name, source, target, columns, others string
	clean := strings.NewReplacer(", ", ",", "(", " ", ")", " ", "->", " ").Replace(rest)
	if _, err := fmt.Sscan(strings.Replace(clean, " on ", " ", 1), &name, &source, &columns, &target, &others); err != nil {
		return err
	}
	fk := schema.ForeignKey{Constraint: name, Source: p.name(source), Target: p.name(target)}
	other := strings.Split(others, ",")
	for i, c := range strings.Split(columns, ",") {
		fk.Columns = append(fk.Columns, schema.ColumnPair{Source: c, Target: other[i]})
	}
	p.def.ForeignKeys = append(p.def.ForeignKeys, fk)
	return nil
}

func (p *catalogParser) function(rest string) error {
	name, rest, _ := strings.Cut(rest, "(")
	list, rest, ok := strings.Cut(rest, ")")
	if !ok {
		return fmt.Errorf("no parameters")
	}
	f := &schema.Routine{Name: p.name(name), Volatility: schema.Volatile}
	for _, param := range splitOutside(list, ',') {
		a := schema.Parameter{Required: true}
		words := strings.Fields(param)
		if words[0] == "variadic" {
			a.Variadic, f.Variadic, words = true, true, words[1:]
		}
		if i := slices.Index(words, "="); i >= 0 {
			a.Required, words = false, words[:i]
		}
		a.Type = words[len(words)-1]
		a.CastType = a.Type
		if len(words) > 1 {
			a.Name = unquote(words[0])
		}
		f.Parameters = append(f.Parameters, a)
	}
	rest = strings.TrimPrefix(strings.TrimSpace(rest), "returns ")
	if after, ok := strings.CutPrefix(rest, "setof "); ok {
		f.ReturnsSet, rest = true, after
	}
	if before, ok := strings.CutSuffix(rest, " stable"); ok {
		f.Volatility, rest = schema.Stable, before
	}
	if after, ok := strings.CutPrefix(rest, "row ("); ok {
		f.Returns, f.Composite = schema.Name{Schema: "pg_catalog", Name: "record"}, true
		for _, column := range splitOutside(strings.TrimSuffix(after, ")"), ',') {
			words := strings.Fields(column)
			f.Columns = append(f.Columns, newColumn(words[0], words[1]))
		}
	} else {
		f.Returns = p.name(rest)
		f.Encoding = encodingOf(rest)
		f.Composite = rest == "record"
		if !slices.ContainsFunc(p.def.Relations, func(r *schema.Relation) bool { return r.Name == f.Returns }) {
			f.Returns.Schema = "pg_catalog"
		}
	}
	p.def.Routines = append(p.def.Routines, f)
	return nil
}

func newColumn(name, typ string) *schema.Column {
	return &schema.Column{Name: name, Type: typ, NominalType: typ, Nullable: true, Encoding: encodingOf(typ)}
}

func encodingOf(typ string) schema.Encoding {
	switch typ {
	case "int2", "int4", "int8", "json", "jsonb":
		return schema.Verbatim
	case "bool":
		return schema.Boolean
	case "float8", "numeric":
		return schema.Number
	case "text", "uuid", "tsvector", "bytea":
		return schema.String
	default:
		return schema.ToJSON
	}
}

// splitOutside splits at sep, but not in quotes or parentheses, and leaves out what is empty.
func splitOutside(s string, sep byte) []string {
	var out []string
	depth, start, quote := 0, 0, byte(0)
	add := func(end int) {
		if part := strings.TrimSpace(s[start:end]); part != "" {
			out = append(out, part)
		}
		start = end + 1
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == sep && depth == 0:
			add(i)
		}
	}
	add(len(s))
	return out
}
