package server_test

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// collector is an OpenTelemetry collector that keeps what it gets.
type collector struct {
	t      *testing.T
	mu     sync.Mutex
	spans  []*tracepb.Span
	about  map[string]string // attributes of the resource
	raw    strings.Builder
	header http.Header
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(r.Body); err != nil {
			c.t.Error(err)
			return
		}
	}
	text, err := io.ReadAll(body)
	// The collector's own message is the same on the wire.
	var data tracepb.TracesData
	if err != nil || proto.Unmarshal(text, &data) != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		c.t.Errorf("%v, %s", err, r.URL)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header = r.Header
	c.raw.Write(text)
	for _, resource := range data.GetResourceSpans() {
		c.about = map[string]string{}
		for _, a := range resource.GetResource().GetAttributes() {
			c.about[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.WriteHeader(http.StatusOK)
}

// newTraced serves a library whose traces go to a collector. Close, which may be called twice, exports what is left.
func newTraced(t *testing.T, environ ...string) (s *server.Server, c *collector, closeServer func()) {
	t.Helper()
	c = &collector{t: t}
	at := httptest.NewServer(c)
	t.Cleanup(at.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", at.URL+"/")
	db := newLibrary(t)
	settings, err := config.Load(config.Input{Environ: append([]string{
		"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "PGRST_DB_ANON_ROLE=visitor", "PGRST_JWT_SECRET=" + secret,
		"POSTERN_OTEL_TRACES_ENABLED=true",
	}, environ...)})
	if err != nil {
		t.Fatal(err)
	}
	s, err = server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler), Version: "v9"})
	if err != nil {
		t.Fatal(err)
	}
	closeServer = sync.OnceFunc(s.Close)
	t.Cleanup(closeServer)
	return s, c, closeServer
}

func attribute(s *tracepb.Span, key string) string {
	for _, a := range s.GetAttributes() {
		if a.GetKey() == key {
			return a.GetValue().GetStringValue()
		}
	}
	return ""
}

// TestTraces checks the spans of a request, that they continue the caller's trace, and that values and claims are not in them.
func TestTraces(t *testing.T) { // the environment is the process's, so that it runs alone
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=a%20key, x-tenant=t")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	s, c, done := newTraced(t, "PGRST_LOG_QUERY=true")
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	bearer := "Bearer " + token(t, map[string]any{"role": "librarian", "sub": "subject-1"})
	send(t, s, http.MethodGet, "/genres?name=eq.value-1", "", "Authorization", bearer, "Traceparent", "00-"+trace+"-"+parent+"-01")
	send(t, s, http.MethodGet, "/nowhere", "")
	send(t, s, http.MethodGet, "/genres", "", "Traceparent", "00-"+trace+"-"+parent+"-00") // its caller does not sample it
	hostile := httptest.NewRequest(http.MethodGet, "/genres", nil)
	hostile.Method, hostile.URL.Path = "HOSTILE", "/\xff\xfe\x1b"
	s.ServeHTTP(httptest.NewRecorder(), hostile)
	done()
	byName := map[string]*tracepb.Span{}
	for _, span := range c.spans {
		if byName[span.GetName()] == nil {
			byName[span.GetName()] = span
		}
	}
	request := byName["GET /{relation}"]
	if request == nil || byName["HTTP /{relation}"] == nil {
		t.Fatalf("no span of the request among %v", c.spans)
	}
	if hexID(request.GetTraceId()) != trace || hexID(request.GetParentSpanId()) != parent || request.GetKind() != tracepb.Span_SPAN_KIND_SERVER ||
		attribute(request, "url.path") != "/genres" || attribute(request, "postern.kind") != "read" {
		t.Errorf("span of the request: %v", request)
	}
	for _, name := range []string{"auth", "parse", "plan", "acquire", "transaction", "response"} {
		span := byName[name]
		if span == nil || hexID(span.GetTraceId()) != trace || hexID(span.GetParentSpanId()) != hexID(request.GetSpanId()) {
			t.Errorf("span of %s: %v", name, span)
			continue
		}
		if span.GetStartTimeUnixNano() < request.GetStartTimeUnixNano() || span.GetEndTimeUnixNano() > request.GetEndTimeUnixNano() ||
			span.GetEndTimeUnixNano() <= span.GetStartTimeUnixNano() {
			t.Errorf("%s is not within its request", name)
		}
	}
	if sql := attribute(byName["transaction"], "db.query.text"); !strings.Contains(sql, `"library"."genres"`) {
		t.Errorf("with log-query the statement is %q", sql)
	}
	sampled := 0
	for _, span := range c.spans {
		if span.GetKind() == tracepb.Span_SPAN_KIND_SERVER {
			sampled++
		}
	}
	if sampled != 3 {
		t.Errorf("%d requests traced, want 3", sampled)
	}
	for _, secret := range []string{"value-1", "subject-1", bearer[7:40], "eyJ"} {
		if strings.Contains(c.raw.String(), secret) {
			t.Errorf("the traces tell %q", secret)
		}
	}
	if c.header.Get("X-Api-Key") != "a key" || c.header.Get("X-Tenant") != "t" || c.about["service.name"] != "postern" ||
		c.about["service.version"] != "v9" || c.about["deployment.environment.name"] != "test" {
		t.Errorf("%v, %v", c.header, c.about)
	}
}

// TestTracesWithoutSQL checks that statements are told with log-query only.
func TestTracesWithoutSQL(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "other")
	s, c, done := newTraced(t)
	send(t, s, http.MethodGet, "/genres", "")
	done()
	if c.about["service.name"] != "other" || len(c.spans) != 7 || strings.Contains(c.raw.String(), "db.query.text") || strings.Contains(strings.ToLower(c.raw.String()), "select") {
		t.Errorf("%d spans: %q", len(c.spans), c.raw.String())
	}
}

// TestTracesWithoutCollector checks that requests and the end do not wait for a collector that is not there.
func TestTracesWithoutCollector(t *testing.T) {
	onceForAllVersions(t)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces")
	s, _, done := newTraced(t)
	for range 100 {
		send(t, s, http.MethodGet, "/genres", "")
	}
	began := time.Now()
	done()
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the end took %s", took)
	}
}

func TestTracesRefuseWrongVariables(t *testing.T) {
	onceForAllVersions(t)
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_COMPRESSION": "br", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "localhost:4318", "OTEL_EXPORTER_OTLP_HEADERS": "none",
		"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere.pem",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			db := newLibrary(t)
			settings, err := config.Load(config.Input{Environ: []string{"PGRST_DB_URI=" + db.URI(loginRole), "PGRST_DB_SCHEMAS=library", "POSTERN_OTEL_TRACES_ENABLED=true"}})
			if err != nil {
				t.Fatal(err)
			}
			s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				s.Close()
				t.Fatal("it starts")
			}
			if !strings.Contains(err.Error(), name) && !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP") {
				t.Error(err)
			}
		})
	}
}

func hexID(id []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range id {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
