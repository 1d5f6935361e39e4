package server

import (
	"context"
	"io"
	"net"
	"net/http"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/admin"
)

// Admin returns the handler of the admin server, which Run serves on admin-server-port: /live, /ready, /metrics, /schema_cache and
// /config (PostgREST reference, Admin Server). A Go program that serves the API itself can serve it where clients do not reach.
func (s *Server) Admin() http.Handler {
	return admin.New(admin.Config{
		Live: s.live, Ready: s.ready, Metrics: s.metricsHandler(),
		Catalog:     func() *schema.Catalog { return s.state.Load().catalog },
		WriteConfig: s.writeConfig,
	})
}

func (s *Server) writeConfig(w io.Writer) error {
	c := s.state.Load().config
	if !c.AdminConfigEnabled {
		return admin.ErrDisabled
	}
	return c.Effective(w)
}

// live reports whether the API accepts connections, or has ceased to in order to shut down. One that a Go program serves itself
// does, if that program answers.
func (s *Server) live(ctx context.Context) error {
	s.listening.mu.Lock()
	addr := s.listening.addr
	s.listening.mu.Unlock()
	if addr == nil || s.draining.Load() {
		return nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, addr.Network(), addr.String())
	if err != nil {
		return err
	}
	return conn.Close()
}
