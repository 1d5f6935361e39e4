package server

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// startMetrics makes the registry. What requests do is counted from the moment that somebody can read it.
func (s *Server) startMetrics() {
	s.registry = prometheus.NewRegistry()
	s.requests, s.reloads = newRequestMetrics(s.registry), newReloadMetrics(s.registry)
	s.registry.MustRegister(metrics{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "postern_build_info", Help: "Always 1; the labels tell what was built.",
			ConstLabels: prometheus.Labels{"version": s.version, "go": runtime.Version()},
		}, func() float64 { return 1 }))
}

// metricsHandler serves the metrics in Prometheus' text format, and begins to count requests.
func (s *Server) metricsHandler() http.Handler {
	s.requests.on.Store(true)
	h := promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if accept := r.Header.Get("Accept"); accept == "" || accept == "*/*" {
			w = plainText{w}
		}
		h.ServeHTTP(w, r)
	})
}

// plainText names the format as PostgREST does for who does not ask for one of Prometheus' own, as Prometheus itself does.
type plainText struct{ http.ResponseWriter }

func (w plainText) Write(p []byte) (int, error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8") // without effect after the first
	return w.ResponseWriter.Write(p)
}

// metrics tells the figures that the rooms have anyway when they are asked for (PostgREST reference, Observability, Metrics), so
// that a request pays nothing for them.
type metrics struct{ server *Server }

var (
	poolAvailable    = prometheus.NewDesc("pgrst_db_pool_available", "Available connections in the pool", nil, nil)
	poolMax          = prometheus.NewDesc("pgrst_db_pool_max", "Max pool connections", nil, nil)
	poolWaiting      = prometheus.NewDesc("pgrst_db_pool_waiting", "Requests waiting to acquire a pool connection", nil, nil)
	tokenRequests    = prometheus.NewDesc("pgrst_jwt_cache_requests_total", "The total number of JWT cache lookups", nil, nil)
	tokenHits        = prometheus.NewDesc("pgrst_jwt_cache_hits_total", "The total number of JWT cache hits", nil, nil)
	tokenEvictions   = prometheus.NewDesc("pgrst_jwt_cache_evictions_total", "The total number of JWT cache evictions", nil, nil)
	issuerKeys       = prometheus.NewDesc("postern_jwt_issuer_keys", "Keys of an issuer that are in use.", []string{"issuer"}, nil)
	issuerRefreshes  = prometheus.NewDesc("postern_jwt_issuer_refreshes_total", "Times that an issuer's keys were fetched.", []string{"issuer"}, nil)
	issuerFailures   = prometheus.NewDesc("postern_jwt_issuer_failures_total", "Times that an issuer's keys could not be fetched.", []string{"issuer"}, nil)
	issuerRefreshed  = prometheus.NewDesc("postern_jwt_issuer_last_refresh_seconds", "When an issuer's keys were fetched last, as Unix time; 0 for never.", []string{"issuer"}, nil)
	auditLost        = prometheus.NewDesc("postern_audit_lost_total", "Lines that the audit log lost.", nil, nil)
	auditWaiting     = prometheus.NewDesc("postern_audit_waiting", "Lines that wait to be written to the audit log.", nil, nil)
	accessLost       = prometheus.NewDesc("postern_access_log_lost_total", "Lines that the access log lost.", nil, nil)
	describedMetrics = []*prometheus.Desc{
		poolAvailable, poolMax, poolWaiting, tokenRequests, tokenHits, tokenEvictions, issuerKeys, issuerRefreshes, issuerFailures,
		issuerRefreshed, auditLost, auditWaiting, accessLost,
	}
)

// Describe lists the metrics.
func (m metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range describedMetrics {
		out <- d
	}
}

// Collect reads them.
func (m metrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	pool := m.server.pool.Stat()
	gauge(poolAvailable, float64(pool.IdleConns()))
	gauge(poolMax, float64(pool.MaxConns()))
	gauge(poolWaiting, float64(m.server.pool.Waiting()))
	verifier := m.server.state.Load().verifier
	cache := verifier.CacheStats()
	counter(tokenRequests, float64(cache.Requests))
	counter(tokenHits, float64(cache.Hits))
	counter(tokenEvictions, float64(cache.Evictions))
	for _, i := range verifier.IssuerStats() {
		gauge(issuerKeys, float64(i.Keys), i.Issuer)
		counter(issuerRefreshes, float64(i.Refreshes), i.Issuer)
		counter(issuerFailures, float64(i.Failures), i.Issuer)
		last := 0.0
		if !i.LastRefresh.IsZero() {
			last = float64(i.LastRefresh.Unix())
		}
		gauge(issuerRefreshed, last, i.Issuer)
	}
	log := m.server.audit.Stats()
	counter(auditLost, float64(log.Lost))
	gauge(auditWaiting, float64(log.Waiting))
	counter(accessLost, float64(m.server.accessLog.lost()))
}
