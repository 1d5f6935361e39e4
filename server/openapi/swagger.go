package openapi

import (
	"io"
	"strconv"
)

// WriteSwagger writes the Swagger 2.0 document: what PostgREST 16 writes for the same database, as JSON. Errors are those of
// w.
func WriteSwagger(w io.Writer, in *Input) error {
	s := &swagger{writer: newWriter(w), in: in, relations: in.relations(), functions: in.functions()}
	s.object(s.document)
	return s.flush()
}

// swagger is a document in the course of being written.
type swagger struct {
	*writer
	in        *Input
	relations []relation
	functions []function
}

func (s *swagger) document() {
	s.text("swagger", "2.0")
	title, description := s.in.title()
	s.member("info", func() {
		s.text("title", title)
		s.text("description", description)
		s.text("version", s.in.Version)
	})
	a := s.in.address()
	s.text("host", a.host, ":", strconv.Itoa(a.port))
	s.text("basePath", a.path)
	s.texts("schemes", []string{a.scheme})
	s.texts("consumes", tabular())
	s.texts("produces", tabular())
	s.member("paths", s.paths)
	if len(s.relations) > 0 {
		s.member("definitions", s.definitions)
	}
	s.member("parameters", s.parameters)
	if s.in.SecurityActive {
		s.value("securityDefinitions", `{"JWT":{"type":"apiKey","in":"header","name":"Authorization",`+
			`"description":"Add the token prepending \"Bearer \" (without quotes) to it"}}`)
		s.value("security", `[{"JWT":[]}]`)
	}
	s.member("externalDocs", func() {
		s.text("description", "PostgREST Documentation")
		s.text("url", "https://postgrest.org/en/v16/references/api.html")
	})
}

// callable and tabular are the media types of functions and of relations.
func callable() []string {
	return []string{
		"application/json", "application/vnd.pgrst.object+json;nulls=stripped", "application/vnd.pgrst.object+json",
	}
}

func tabular() []string { return append(callable(), "text/csv") }
