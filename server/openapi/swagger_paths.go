package openapi

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

func (s *swagger) paths() {
	s.member("/", func() {
		s.member("get", func() {
			s.texts("tags", []string{"Introspection"})
			s.text("summary", "OpenAPI description (this document)")
			s.texts("produces", []string{"application/openapi+json", "application/json"})
			s.answers("200", "OK")
		})
	})
	for i := range s.relations {
		s.relationPath(&s.relations[i])
	}
	for i := range s.functions {
		s.functionPath(&s.functions[i])
	}
}

// answers writes responses that have nothing but a description.
func (s *swagger) answers(status, description string) {
	s.member("responses", func() { s.member(status, func() { s.text("description", description) }) })
}

func (s *swagger) comment(comment string) {
	if comment == "" {
		return
	}
	summary, description := split(comment)
	s.text("summary", summary)
	if description != "" {
		s.text("description", description)
	}
}

// relationPath describes reading, and all ways of writing if any is possible.
func (s *swagger) relationPath(r *relation) {
	name := r.Name.Name
	operation := func(method string, rest func()) {
		s.member(method, func() {
			s.texts("tags", []string{name})
			s.comment(r.Comment)
			rest()
		})
	}
	filters := func() {
		for _, c := range r.Columns {
			s.parameterRef("rowFilter.", name, ".", c.Name)
		}
	}
	s.member("/"+name, func() {
		operation("get", func() {
			s.list("parameters", func() {
				filters()
				for _, p := range []string{"select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"} {
					s.parameterRef(p)
				}
			})
			s.member("responses", func() {
				s.member("200", func() {
					s.text("description", "OK")
					s.member("schema", func() {
						s.text("type", "array")
						s.member("items", func() { s.reference("#/definitions/", name) })
					})
				})
				s.value("206", `{"description":"Partial Content"}`)
			})
		})
		if !r.Insertable && !r.Updatable && !r.Deletable {
			return
		}
		operation("post", func() {
			s.list("parameters", func() {
				s.parameterRef("body.", name)
				s.parameterRef("select")
				s.parameterRef("preferPost")
			})
			s.answers("201", "Created")
		})
		operation("delete", func() {
			s.list("parameters", func() {
				filters()
				s.parameterRef("preferReturn")
			})
			s.answers("204", "No Content")
		})
		operation("patch", func() {
			s.list("parameters", func() {
				filters()
				s.parameterRef("body.", name)
				s.parameterRef("preferReturn")
			})
			s.answers("204", "No Content")
		})
	})
}

func (s *swagger) parameterRef(parts ...string) {
	s.object(func() { s.reference("#/parameters/", parts...) })
}

// reference writes a JSON pointer. Its token is escaped (RFC 6901, section 3), though PostgREST does not do so: a name with a
// slash would not be found.
func (s *swagger) reference(to string, parts ...string) {
	for i, p := range parts {
		if strings.ContainsAny(p, "~/") {
			parts[i] = pointerToken(p)
		}
	}
	s.writer.reference(to, parts...)
}

func (s *swagger) functionPath(f *function) {
	o := f.documented()
	operation := func(method string, parameters func()) {
		s.member(method, func() {
			s.texts("tags", []string{"(rpc) " + f.name})
			s.comment(o.Comment)
			s.texts("produces", callable())
			parameters()
			s.answers("200", "OK")
		})
	}
	s.member("/rpc/"+f.name, func() {
		if o.Volatility != schema.Volatile {
			operation("get", func() {
				if len(o.Parameters) == 0 {
					return
				}
				s.list("parameters", func() {
					for i := range o.Parameters {
						s.argument(&o.Parameters[i], o.shownType(i))
					}
				})
			})
		}
		operation("post", func() {
			s.list("parameters", func() {
				s.object(func() {
					s.text("in", "body")
					s.text("name", "args")
					s.bool("required", true)
					s.member("schema", func() { s.arguments(o) })
				})
				s.parameterRef("preferParams")
			})
		})
	})
}

// argument writes a parameter of the query. Variadic ones are repeated; other arrays are written as PostgreSQL does, in
// braces.
func (s *swagger) argument(p *schema.Parameter, shown string) {
	s.object(func() {
		s.text("name", p.Name)
		s.text("in", "query")
		s.bool("required", p.Required)
		kind := swaggerType(shown)
		if p.Variadic {
			s.text("type", orString(kind))
			s.member("items", func() {
				element := elementType(shown)
				s.swaggerType(element)
				s.text("format", swaggerFormat(element))
			})
			s.text("collectionFormat", "multi")
			return
		}
		if kind == "array" {
			kind = ""
		}
		s.text("type", orString(kind))
		s.text("format", swaggerFormat(shown))
	})
}

func orString(kind string) string {
	if kind == "" {
		return "string"
	}
	return kind
}

// arguments writes the schema of a body.
func (s *swagger) arguments(o *overload) {
	if o.Comment != "" {
		s.text("description", o.Comment)
	}
	s.text("type", "object")
	if len(o.Parameters) == 0 {
		return
	}
	s.member("properties", func() {
		for i := range o.Parameters {
			shown := o.shownType(i)
			s.member(o.Parameters[i].Name, func() {
				s.swaggerType(shown)
				s.text("format", swaggerFormat(shown))
			})
		}
	})
	var required []string
	for i := range o.Parameters {
		if o.Parameters[i].Required {
			required = append(required, o.Parameters[i].Name)
		}
	}
	if required != nil {
		s.texts("required", required)
	}
}

// documented is the overload that the document shows, since a path can have only one: the one with the most parameters, and
// among those the last by comment and parameters.
func (f *function) documented() *overload {
	best := &f.overloads[0]
	for i := range f.overloads[1:] {
		if o := &f.overloads[i+1]; compareOverloads(o, best) >= 0 {
			best = o
		}
	}
	return best
}
