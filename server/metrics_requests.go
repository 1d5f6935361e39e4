package server

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-db/postern/sql"
)

// The values that the labels of a request can have. Nothing that a client sends adds to them.
var (
	methodNames = [...]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
	kindNames   = [...]string{"read", "create", "update", "delete", "call", "describe", "other"}
	// statusCodes are the statusIndexes that the server itself gives. Others, which functions can set, are counted as their class.
	statusCodes = [...]int{
		200, 201, 204, 206, 300, 304, 400, 401, 403, 404, 405, 406, 408, 409, 413, 414, 415, 416, 429, 431, 499, 500, 502, 503, 504,
	}
	classNames = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}
	phaseNames = [phases]string{"auth", "parse", "plan", "acquire", "transaction", "response"}
)

const (
	methods       = len(methodNames)
	kinds         = len(kindNames)
	statusIndexes = len(statusCodes) + len(classNames)
)

// durationBuckets are from a read of a single row to a request that waited for its connection as long as it may, in seconds.
var durationBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// requestMetrics counts what each request does. The children of all label values are found beforehand, so that a request only adds
// to them.
type requestMetrics struct {
	// on is set once somebody can read them.
	on       atomic.Bool
	inFlight atomic.Int64

	counts    *prometheus.CounterVec
	durations *prometheus.HistogramVec
	series    [methods][kinds][statusIndexes]series
	received  [kinds]prometheus.Counter
	sent      [kinds]prometheus.Counter
	phases    [phases]prometheus.Observer
	cancelled [2]prometheus.Counter // by the client, by the database
	timeouts  prometheus.Counter
	verdicts  *prometheus.CounterVec
	accepted  prometheus.Counter
	anonymous prometheus.Counter
}

// series are the figures of requests with the same labels. They appear with the first of them.
type series struct {
	once     sync.Once
	count    prometheus.Counter
	duration prometheus.Observer
}

func newRequestMetrics(registry prometheus.Registerer) *requestMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: durationBuckets}, labels)
		registry.MustRegister(v)
		return v
	}
	m := &requestMetrics{
		counts: counter("postern_http_requests_total",
			"Requests that were answered. A status of 499 is a client that hung up before.", "method", "kind", "status"),
		durations: histogram("postern_http_request_duration_seconds",
			"From the arrival of a request's head to the end of its answer.", "method", "kind", "status_class"),
		timeouts: counter("pgrst_db_pool_timeouts_total", "The total number of pool connection timeouts").WithLabelValues(),
		verdicts: counter("postern_token_verdicts_total",
			"What became of the callers of requests: accepted, anonymous, or the code of the error.", "verdict"),
	}
	m.accepted, m.anonymous = m.verdicts.WithLabelValues("accepted"), m.verdicts.WithLabelValues("anonymous")
	received := counter("postern_http_request_body_bytes_total", "Bytes of the bodies of requests.", "kind")
	sent := counter("postern_http_response_body_bytes_total", "Bytes of the bodies of answers, as they were sent.", "kind")
	for i, kind := range kindNames {
		m.received[i], m.sent[i] = received.WithLabelValues(kind), sent.WithLabelValues(kind)
	}
	took := histogram("postern_phase_duration_seconds",
		"How long the phases of requests took: authenticate, parse, plan, acquire a connection, transaction, respond.", "phase")
	for i, phase := range phaseNames {
		m.phases[i] = took.WithLabelValues(phase)
	}
	cancelled := counter("postern_db_cancelled_total",
		"Transactions that were cancelled: since the client hung up, or in the database, as by statement_timeout.", "by")
	m.cancelled = [2]prometheus.Counter{cancelled.WithLabelValues("client"), cancelled.WithLabelValues("database")}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postern_http_requests_in_flight", Help: "Requests that are being answered.",
	}, func() float64 { return float64(m.inFlight.Load()) }))
	return m
}

// codeQueryCanceled is the SQLSTATE of a statement that was cancelled (PostgreSQL manual, appendix A).
const codeQueryCanceled = "57014"

// observe counts a request that is done.
func (m *requestMetrics) observe(rec *recorder, r *http.Request) {
	x := rec.exchange
	kind := kindOf(x)
	s := m.seriesOf(methodIndex(r.Method), kind, statusIndex(rec.status))
	s.count.Inc()
	s.duration.Observe(time.Since(rec.began).Seconds())
	m.sent[kind].Add(float64(rec.bytes))
	if x == nil {
		return
	}
	m.received[kind].Add(float64(x.received))
	for i := range x.timing {
		if d := x.timing[i].took; d > 0 {
			m.phases[i].Observe(d.Seconds())
		}
	}
	switch {
	case x.gone && x.timing[phaseTransaction].took > 0:
		m.cancelled[0].Inc()
	case x.code == codeQueryCanceled:
		m.cancelled[1].Inc()
	}
	m.verdict(x)
}

// verdict counts what became of the caller's token, if it came so far.
func (m *requestMetrics) verdict(x *exchange) {
	switch {
	case x.timing[phaseAuth].took == 0, x.refused && x.gone: // such as a preflight request
	case x.refused:
		m.verdicts.WithLabelValues(x.code).Inc() // one of package auth's codes
	case x.caller.Anonymous:
		m.anonymous.Inc()
	default:
		m.accepted.Inc()
	}
}

func (m *requestMetrics) seriesOf(method, kind, status int) *series {
	s := &m.series[method][kind][status]
	s.once.Do(func() {
		s.count = m.counts.WithLabelValues(methodNames[method], kindNames[kind], statusName(status))
		s.duration = m.durations.WithLabelValues(methodNames[method], kindNames[kind], className(status))
	})
	return s
}

func methodIndex(method string) int {
	if i := slices.Index(methodNames[:methods-1], method); i >= 0 {
		return i
	}
	return methods - 1
}

func statusIndex(status int) int {
	if i := slices.Index(statusCodes[:], status); i >= 0 {
		return i
	}
	return len(statusCodes) + min(max(status/100, 1), len(classNames)) - 1
}

func statusName(index int) string {
	if index < len(statusCodes) {
		return strconv.Itoa(statusCodes[index])
	}
	return classNames[index-len(statusCodes)]
}

func className(index int) string {
	if index < len(statusCodes) {
		return classNames[statusCodes[index]/100-1]
	}
	return classNames[index-len(statusCodes)]
}

// kindOf returns the index of the request's kind.
func kindOf(x *exchange) int {
	if x == nil || x.request == nil {
		return kinds - 1
	}
	switch x.request.Action {
	case sql.Read:
		return 0
	case sql.Create, sql.Upsert:
		return 1
	case sql.Update:
		return 2
	case sql.Delete:
		return 3
	case sql.Call:
		return 4
	case sql.Describe, sql.InfoRelation, sql.InfoRoutine, sql.InfoSchema:
		return 5
	default:
		return kinds - 1
	}
}
