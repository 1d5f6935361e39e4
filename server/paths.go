package server

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-db/postern/server/proxy"
	"github.com/postern-db/postern/sql"
)

// behindProxy lets the layers after it see a request as the client sent it to the reverse proxy, where that is trusted.
func (s *Server) behindProxy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trusted := proxy.Trusted(s.state.Load().config.ServerTrustedProxies)
		next.ServeHTTP(w, trusted.Resolve(r))
	})
}

// paths gives a request to what its path belongs to: the page of the API, a file of the frontend, or the API, which keeps the paths
// of its relations and functions.
func (s *Server) paths(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st := s.state.Load()
		inside := withoutBase(r, st.config.ServerBasePath)
		switch {
		case inside != nil && s.serveDocs(w, inside, st), s.serveFile(w, r, inside, st):
			return
		case inside == nil:
			x := &exchange{server: s, state: st, w: w, r: r}
			x.fail(&sql.Error{
				Code: sql.CodeInvalidPath, Message: "Invalid path specified in request URL", Hint: "The API is under " + st.config.ServerBasePath,
			})
			return
		}
		api.ServeHTTP(w, inside)
	})
}

// withoutBase returns the request as if the API were at the root, or nil if it is for something else. The base path has no
// character that is ever escaped.
func withoutBase(r *http.Request, base string) *http.Request {
	if base == "" {
		return r
	}
	path, ok := cutBase(r.URL.Path, base)
	rawPath, rawOK := cutBase(r.URL.RawPath, base)
	if !ok || r.URL.RawPath != "" && !rawOK {
		return nil
	}
	out := *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path, out.URL.RawPath = path, rawPath
	return &out
}

// cutBase removes the base path where it ends at the end of a segment.
func cutBase(path, base string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, base)
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// publicURI is the address of the API that the client knows, as openapi-server-proxy-uri has it or a trusted proxy told, or "".
func (x *exchange) publicURI() string {
	c := x.state.config
	public := proxy.PublicOf(x.r.Context())
	if c.OpenAPIServerProxyURI != "" || public == (proxy.Public{}) {
		return c.OpenAPIServerProxyURI
	}
	return cmp.Or(public.Scheme, "http") + "://" + x.r.Host + x.publicPath()
}

// publicPath is the path under which the client knows the API, "" for the root: what a trusted proxy removed, and the base path.
// openapi-server-proxy-uri is not asked: as in PostgREST it is for the description alone.
func (x *exchange) publicPath() string {
	return proxy.PublicOf(x.r.Context()).Prefix + x.state.config.ServerBasePath
}
