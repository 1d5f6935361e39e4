package server

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/traces"
)

// startTraces begins to export traces if otel-traces-enabled is set.
func (s *Server) startTraces(ctx context.Context, c *config.Config) (err error) {
	if c.OTelTracesEnabled {
		s.tracer, err = traces.New(ctx, traces.Config{Getenv: os.Getenv, Version: s.version, Logger: s.logger})
	}
	return err
}

// tracesTimeout bounds the export of the last traces, so that a collector which cannot be reached hardly delays the end.
const tracesTimeout = 2 * time.Second

func (s *Server) endTraces() {
	ctx, cancel := context.WithTimeout(context.Background(), tracesTimeout)
	defer cancel()
	if err := s.tracer.Close(ctx); err != nil {
		s.logger.Error("the last traces are lost", "error", err)
	}
}

// trace exports what became of a request.
func (s *Server) trace(rec *recorder, r *http.Request) {
	t := &traces.Request{
		Header: r.Header, Method: r.Method, Route: route(r), Path: r.URL.Path, Status: rec.status, Began: rec.began, Ended: time.Now(),
		Kind: kindNames[kindOf(rec.exchange)],
	}
	if x := rec.exchange; x != nil {
		t.Code = x.code
		if x.request != nil {
			t.Schema, t.Resource = x.request.Schema, x.request.Name
		}
		if x.state.config.LogQuery {
			t.SQL = x.query
		}
		for p, phase := range x.timing {
			if phase.took > 0 {
				t.Phases = append(t.Phases, traces.Phase{
					Name: phaseNames[p], Transaction: p == int(phaseTransaction), Began: phase.began, Took: phase.took,
				})
			}
		}
	}
	s.tracer.Record(t)
}

// route is the pattern of the request's path, of which there are few.
func route(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/":
		return "/"
	case strings.HasPrefix(path, "/rpc/"):
		return "/rpc/{function}"
	case strings.Count(path, "/") == 1:
		return "/{relation}"
	default:
		return "/{path}"
	}
}
