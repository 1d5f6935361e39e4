package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// newRouter registers the resources, never a route for a relation: what relations there are is the catalog's business, which
// changes while requests are served.
func (s *Server) newRouter() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	handle := func(c echo.Context) error {
		s.serve(c.Response().Writer, c.Request())
		return nil
	}
	e.Any("/", handle)
	e.Any("/:relation", handle)
	e.Any("/rpc/:function", handle)
	e.RouteNotFound("/*", handle)
	e.HTTPErrorHandler = func(_ error, c echo.Context) { // an unknown method
		s.serve(c.Response().Writer, c.Request())
	}
	return e
}

// corsHeaders are the response headers that a page of another origin may read (Fetch standard, CORS).
const corsHeaders = "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, " +
	"Transfer-Encoding, Range-Unit"

// cors answers a preflight request, and tells pages of allowed origins that they may read the response. done is true if
// there is nothing left to do.
func (s *Server) cors(w http.ResponseWriter, r *http.Request, allowed []string) (done bool) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	switch {
	case len(allowed) == 0:
		h.Set("Access-Control-Allow-Origin", "*")
	case contains(allowed, origin):
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
	default:
		return false
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		if r.Method != http.MethodOptions {
			h.Set("Access-Control-Expose-Headers", corsHeaders)
		}
		return false
	}
	headers := "Authorization"
	for _, name := range listItems(r.Header.Values("Access-Control-Request-Headers")) {
		headers += ", " + name
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD")
	h.Set("Access-Control-Allow-Headers", headers+", Accept, Accept-Language, Content-Language")
	h.Set("Access-Control-Max-Age", "86400")
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return true
}
