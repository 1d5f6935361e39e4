// Package admin is the server for operators: whether the process lives, whether the API can serve, and what it works with
// (PostgREST reference, Admin Server). It belongs on an address that clients do not reach.
package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/postern-db/postern/schema"
)

// Config is what the admin server asks. All of it is required.
type Config struct {
	// Live returns nil if the API accepts connections.
	Live func(context.Context) error
	// Ready returns nil if the API can serve.
	Ready func(context.Context) error
	// Metrics serves /metrics.
	Metrics http.Handler
	// Catalog returns the schema cache, nil before it is loaded.
	Catalog func() *schema.Catalog
	// WriteConfig writes the parameters in effect without their secrets, or returns ErrDisabled.
	WriteConfig func(io.Writer) error
}

// ErrDisabled says that there is nothing at that path since the configuration does not want it.
var ErrDisabled = errors.New("disabled")

// checkTimeout bounds one check.
const checkTimeout = 5 * time.Second

// New returns the admin server's handler. The bodies of /live and /ready are empty:
//
//	/live          200 if the API accepts connections, else 500
//	/ready         200 if it can serve besides, 503 if it cannot, 500 if it does not accept connections
//	/metrics       for Prometheus
//	/schema_cache  what WriteCatalog writes
//	/config        the parameters in effect, if that is enabled
func New(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(check(r, cfg.Live, http.StatusInternalServerError))
	})
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		status := check(r, cfg.Live, http.StatusInternalServerError)
		if status == http.StatusOK {
			status = check(r, cfg.Ready, http.StatusServiceUnavailable)
		}
		w.WriteHeader(status)
	})
	mux.Handle("GET /metrics", cfg.Metrics)
	mux.HandleFunc("GET /schema_cache", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		if c := cfg.Catalog(); c != nil {
			_ = WriteCatalog(w, c) // the client is gone
		}
	})
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if errors.Is(cfg.WriteConfig(w), ErrDisabled) {
			http.NotFound(w, r)
		}
	})
	return mux
}

// check returns the status of an answer that says whether all is well.
func check(r *http.Request, healthy func(context.Context) error, otherwise int) int {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	if healthy(ctx) != nil {
		return otherwise
	}
	return http.StatusOK
}
