package server

import (
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
