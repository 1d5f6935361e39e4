package traces

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// client sends traces by OTLP over HTTP with binary protobuf. OpenTelemetry's own brings gRPC along, which makes the program larger
// by a third, and is not needed for a POST.
type client struct {
	http     *http.Client
	endpoint string
	header   http.Header
	gzip     bool
	logger   *slog.Logger
	failing  atomic.Bool
}

// newClient reads the environment (OpenTelemetry specification, OTLP Exporter Configuration): for each option the variable for
// traces goes before the one for all signals.
func newClient(cfg Config) (*client, error) {
	get := func(option string) string {
		return cmp.Or(cfg.Getenv("OTEL_EXPORTER_OTLP_TRACES_"+option), cfg.Getenv("OTEL_EXPORTER_OTLP_"+option))
	}
	if p := get("PROTOCOL"); p != "" && p != "http/protobuf" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q; only http/protobuf is supported", p)
	}
	c := &client{logger: cfg.Logger, header: http.Header{}}
	var err error
	if c.endpoint, err = endpoint(cfg.Getenv); err != nil {
		return nil, err
	}
	if err := c.readHeaders(get("HEADERS")); err != nil {
		return nil, err
	}
	switch v := get("COMPRESSION"); v {
	case "", "none":
	case "gzip":
		c.gzip = true
	default:
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_COMPRESSION is %q; gzip and none are allowed", v)
	}
	timeout := 10 * time.Second
	if v := get("TIMEOUT"); v != "" {
		ms, err := strconv.Atoi(v)
		if err != nil || ms <= 0 {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT is %q; it must be a number of milliseconds", v)
		}
		timeout = time.Duration(ms) * time.Millisecond
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if transport.TLSClientConfig, err = tlsConfig(get); err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: transport, Timeout: timeout}
	return c, nil
}

func endpoint(getenv func(string) string) (string, error) {
	name, text := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if text == "" {
		name = "OTEL_EXPORTER_OTLP_ENDPOINT"
		text = strings.TrimSuffix(cmp.Or(getenv(name), "http://localhost:4318"), "/") + "/v1/traces"
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%s is no URL of http or https with a host", name) // it may hold a password
	}
	return text, nil
}

// readHeaders reads key=value pairs, percent-encoded and between commas (W3C Baggage).
func (c *client) readHeaders(list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		decoded, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil {
			return errors.New("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs between commas, percent-encoded") // no secrets
		}
		c.header.Set(strings.TrimSpace(name), decoded)
	}
	return nil
}

func tlsConfig(get func(string) string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := get("CERTIFICATE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read OTEL_EXPORTER_OTLP_CERTIFICATE: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_CERTIFICATE: %s holds no certificate in PEM", file)
		}
	}
	if cert, key := get("CLIENT_CERTIFICATE"), get("CLIENT_KEY"); cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("read OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _KEY: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Start has nothing to do: connections are made as they are needed.
func (c *client) Start(context.Context) error { return nil }

// Stop closes connections that are idle.
func (c *client) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// attempts is how often a batch is sent before it is lost.
const attempts = 3

// UploadTraces sends a batch. What cannot be sent is lost; that is logged once until it can again, and is no error, which the SDK
// would write to standard error by itself.
func (c *client) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// On the wire it is the same as the collector's ExportTraceServiceRequest, whose package brings gRPC along.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err == nil && c.gzip {
		body, err = compressed(body)
	}
	for n := 0; err == nil; n++ {
		var again bool
		if again, err = c.post(ctx, body); err == nil {
			if c.failing.Swap(false) {
				c.logger.Info("traces can be exported again")
			}
			return nil
		}
		if !again || n == attempts-1 || !pause(ctx, time.Second<<n) {
			break
		}
		err = nil
	}
	if !c.failing.Swap(true) {
		c.logger.Warn("traces cannot be exported and are lost", "error", err)
	}
	return nil
}

func compressed(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// post sends a body; again is true if it is worth another attempt (OTLP specification, Retryable Response Codes).
func (c *client) post(ctx context.Context, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header = c.header.Clone()
	req.Header.Set("Content-Type", "application/x-protobuf")
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return true, errors.Unwrap(err) // the outer one has the URL, which may hold a password
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	switch resp.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	return again, fmt.Errorf("the collector answers %s", resp.Status)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
