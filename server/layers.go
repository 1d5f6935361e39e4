package server

import "net/http"

// layers puts around the router what concerns every request, whatever it asks for. Each layer is a handler that calls the next;
// the one on the last line sees a request first. What a proxy says comes first of all, so that all others know the client.
func (s *Server) layers(router http.Handler) http.Handler {
	h := s.paths(router)
	h = s.compress(h)
	h = s.observe(h)
	return s.behindProxy(h)
}
