package server

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/page"
)

// frontend is what is served besides the API. The zero value serves nothing.
type frontend struct {
	files fs.FS    // nil without Config.Static and server-static-dir
	root  *os.Root // of server-static-dir, nil without
}

func (f *frontend) open(c *config.Config) error {
	if f.files != nil || c.ServerStaticDir == "" {
		return nil
	}
	root, err := os.OpenRoot(c.ServerStaticDir)
	if err != nil {
		return c.Reject("server-static-dir", "the folder cannot be read", err)
	}
	f.root, f.files = root, root.FS()
	return nil
}

func (f *frontend) close() {
	if f.root != nil {
		_ = f.root.Close() // it was only read
	}
}

// hasIndex reports whether there is a page for the root.
func (f *frontend) hasIndex() bool {
	if f.files == nil {
		return false
	}
	_, err := fs.Stat(f.files, "index.html")
	return err == nil
}

// docsPath is where the page to read and try the API is, if openapi-ui is on.
const docsPath = "/docs/"

// serveDocs answers what belongs to the page of the API: the paths below /docs/; /docs itself, unless a relation has that name;
// and / for a browser, unless a file or db-root-spec answers it. r is within the API. It reports whether it answered.
func (s *Server) serveDocs(w http.ResponseWriter, r *http.Request, st *state) bool {
	if !st.config.OpenAPIUI || st.config.OpenAPIMode == config.OpenAPIDisabled {
		return false
	}
	p := r.URL.Path
	switch {
	case strings.HasPrefix(p, docsPath):
		return page.Docs(w, r, st.parse.Schemas)
	case p == "/docs" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && !st.hasRelation("docs"):
	case p == "/" && page.AskedFor(r) && st.config.DBRootSpec.IsZero() &&
		(st.config.ServerBasePath != "" || !s.frontend.hasIndex()):
		w.Header().Set("Vary", "Accept")
	default:
		return false
	}
	w.Header().Set("Location", docsLocation(r))
	w.WriteHeader(http.StatusFound)
	return true
}

// docsLocation leads to the page of the API. It is relative to what the client asked for, so that it holds behind a proxy that
// removes a part of the path.
func docsLocation(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	if u, err := url.Parse(r.RequestURI); err == nil && u.Host != "" { // the absolute form (RFC 9112, 3.2.2)
		asked = u.EscapedPath()
	}
	switch {
	case asked == "" || strings.HasSuffix(asked, "/"):
		return "./docs/"
	case r.URL.Path == "/docs":
		return "./docs/"
	}
	return "./" + path.Base(asked) + docsPath // the base path without a slash at its end
}

// serveFile answers with a file of the frontend. inside is the request within the API, nil if it is for something else; what the
// API has goes first. It reports whether it answered.
func (s *Server) serveFile(w http.ResponseWriter, r, inside *http.Request, st *state) bool {
	if s.frontend.files == nil || inside != nil && s.claims(inside, st) {
		return false
	}
	files := page.Files{FS: s.frontend.files, Policy: st.config.ServerStaticCSP}
	if r.URL.Path == "/" {
		w.Header().Add("Vary", "Accept")
	}
	if files.Serve(w, r) || files.ServeFallback(w, r) {
		return true
	}
	w.Header().Del("Vary")
	return false
}

// claims reports whether the API answers a request, if there were a file for it too. With a base path all below it is the API's.
func (s *Server) claims(r *http.Request, st *state) bool {
	p := r.URL.Path
	switch {
	case st.config.ServerBasePath != "", strings.HasPrefix(p, "/rpc/"), p == openAPIPath, p == tokenPath && st.verifier.Exchanges():
		return true
	case p == "/":
		return !page.AskedFor(r)
	}
	name := strings.TrimPrefix(p, "/")
	return !strings.Contains(name, "/") && st.hasRelation(name)
}

// hasRelation reports whether any exposed schema has a relation of the name.
func (s *state) hasRelation(name string) bool {
	if s.catalog == nil {
		return false
	}
	for _, exposed := range s.parse.Schemas {
		if s.catalog.Relation(schema.Name{Schema: exposed, Name: name}) != nil {
			return true
		}
	}
	return false
}
