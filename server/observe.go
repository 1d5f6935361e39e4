package server

import "net/http"

// observe is the outermost layer: it has each response recorded, and tells those who want to know once the request is done,
// also if it ends in a panic. The header Server has the version (PostgREST reference, Observability, Server Version Header).
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := newRecorder(w, &s.draining)
		if h := w.Header(); h["Server"] == nil {
			h["Server"] = s.product
		}
		s.requests.inFlight.Add(1)
		defer s.observed(rec, r)
		next.ServeHTTP(rec, r)
	})
}

func (s *Server) observed(rec *recorder, r *http.Request) {
	defer rec.free()
	rec.done()
	s.requests.inFlight.Add(-1)
	if s.requests.on.Load() {
		s.requests.observe(rec, r)
	}
	s.logRequest(rec, r)
	if s.tracer != nil {
		s.trace(rec, r)
	}
	if s.audit != nil && rec.exchange != nil {
		rec.exchange.record(rec)
	}
}

// logRequest writes the access log's line and, with log-query, the statement, if log-level wants them.
func (s *Server) logRequest(rec *recorder, r *http.Request) {
	x := rec.exchange
	state := s.state.Load()
	if x != nil {
		state = x.state
	}
	if rec.unlogged || !logsStatus(state.config.LogLevel, rec.status) {
		return
	}
	if x != nil && state.config.LogQuery && x.query != "" {
		s.logger.Info("query", "status", rec.status, "sql", x.query)
	}
	if s.accessLog == nil {
		return
	}
	role := ""
	if x != nil && !x.refused {
		role = x.caller.Role
	}
	s.accessLog.write(rec, r, role)
}
