package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxDocumentBytes is the largest document that is read from an issuer.
const maxDocumentBytes = 512 << 10

// discoveryPath is appended to an issuer's URL (OpenID Connect Discovery 1.0,
// section 4).
const discoveryPath = "/.well-known/openid-configuration"

// newClient makes the client for one issuer. It follows a few redirects, but
// never to another host, port or scheme: only the configuration, or a document
// from the issuer itself, says whom to trust.
func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			MaxIdleConns:           2,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			first := via[0].URL
			if next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
				return errors.New("it redirects to another host")
			}
			if len(via) > 3 {
				return errors.New("it redirects too often")
			}
			return nil
		},
	}
}

// fetch gets the issuer's keys. It returns the set in use if nothing changed.
func (r *remote) fetch(ctx context.Context) (*keySet, []string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.pace.fetch)
	defer cancel()
	uri := r.jwksURI
	if uri == "" {
		var err error
		if uri, err = r.discover(ctx); err != nil {
			return nil, nil, fmt.Errorf("discover the keys' address: %w", err)
		}
	}
	text, err := r.get(ctx, uri)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch the keys: %w", err)
	}
	digest := sha256.Sum256([]byte(text))
	if old := r.set.Load(); old != nil && old.digest == digest {
		return old, nil, nil
	}
	keys, warnings, err := parseRemoteKeys(text, r.algorithms)
	if err != nil {
		return nil, nil, fmt.Errorf("read the keys: %w", err)
	}
	return &keySet{keys: keys, digest: digest}, warnings, nil
}

// discover reads the issuer's configuration document. The document must name
// the issuer itself, exactly (section 4.3 there).
func (r *remote) discover(ctx context.Context) (string, error) {
	text, err := r.get(ctx, strings.TrimSuffix(r.issuer, "/")+discoveryPath)
	if err != nil {
		return "", err
	}
	doc, err := parseJSON(text)
	if err != nil || doc.kind != kindObject {
		return "", errors.New("the document is not a JSON object")
	}
	if iss := doc.get("issuer"); iss == nil || iss.kind != kindString || iss.text != r.issuer {
		return "", errors.New("the document is for another issuer")
	}
	uri := doc.get("jwks_uri")
	if uri == nil || uri.kind != kindString {
		return "", errors.New("the document has no jwks_uri")
	}
	if reason := refuseURL(uri.text, isLoopback(r.issuer)); reason != "" {
		return "", fmt.Errorf("the document's jwks_uri cannot be used: %s", reason)
	}
	return uri.text, nil
}

func (r *remote) get(ctx context.Context, uri string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "postern")
	res, err := r.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s: status %d", uri, res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocumentBytes+1))
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", uri, err)
	}
	if len(body) > maxDocumentBytes {
		return "", fmt.Errorf("GET %s: the document is larger than %d bytes", uri, maxDocumentBytes)
	}
	return string(body), nil
}

// refuseURL says why keys must not be fetched from an address, or returns "".
// Without TLS anyone on the way could put in keys of his own, so that http is
// for this machine alone; and a document from elsewhere must not send us to it.
func refuseURL(text string, loopback bool) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "it is not an absolute URL"
	case u.User != nil:
		return "it has a user name"
	case u.Fragment != "":
		return "it has a fragment"
	case u.Scheme == "https":
		return ""
	case u.Scheme != "http":
		return "its scheme is not https"
	case !loopback || !isLoopback(text):
		return "http is only allowed on this machine (localhost, 127.0.0.1, ::1); use https"
	}
	return ""
}

// isLoopback reports whether a URL is http to this machine.
func isLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
