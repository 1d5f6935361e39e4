package openapi

// family is a set of types that the same operators fit (PostgREST reference, Operators).
type family string

// The families. They are parts of components' names.
const (
	booleans   family = "boolean"
	ordered    family = "ordered"
	textual    family = "text"
	containers family = "container" // arrays and jsonb
	ranges     family = "range"
	documents  family = "document" // cannot be compared
	searchable family = "search"
	unknown    family = "any"
)

func families() []family {
	return []family{booleans, ordered, textual, containers, ranges, documents, searchable, unknown}
}

// Operators, as parts of a regular expression (ECMA-262) of what a filter begins with, and what they are in words.
const (
	compares = `((eq|gte|gt|lte|lt)(\((any|all)\))?|neq|isdistinct)\.`
	lists    = `in\.\(`
	tests    = `is\.(null|not_null)$`
	truths   = `is\.(null|not_null|true|false|unknown)$`
	patterns = `(like|ilike|match|imatch)(\((any|all)\))?\.`
	contents = `(cs|cd|ov)\.`
	limits   = `(sl|sr|nxr|nxl|adj)\.`
	searches = `(fts|plfts|phfts|wfts)(\([^)]*\))?\.`

	comparesDoc = "eq, neq, gt, gte, lt, lte, isdistinct; eq, gt, gte, lt and lte also with (any) or (all) of {a,b}"
	listsDoc    = "in.(a,b)"
	testsDoc    = "is.null, is.not_null"
	truthsDoc   = "is.true, is.false, is.unknown, is.null, is.not_null"
	patternsDoc = "like and ilike (* stands for any characters), match and imatch (regular expressions)"
	contentsDoc = "cs (contains), cd (is contained in), ov (overlaps)"
	limitsDoc   = "sl, sr (strictly left or right of), nxr, nxl (does not extend to the right or left of), adj (adjacent to)"
	searchesDoc = "fts, plfts, phfts, wfts (full-text search), with a language as in fts(english)"
)

// operators returns the alternatives that a filter of the family can begin with, and their description.
func (f family) operators() (alternatives, description []string) {
	switch f {
	case booleans:
		return []string{compares, lists, truths}, []string{comparesDoc, listsDoc, truthsDoc}
	case textual:
		return []string{compares, lists, tests, patterns, searches},
			[]string{comparesDoc, listsDoc, testsDoc, patternsDoc, searchesDoc}
	case containers:
		return []string{compares, lists, tests, contents, searches},
			[]string{comparesDoc, listsDoc, testsDoc, contentsDoc, searchesDoc}
	case ranges:
		return []string{compares, lists, tests, contents, limits},
			[]string{comparesDoc, listsDoc, testsDoc, contentsDoc, limitsDoc}
	case documents:
		return []string{tests, searches}, []string{testsDoc, searchesDoc}
	case searchable:
		return []string{compares, lists, tests, searches}, []string{comparesDoc, listsDoc, testsDoc, searchesDoc}
	case ordered:
		return []string{compares, lists, tests}, []string{comparesDoc, listsDoc, testsDoc}
	default:
		return []string{compares, lists, truths, patterns, contents, limits, searches},
			[]string{comparesDoc, listsDoc, truthsDoc, patternsDoc, contentsDoc, limitsDoc, searchesDoc}
	}
}

// filterSchemas writes one schema a family, to which the filters' parameters refer.
func (d *document) filterSchemas() {
	for _, f := range families() {
		alternatives, description := f.operators()
		d.key("filter.", string(f))
		d.object(func() {
			d.text("type", "string")
			pattern, doc := "", ""
			for i := range alternatives {
				if i > 0 {
					pattern += "|"
				}
				pattern += alternatives[i]
				doc += "\n- " + description[i]
			}
			d.text("pattern", "^(not\\.)?(", pattern, ")")
			d.text("description", "An operator, a dot and a value. Before them not. negates. Operators:\n", doc)
		})
	}
}

// filters writes the filter parameters of a relation's columns.
func (d *document) filters(r *relation) {
	for _, c := range r.Columns {
		key, ok := filterKey(c.Name)
		if !ok || !r.may.read.has(c.Name) {
			continue
		}
		v := d.columnValue(c)
		d.key("filter.", component(r.Name.Name), ".", component(c.Name))
		d.object(func() {
			d.text("name", key)
			d.text("in", "query")
			if c.Comment != "" {
				d.text("description", c.Comment)
			}
			d.member("schema", func() { d.text("$ref", "#/components/schemas/filter.", string(d.family(v))) })
			if example := d.example(v); d.family(v) != documents && example != "" && example[0] != '{' && example[0] != '[' {
				d.text("example", "eq.", unquoted(example))
			}
		})
	}
}

// filterRefs lists the relation's filters, leaving out those whose name is taken.
func (d *document) filterRefs(r *relation, taken map[string]bool) {
	for _, c := range r.Columns {
		if _, ok := filterKey(c.Name); ok && r.may.read.has(c.Name) && !taken[c.Name] {
			d.ref("parameters/filter.", component(r.Name.Name), ".", component(c.Name))
		}
	}
}
