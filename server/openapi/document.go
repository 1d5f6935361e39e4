package openapi

import (
	"cmp"
	"io"
	"strconv"
)

// WriteOpenAPI writes the OpenAPI 3.1 document. It has an operation only where the caller's privileges and the relation
// itself admit it, and columns only where the caller may read or write them. Errors are those of w.
func WriteOpenAPI(w io.Writer, in *Input) error {
	d := &document{writer: newWriter(w), in: in, functions: in.functions()}
	d.index()
	d.object(d.write)
	return d.flush()
}

// document is an OpenAPI 3.1 document in the course of being written.
type document struct {
	*writer
	in        *Input
	relations []relation // those that the caller can do anything to
	functions []function

	readable map[string]*relation // those of relations that can be read, by name
}

// index finds what relations there are.
func (d *document) index() {
	for _, r := range d.in.relations() {
		if r.mayDoAnything() {
			d.relations = append(d.relations, r)
		}
	}
	d.readable = make(map[string]*relation, len(d.relations))
	for i := range d.relations {
		r := &d.relations[i]
		if r.may.read.any() {
			d.readable[r.Name.Name] = r
		}
	}
}

func (d *document) write() {
	d.text("openapi", "3.1.0")
	title, description := d.in.title()
	d.member("info", func() {
		d.text("title", title)
		if description != "" {
			d.text("description", description)
		}
		d.text("version", d.in.Version)
	})
	d.list("servers", func() { d.object(func() { d.text("url", d.server()) }) })
	if d.in.Anonymous {
		d.value("security", `[{"JWT":[]},{}]`)
	} else {
		d.value("security", `[{"JWT":[]}]`)
	}
	d.list("tags", func() {
		d.tag(d.in.Schema, "Tables and views of the schema "+d.in.Schema)
		if len(d.functions) > 0 {
			d.tag(d.in.Schema+" functions", "Functions of the schema "+d.in.Schema)
		}
	})
	d.member("paths", d.paths)
	d.member("components", d.components)
}

// server is the proxy's URL, or the one that the document itself came from.
func (d *document) server() string {
	a, ok := d.in.proxy()
	if !ok {
		return cmp.Or(d.in.BasePath, "/")
	}
	url := a.scheme + "://" + a.host
	if a.scheme == "http" && a.port != 80 || a.scheme == "https" && a.port != 443 {
		url += ":" + strconv.Itoa(a.port)
	}
	return url + a.path
}

func (d *document) tag(name, description string) {
	d.object(func() {
		d.text("name", name)
		d.text("description", description)
	})
}

func (d *document) paths() {
	d.member("/", func() {
		d.member("get", func() {
			d.operation("describe", d.in.Schema, "Describe this API", "")
			if !d.inDefaultSchema() {
				d.list("parameters", func() { d.profile(reading) })
			}
			d.member("responses", func() {
				d.value("200", `{"description":"This document",`+
					`"content":{"application/openapi+json":{"schema":{"type":"object"}}}}`)
				d.errors("401", "403")
			})
		})
	})
	for i := range d.relations {
		d.relationPath(&d.relations[i])
	}
	for i := range d.functions {
		d.functionPath(&d.functions[i])
	}
}

// operation writes what every operation begins with.
func (d *document) operation(id, tag, summary, description string) {
	d.text("operationId", id)
	d.texts("tags", []string{tag})
	d.text("summary", summary)
	if description != "" {
		d.text("description", description)
	}
}

// ref writes a reference to a component as an object of its own.
func (d *document) ref(parts ...string) {
	d.open('{')
	d.writer.reference("#/components/", parts...)
	d.close('}')
}

// errors writes the responses of these statuses and that of all others.
func (d *document) errors(statuses ...string) {
	for _, status := range statuses {
		d.key(status)
		d.ref("responses/error.", status)
	}
	d.key("default")
	d.ref("responses/error.any")
}

// profile writes the header that chooses the schema, unless it is the default.
func (d *document) profile(dir direction) {
	switch {
	case d.inDefaultSchema():
	case dir == reading:
		d.ref("parameters/profile.read")
	default:
		d.ref("parameters/profile.write")
	}
}

func (d *document) inDefaultSchema() bool {
	return len(d.in.Catalog.Schemas) == 0 || d.in.Schema == d.in.Catalog.Schemas[0]
}
