package openapi

// components writes what paths refer to.
func (d *document) components() {
	d.member("schemas", func() {
		for i := range d.relations {
			d.relationSchemas(&d.relations[i])
		}
		d.filterSchemas()
		d.value("rest.error", `{"type":"object","description":"What was wrong","properties":{`+
			`"code":{"type":"string","description":"An SQLSTATE of PostgreSQL or a code that begins with PGRST"},`+
			`"message":{"type":"string"},"details":{},"hint":{"type":["string","null"]}},"required":["code","message"]}`)
	})
	d.member("parameters", d.sharedParameters)
	d.member("responses", func() {
		for i := range d.relations {
			if d.relations[i].canRead() {
				d.rowsResponse(&d.relations[i])
			}
		}
		d.errorResponses()
	})
	d.value("headers", `{"Content-Range":{"description":"The first and last row and, if it was counted, how many there are: 0-9/42",`+
		`"schema":{"type":"string"}}}`)
	d.value("securitySchemes", `{"JWT":{"type":"http","scheme":"bearer","bearerFormat":"JWT",`+
		`"description":"A JSON Web Token whose role claim names the database role to act as"}}`)
}

func (d *document) sharedParameters() {
	d.shared("select", "select", "query", "Columns and related rows to answer with, between commas: "+
		"alias:column::type, related(column,column), column->json_key. All columns unless it is given.", "*")
	d.shared("order", "order", "query", "Columns to sort by, between commas, each with .asc or .desc, .nullsfirst or .nullslast.", "")
	d.shared("columns", "columns", "query", "The columns to write, between commas; other keys of the body are ignored.", "")
	d.shared("on_conflict", "on_conflict", "query", "Columns of the unique key by which duplicates are told.", "")
	d.shared("and", "and", "query", "Conditions that must all hold: (column.operator.value,or(...)).", "")
	d.shared("or", "or", "query", "Conditions one of which must hold: (column.operator.value,and(...)).", "")
	d.value("limit", `{"name":"limit","in":"query","description":"The most rows to answer with",`+
		`"schema":{"type":"integer","minimum":0}}`)
	d.value("offset", `{"name":"offset","in":"query","description":"How many rows to skip","schema":{"type":"integer","minimum":0}}`)
	d.shared("range", "Range", "header", "First and last row, counted from 0.", "0-9")
	d.shared("prefer.read", "Prefer", "header", "count=exact, count=planned or count=estimated counts all rows.", "count=exact")
	d.shared("prefer.insert", "Prefer", "header", "Between commas: return=representation, headers-only or minimal; "+
		"resolution=merge-duplicates or ignore-duplicates; missing=default or null; count=exact.", "return=representation")
	d.shared("prefer.write", "Prefer", "header", "Between commas: return=representation, headers-only or minimal; "+
		"handling=strict with max-affected=n; count=exact.", "return=representation")
	d.shared("prefer.call", "Prefer", "header", "Between commas: count=exact; handling=strict with max-affected=n.", "")
	if !d.inDefaultSchema() {
		d.profileParameter("profile.read", "Accept-Profile")
		d.profileParameter("profile.write", "Content-Profile")
	}
	for i := range d.relations {
		d.filters(&d.relations[i])
	}
}

func (d *document) shared(key, name, in, description, example string) {
	d.member(key, func() {
		d.text("name", name)
		d.text("in", in)
		d.text("description", description)
		d.value("schema", `{"type":"string"}`)
		if example != "" {
			d.text("example", example)
		}
	})
}

func (d *document) profileParameter(key, header string) {
	d.member(key, func() {
		d.text("name", header)
		d.text("in", "header")
		d.text("description", "Chooses the schema, which is not the default one.")
		d.bool("required", true)
		d.member("schema", func() { // an enum, for tools that know no const, with a default to fill in
			d.text("type", "string")
			d.texts("enum", []string{d.in.Schema})
			d.text("default", d.in.Schema)
		})
	})
}

func (d *document) errorResponses() {
	d.failure("400", "The request is malformed, or a value does not fit", "22P02", "invalid input syntax for type integer: \\\"x\\\"")
	d.failure("401", "No token, or one that is not valid", "PGRST303", "JWT expired")
	d.failure("403", "The role may not do this", "42501", "permission denied for table example")
	d.failure("404", "There is no such function", "PGRST202", "Could not find the function in the schema cache")
	d.failure("406", "None of the accepted media types can be produced, or not exactly one row was found", "PGRST116",
		"Cannot coerce the result to a single JSON object")
	d.failure("409", "A unique or foreign key does not allow it", "23505", "duplicate key value violates unique constraint")
	d.failure("416", "The range begins after the last row", "PGRST103", "Requested range not satisfiable")
	d.failure("any", "Any other failure", "57014", "canceling statement due to statement timeout")
}

func (d *document) failure(status, description, code, message string) {
	d.member("error."+status, func() {
		d.text("description", description)
		d.value("content", `{"application/json":{"schema":{"$ref":"#/components/schemas/rest.error"},`+
			`"example":{"code":"`+code+`","details":null,"hint":null,"message":"`+message+`"}}}`)
	})
}
