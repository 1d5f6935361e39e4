package server

import "net/http"

// observe is the outermost layer: it has each response recorded, and tells those who want to know once the request is done,
// also if it ends in a panic.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := newRecorder(w)
		defer s.observed(rec)
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) observed(rec *recorder) {
	defer rec.free()
	rec.done()
	if s.audit != nil && rec.exchange != nil {
		rec.exchange.record(rec)
	}
}
