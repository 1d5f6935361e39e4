// Package admin is the server for operators: whether the process lives and whether the API can serve (PostgREST reference,
// Admin Server). It belongs on an address that clients do not reach.
package admin

import (
	"context"
	"net/http"
	"time"
)

// Config is what the admin server asks.
type Config struct {
	// Ready returns nil if the API can serve. Required.
	Ready func(context.Context) error
	// Metrics serves /metrics. Required.
	Metrics http.Handler
}

// readyTimeout bounds one check.
const readyTimeout = 5 * time.Second

// New returns the admin server's handler: /live, /ready and /metrics.
func New(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if cfg.Ready(ctx) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	mux.Handle("GET /metrics", cfg.Metrics)
	return mux
}
