package server

import "net/http"

// layers puts around the router what concerns every request, whatever it asks for. Each layer is a handler that calls the next;
// the one on the last line sees a request first.
func (s *Server) layers(router http.Handler) http.Handler {
	return s.observe(router)
}
