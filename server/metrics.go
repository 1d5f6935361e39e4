package server

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics tells the figures of a server when they are asked for (PostgREST reference, Observability, Metrics). It reads what
// the rooms count anyway, so that a request pays nothing for it.
type metrics struct{ server *Server }

// handler serves the metrics in Prometheus' text format.
func (m metrics) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(m)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

var (
	poolAvailable    = prometheus.NewDesc("pgrst_db_pool_available", "Connections of the pool that are idle.", nil, nil)
	poolMax          = prometheus.NewDesc("pgrst_db_pool_max", "The most connections of the pool.", nil, nil)
	tokenRequests    = prometheus.NewDesc("pgrst_jwt_cache_requests_total", "Tokens that were looked up in the cache.", nil, nil)
	tokenHits        = prometheus.NewDesc("pgrst_jwt_cache_hits_total", "Tokens that were found in the cache.", nil, nil)
	tokenEvictions   = prometheus.NewDesc("pgrst_jwt_cache_evictions_total", "Tokens that had to leave the cache.", nil, nil)
	issuerKeys       = prometheus.NewDesc("postern_jwt_issuer_keys", "Keys of an issuer that are in use.", []string{"issuer"}, nil)
	issuerRefreshes  = prometheus.NewDesc("postern_jwt_issuer_refreshes_total", "Times that an issuer's keys were fetched.", []string{"issuer"}, nil)
	issuerFailures   = prometheus.NewDesc("postern_jwt_issuer_failures_total", "Times that an issuer's keys could not be fetched.", []string{"issuer"}, nil)
	issuerRefreshed  = prometheus.NewDesc("postern_jwt_issuer_last_refresh_seconds", "When an issuer's keys were fetched last, as Unix time; 0 for never.", []string{"issuer"}, nil)
	auditLost        = prometheus.NewDesc("postern_audit_lost_total", "Lines that the audit log lost.", nil, nil)
	auditWaiting     = prometheus.NewDesc("postern_audit_waiting", "Lines that wait to be written to the audit log.", nil, nil)
	describedMetrics = []*prometheus.Desc{
		poolAvailable, poolMax, tokenRequests, tokenHits, tokenEvictions, issuerKeys, issuerRefreshes, issuerFailures,
		issuerRefreshed, auditLost, auditWaiting,
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
}
