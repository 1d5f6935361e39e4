package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/openapi"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// openAPIPath is where the OpenAPI 3.1 document is found without content negotiation.
const openAPIPath = "/openapi.json"

// asksForOpenAPI reports whether the path names the OpenAPI 3.1 document rather than a relation of that name.
func (x *exchange) asksForOpenAPI() bool {
	return x.r.URL.Path == openAPIPath &&
		x.state.catalog.Relation(schema.Name{Schema: x.state.parse.Schemas[0], Name: openAPIPath[1:]}) == nil
}

// describe answers the root with a description of the API: what the caller may use, unless openapi-mode says otherwise.
func (x *exchange) describe(ctx context.Context) error {
	c := x.state.config
	in := openapi.Input{
		Catalog: x.state.catalog, Schema: x.request.Schema, IgnorePrivileges: c.OpenAPIMode == config.OpenAPIIgnorePrivileges,
		ProxyURI: x.publicURI(), Host: c.ServerHost, Port: c.ServerPort, BasePath: c.ServerBasePath,
		SecurityActive: c.OpenAPISecurityActive, Version: x.server.version,
		Anonymous: c.DBAnonRole != "" || x.server.authenticate != nil, // a program's own sessions need no token
	}
	write, media := openapi.WriteSwagger, "application/openapi+json; charset=utf-8"
	if x.openAPI || asksForVersion31(x.plan.Media.Text) {
		write, media = openapi.WriteOpenAPI, "application/openapi+json;version=3.1; charset=utf-8"
		x.w.Header().Set("Cache-Control", "private, no-cache") // it depends on who asks, and on the catalog of the moment
	}
	etag, err := x.documentTag(ctx, &in, media)
	if err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", media)
	if x.request.SchemaNegotiated {
		h.Set("Content-Profile", x.request.Schema)
	}
	h.Set("ETag", etag)
	x.commonHeaders()
	if matches(x.r.Header["If-None-Match"], etag) {
		x.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	x.w.WriteHeader(http.StatusOK)
	if x.request.HeadersOnly {
		return nil
	}
	if err := write(x.w, &in); err != nil {
		x.server.logger.Debug("client gone", "error", err)
	}
	return nil
}

// asksForVersion31 reports whether a media type of the Accept header asks for OpenAPI 3.1 rather than for PostgREST's document.
func asksForVersion31(accepted string) bool {
	_, params, err := mime.ParseMediaType(accepted)
	if err != nil {
		return false
	}
	version := params["version"]
	return version == "3" || version == "3.1" || strings.HasPrefix(version, "3.1.")
}

// matches reports whether an If-None-Match names the entity tag. The comparison is weak, since proxies that compress make tags
// weak (RFC 9110, 13.1.2).
func matches(header []string, etag string) bool {
	for _, item := range listItems(header) {
		if item == "*" || strings.TrimPrefix(item, "W/") == etag {
			return true
		}
	}
	return false
}

// documentTag returns the entity tag of a document. What the document is made of identifies it, so that it need not be made to
// see that the client has it; if the client has, in.Access may stay unread.
func (x *exchange) documentTag(ctx context.Context, in *openapi.Input, media string) (string, error) {
	tag := sha256.New()
	fmt.Fprintf(tag, "%s %s %s %s\n", x.state.id, in.Schema, media, in.ProxyURI)
	key := documentKey{x.role, in.Schema, media, in.ProxyURI}
	changes := ""
	if !in.IgnorePrivileges {
		t, err := x.transaction()
		if err != nil {
			return "", err
		}
		if changes, err = x.readChanges(ctx, t); err != nil {
			return "", err
		}
		if known := x.state.tags.get(key, changes); known != "" && matches(x.r.Header["If-None-Match"], known) {
			return known, nil
		}
		if in.Access, err = x.readAccess(ctx, t, tag); err != nil {
			return "", err
		}
	}
	etag := `"` + base64.RawURLEncoding.EncodeToString(tag.Sum(nil)[:15]) + `"`
	x.state.tags.set(key, changes, etag)
	return etag, nil
}

// readAccess finds out, as the caller, what the caller may use. tag is told what was found.
func (x *exchange) readAccess(ctx context.Context, t *rls.Transaction, tag io.Writer) (*openapi.Access, error) {
	t.Main = rls.Query{SQL: openapi.AccessibleSQL, Args: [][]byte{[]byte(x.request.Schema)}}
	var access *openapi.Access
	var seen bytes.Buffer // a transaction that is run again begins anew
	_, err := x.execute(ctx, t, func(rows *rls.Rows) error {
		access = &openapi.Access{}
		seen.Reset()
		for rows.Next() {
			values := rows.Values()
			seen.Write(append(bytes.Join(values, []byte{0}), '\n'))
			if err := access.Add(values); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = tag.Write(seen.Bytes())
	}
	return access, err
}

// parseOptions returns how the request is to be read.
func (x *exchange) parseOptions() (opt *sql.Options, path string) {
	opt, path = &x.state.parse, x.r.URL.EscapedPath()
	if x.asksForOpenAPI() {
		x.openAPI = true
		root := *opt
		root.RootRoutine = ""
		return &root, "/"
	}
	return opt, path
}
