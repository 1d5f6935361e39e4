package introspect

import (
	"context"
	_ "embed"
	"strings"

	"github.com/postern-db/postern/schema"
)

//go:embed representations.sql
var representationsSQL string

//go:embed media_handlers.sql
var mediaHandlersSQL string

func (l *loader) readRepresentations(ctx context.Context) error {
	return l.query(ctx, representationsSQL, nil, func(r *row) {
		l.def.Representations = append(l.def.Representations, schema.Representation{
			Source: r.text(), Target: r.text(), Function: r.text(),
		})
	})
}

func (l *loader) readMediaHandlers(ctx context.Context) error {
	return l.query(ctx, mediaHandlersSQL, [][]byte{oidArray(l.exposed)}, func(r *row) {
		h := schema.MediaHandler{
			Function: schema.Name{Schema: r.text(), Name: r.text()},
			Relation: schema.Name{Schema: r.text(), Name: r.text()},
		}
		domain := r.text()
		h.RunsCode = l.code.function(r.oid())
		h.MediaType, h.Produces = strings.ToLower(domain), domain
		if domain == "*/*" {
			h.Produces = "application/octet-stream"
		}
		l.def.MediaHandlers = append(l.def.MediaHandlers, h)
	})
}
