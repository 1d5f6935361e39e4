package traces

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config is what a Tracer is made of.
type Config struct {
	// Getenv reads the OTEL_* variables of the exporter; those of the SDK, such as OTEL_TRACES_SAMPLER, it reads itself. Required.
	Getenv func(string) string
	// Version is told as service.version.
	Version string
	// Logger is told when the collector cannot be reached, and when it can again. Required.
	Logger *slog.Logger
}

// Tracer exports traces. It is safe for concurrent use. A nil *Tracer does nothing.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	context  propagation.TraceContext
}

// New makes a Tracer, or nil if OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER say so. It reaches for no network: traces wait in memory,
// and are lost if there are too many.
func New(ctx context.Context, cfg Config) (*Tracer, error) {
	if strings.EqualFold(cfg.Getenv("OTEL_SDK_DISABLED"), "true") || cfg.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil
	}
	c, err := newClient(cfg)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	exporter, err := otlptrace.New(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// What the environment says goes before the name given here.
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "postern"), attribute.String("service.version", cfg.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("traces: read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/postern-db/postern")}, nil
}

// Close exports what is left, until ctx is done.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("traces: close: %w", err)
	}
	return nil
}

// Request is what is told of a request: no claims, no query of its URL, no values.
type Request struct {
	Header       http.Header // whose traceparent and tracestate it continues (W3C Trace Context)
	Method       string
	Route        string // such as /{relation}
	Path         string
	Kind         string // such as read
	Status       int
	Code         string // the error's
	Schema       string
	Resource     string // the relation or function
	SQL          string // "" if it is not to be told
	Began, Ended time.Time
	Phases       []Phase
}

// Phase is a step of a request, which becomes a span of its own.
type Phase struct {
	Name        string
	Transaction bool // it talks to the database
	Began       time.Time
	Took        time.Duration
}

// maxText bounds the text of an attribute, in bytes.
const maxText = 4096

// clean makes text fit for the wire, where anything but UTF-8 would spoil all that is sent with it.
func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Record exports a request that is done, if its trace is sampled.
func (t *Tracer) Record(r *Request) {
	if t == nil {
		return
	}
	method, name := r.Method, r.Method+" "+r.Route
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method, name = "_OTHER", "HTTP "+r.Route
	}
	attributes := []attribute.KeyValue{
		attribute.String("http.request.method", method), attribute.String("http.route", r.Route),
		attribute.String("url.path", clean(r.Path)), attribute.Int("http.response.status_code", r.Status),
		attribute.String("postern.kind", r.Kind),
	}
	if r.Code != "" {
		attributes = append(attributes, attribute.String("error.type", clean(r.Code)))
	}
	ctx := t.context.Extract(context.Background(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(r.Began),
		trace.WithAttributes(attributes...))
	defer span.End(trace.WithTimestamp(r.Ended))
	if !span.IsRecording() {
		return
	}
	if r.Status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, clean(r.Code))
	}
	for _, p := range r.Phases {
		options := []trace.SpanStartOption{trace.WithTimestamp(p.Began)}
		if p.Transaction {
			options = append(options, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(r.database()...))
		}
		_, child := t.tracer.Start(ctx, p.Name, options...)
		child.End(trace.WithTimestamp(p.Began.Add(p.Took)))
	}
}

// database describes the transaction (OpenTelemetry semantic conventions for databases).
func (r *Request) database() []attribute.KeyValue {
	out := []attribute.KeyValue{
		attribute.String("db.system.name", "postgresql"), attribute.String("db.namespace", clean(r.Schema)),
		attribute.String("db.collection.name", clean(r.Resource)),
	}
	if r.SQL != "" {
		out = append(out, attribute.String("db.query.text", clean(r.SQL)))
	}
	return out
}
