// Package traces exports what became of requests as OpenTelemetry traces, by OTLP over HTTP, to where the environment's OTEL_*
// variables say (OpenTelemetry specification, OTLP Exporter Configuration, SDK Environment Variables). It is the only package that
// knows OpenTelemetry.
//
// A trace is made when its request is done, out of times that are taken anyway, so that requests pay nothing where it is off.
package traces
