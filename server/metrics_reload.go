package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// reloadMetrics tells of the loads of schema cache and configuration, the first ones included.
type reloadMetrics struct {
	queryTime       prometheus.Gauge
	catalog, config loadMetrics
}

// loadMetrics counts loads of one thing.
type loadMetrics struct {
	succeeded, failed prometheus.Counter
	last              prometheus.Gauge
}

func newReloadMetrics(registry prometheus.Registerer) *reloadMetrics {
	m := &reloadMetrics{queryTime: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "pgrst_schema_cache_query_time_seconds", Help: "The query time in seconds of the last schema cache load",
	})}
	registry.MustRegister(m.queryTime)
	m.catalog = newLoadMetrics(registry, "pgrst_schema_cache_loads_total", "The total number of times the schema cache was loaded",
		"postern_schema_cache_loaded_timestamp_seconds", "When the schema cache was loaded last, as Unix time; 0 for never.")
	m.config = newLoadMetrics(registry, "postern_config_loads_total", "Times that the configuration was read again.",
		"postern_config_loaded_timestamp_seconds", "When the configuration was read again last, as Unix time; 0 for never.")
	return m
}

func newLoadMetrics(registry prometheus.Registerer, total, totalHelp, last, lastHelp string) loadMetrics {
	loads := prometheus.NewCounterVec(prometheus.CounterOpts{Name: total, Help: totalHelp}, []string{"status"})
	m := loadMetrics{
		succeeded: loads.WithLabelValues("SUCCESS"), failed: loads.WithLabelValues("FAIL"),
		last: prometheus.NewGauge(prometheus.GaugeOpts{Name: last, Help: lastHelp}),
	}
	registry.MustRegister(loads, m.last)
	return m
}

// done counts a load that ended.
func (m *loadMetrics) done(err error) {
	if err != nil {
		m.failed.Inc()
		return
	}
	m.succeeded.Inc()
	m.last.Set(float64(time.Now().UnixMilli()) / 1000)
}
