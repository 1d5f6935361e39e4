package openapi

import "github.com/postern-db/postern/schema"

// parameters writes those that all paths share, then a body and the filters for each relation.
func (s *swagger) parameters() {
	s.prefer("preferParams")
	s.prefer("preferReturn", "return=representation", "return=minimal", "return=none")
	s.prefer("preferCount", "count=none")
	s.prefer("preferPost", "return=representation", "return=minimal", "return=none",
		"resolution=ignore-duplicates", "resolution=merge-duplicates")
	s.shared("select", "select", "Filtering Columns", "query")
	s.shared("on_conflict", "on_conflict", "On Conflict", "query")
	s.shared("order", "order", "Ordering", "query")
	s.shared("range", "Range", "Limiting and Pagination", "header")
	s.value("rangeUnit", `{"name":"Range-Unit","description":"Limiting and Pagination","required":false,"in":"header",`+
		`"type":"string","default":"items"}`)
	s.shared("offset", "offset", "Limiting and Pagination", "query")
	s.shared("limit", "limit", "Limiting and Pagination", "query")
	for i := range s.relations {
		s.relationParameters(s.relations[i].Relation)
	}
}

func (s *swagger) prefer(key string, values ...string) {
	s.member(key, func() {
		s.text("name", "Prefer")
		s.text("description", "Preference")
		s.bool("required", false)
		s.text("in", "header")
		s.text("type", "string")
		if values != nil {
			s.texts("enum", values)
		}
	})
}

func (s *swagger) shared(key, name, description, in string) {
	s.member(key, func() {
		s.text("name", name)
		s.text("description", description)
		s.bool("required", false)
		s.text("in", in)
		s.text("type", "string")
	})
}

func (s *swagger) relationParameters(r *schema.Relation) {
	name := r.Name.Name
	s.key("body.", name)
	s.object(func() {
		s.text("name", name)
		s.text("description", name)
		s.bool("required", false)
		s.text("in", "body")
		s.member("schema", func() { s.reference("#/definitions/", name) })
	})
	for _, c := range r.Columns {
		s.key("rowFilter.", name, ".", c.Name)
		s.object(func() {
			s.text("name", c.Name)
			if c.Comment != "" {
				s.text("description", c.Comment)
			}
			s.bool("required", false)
			s.text("in", "query")
			s.text("type", "string")
		})
	}
}
