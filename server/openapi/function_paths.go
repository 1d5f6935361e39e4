package openapi

import "github.com/postern-db/postern/schema"

// functionPath writes how a function is called: by POST, and by GET unless it may write. Overloads share the path.
func (d *document) functionPath(f *function) {
	id := "rpc." + component(f.name)
	tag := d.in.Schema + " functions"
	comment := ""
	for i := range f.overloads {
		if comment = f.overloads[i].Comment; comment != "" {
			break
		}
	}
	readOnly := make([]*overload, 0, len(f.overloads))
	all := make([]*overload, 0, len(f.overloads))
	for i := range f.overloads {
		o := &f.overloads[i]
		all = append(all, o)
		if _, media := o.wholeBody(); o.Volatility != schema.Volatile && media == "" {
			readOnly = append(readOnly, o)
		}
	}
	d.member("/rpc/"+pathSegment(f.name), func() {
		if len(readOnly) > 0 {
			d.member("get", func() {
				d.operation(id+".get", tag, "Call "+f.name, comment)
				d.list("parameters", func() {
					taken := d.queryArguments(readOnly)
					d.resultParameters(readOnly, taken)
					d.profile(reading)
				})
				d.results(readOnly)
			})
		}
		d.member("post", func() {
			d.operation(id+".post", tag, "Call "+f.name, comment)
			d.list("parameters", func() {
				d.resultParameters(all, nil)
				d.profile(writing)
			})
			d.argumentsBody(all)
			d.results(all)
		})
	})
}

// wholeBody tells whether the function's only parameter, one without a name, takes the body as it is, and of what media type.
func (o *overload) wholeBody() (typ, media string) {
	if len(o.Parameters) != 1 || o.Parameters[0].Name != "" {
		return "", ""
	}
	typ = o.Parameters[0].Type
	switch typ {
	case "json", "jsonb":
		return typ, "application/json"
	case "xml":
		return typ, "text/xml"
	case "bytea":
		return typ, "application/octet-stream"
	}
	return typ, "text/plain"
}

// queryArguments writes the parameters of all overloads, required if each has it so, and returns their names.
func (d *document) queryArguments(overloads []*overload) map[string]bool {
	written := make(map[string]bool)
	for _, o := range overloads {
		for i := range o.Parameters {
			p := &o.Parameters[i]
			if written[p.Name] || p.Name == "" {
				continue
			}
			written[p.Name] = true
			d.object(func() {
				d.text("name", p.Name)
				d.text("in", "query")
				d.bool("required", requiredByAll(overloads, p.Name))
				d.member("schema", func() { d.queryValue(p) })
			})
		}
	}
	return written
}

func requiredByAll(overloads []*overload, name string) bool {
	for _, o := range overloads {
		required := false
		for i := range o.Parameters {
			required = required || o.Parameters[i].Name == name && o.Parameters[i].Required
		}
		if !required {
			return false
		}
	}
	return true
}

// queryValue describes an argument in a URL: a variadic one is repeated, and other values are in PostgreSQL's text form, which
// for arrays, composite types and json is no more than a text.
func (d *document) queryValue(p *schema.Parameter) {
	v := d.typeValue(p.Type)
	v.nullable = false
	if p.Variadic {
		d.text("type", "array")
		d.member("items", func() {
			e := d.element(v)
			e.nullable = false
			d.valueMembers(e, writing, maxNesting)
		})
		return
	}
	if b, known := builtinType(v.typ); v.array || v.composite || known && b.kind == "" {
		d.text("type", "string")
		d.text("format", p.Type)
		return
	}
	d.valueMembers(v, writing, maxNesting)
}

// resultParameters writes those that choose among the rows of functions that return rows: the filters of the relation, if they
// return one that can be read, leaving out those that an argument's name has taken.
func (d *document) resultParameters(overloads []*overload, taken map[string]bool) {
	rows, sets := false, false
	for _, o := range overloads {
		rows = rows || o.Composite
		sets = sets || o.ReturnsSet
	}
	names := []string{}
	if rows {
		if r := d.returnedRelation(overloads); r != nil && sets {
			d.filterRefs(r, taken)
		}
		names = append(names, "select")
	}
	if rows && sets {
		names = append(names, "order")
	}
	if sets {
		names = append(names, "limit", "offset")
	}
	for _, name := range names {
		if !taken[name] {
			d.ref("parameters/", name)
		}
	}
	d.ref("parameters/prefer.call")
}

// returnedRelation is the one relation whose rows all of the overloads return, if it can be read.
func (d *document) returnedRelation(overloads []*overload) *relation {
	for _, o := range overloads {
		if !o.Composite || o.Returns != overloads[0].Returns || o.Returns.Schema != d.in.Schema {
			return nil
		}
	}
	return d.readable[overloads[0].Returns.Name]
}

// argumentsBody writes the body of a call: an object of the arguments or, for a parameter without a name, the argument itself.
func (d *document) argumentsBody(overloads []*overload) {
	var objects []*overload
	bodies := map[string]string{} // type by media type
	for _, o := range overloads {
		if typ, media := o.wholeBody(); media != "" {
			bodies[media] = typ
		} else if len(o.Parameters) > 0 {
			objects = append(objects, o)
		}
	}
	if len(objects) == 0 && len(bodies) == 0 {
		return
	}
	d.member("requestBody", func() {
		d.bool("required", len(objects)+len(bodies) == len(overloads))
		d.member("content", func() {
			_, anyJSON := bodies["application/json"]
			switch {
			case anyJSON:
				d.value("application/json", `{"schema":{},"example":{"key":"value"}}`)
			case len(objects) > 0:
				d.member("application/json", func() {
					d.member("schema", func() { d.alternatives("anyOf", objects, d.argumentMembers) })
				})
			}
			for _, text := range [][2]string{
				{"text/plain", `{"schema":{"type":"string"},"example":"text"}`},
				{"text/xml", `{"schema":{"type":"string","xml":{"name":"example"}}}`}, // of which tools make a document
				{"application/octet-stream", `{"schema":{"type":"string"}}`},
			} {
				if _, ok := bodies[text[0]]; ok {
					d.value(text[0], text[1])
				}
			}
		})
	})
}

// alternatives writes one schema, or several under a keyword.
func (d *document) alternatives(keyword string, overloads []*overload, members func(*overload)) {
	if len(overloads) == 1 {
		members(overloads[0])
		return
	}
	d.list(keyword, func() {
		for _, o := range overloads {
			d.object(func() { members(o) })
		}
	})
}

func (d *document) argumentMembers(o *overload) {
	d.text("type", "object")
	var required []string
	d.member("properties", func() {
		for i := range o.Parameters {
			p := &o.Parameters[i]
			d.member(p.Name, func() { d.valueMembers(d.typeValue(p.Type), writing, 0) })
			if p.Required {
				required = append(required, p.Name)
			}
		}
	})
	if required != nil {
		d.texts("required", required)
	}
}
