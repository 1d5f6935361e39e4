package server

import (
	"context"
	"sync"

	"github.com/postern-db/postern/server/openapi"
	"github.com/postern-db/postern/server/rls"
)

// maxKnownTags bounds the memory for tags of documents.
const maxKnownTags = 1024

// documentTags are the entity tags of the documents that describe the API, as far as they were made with the state that they belong
// to. Of a large schema it takes long to find out what a role may use, even to see that nothing has changed; how often
// anything changed is found out at once. It is known with a delay of ten seconds at most; until then a client keeps the
// description that it has, which grants it nothing.
type documentTags struct {
	mu    sync.Mutex
	known map[documentKey]documentTag
}

type documentKey struct{ role, schema, media, uri string }

type documentTag struct {
	changes string // openapi.ChangesSQL when the tag was made
	tag     string
}

// get returns the tag of a document, "" if it is not known or catalogs have changed since.
func (d *documentTags) get(key documentKey, changes string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t := d.known[key]; changes != "" && t.changes == changes {
		return t.tag
	}
	return ""
}

// set remembers the tag of a document. changes must have been asked for before what the document shows.
func (d *documentTags) set(key documentKey, changes, tag string) {
	if changes == "" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.known[key]; d.known == nil || !ok && len(d.known) >= maxKnownTags {
		d.known = make(map[documentKey]documentTag)
	}
	d.known[key] = documentTag{changes, tag}
}

// readChanges tells, as the caller, how often the catalogs have changed; "" if that is not known. t can be run once more, for what is
// not known.
func (x *exchange) readChanges(ctx context.Context, t *rls.Transaction) (changes string, err error) {
	if x.state.catalog.ServerVersion < 150000 { // changes of an idle session are not counted there
		return "", nil
	}
	t.Main = rls.Query{SQL: openapi.ChangesSQL}
	_, err = x.execute(ctx, t, func(rows *rls.Rows) error {
		for rows.Next() {
			changes = string(rows.Values()[0])
		}
		return nil
	})
	t.Before = rls.Query{} // it has run, and must not for what comes next
	return changes, err
}
