package embedpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// relay stands between the library and the repository, on the loopback interface. The library downloads without a
// context or a word about its progress, reports every failure as a missing version, and goes on if the repository has
// no checksum; the relay counts, cancels, keeps the true error, and refuses what has no checksum.
type relay struct {
	repository string
	progress   func(percent int)
	client     *http.Client
	server     *http.Server
	listener   net.Listener
	ctx        context.Context // of the Start that downloads

	mu  sync.Mutex
	err error // the first failure
}

func startRelay(ctx context.Context, repository string, progress func(percent int)) (*relay, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{
		repository: repository, progress: progress, listener: listener, ctx: ctx,
		client: &http.Client{Timeout: 15 * time.Minute},
	}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ends when close closes the listener
	return r, nil
}

func (r *relay) url() string { return "http://" + r.listener.Addr().String() }

// close stops the relay and returns the first failure.
func (r *relay) close() error {
	_ = r.server.Close()
	r.client.CloseIdleConnections()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// ServeHTTP fetches the same path from the repository.
func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if err := r.forward(w, req.URL.Path); err != nil {
		r.mu.Lock()
		if r.err == nil {
			r.err = err
		}
		r.mu.Unlock()
		// Breaks the answer off, so that half a file does not pass for a whole one.
		panic(http.ErrAbortHandler)
	}
}

func (r *relay) forward(w http.ResponseWriter, path string) error {
	if !strings.HasSuffix(path, ".sha256") {
		sum, err := r.get(path + ".sha256")
		if err != nil {
			return fmt.Errorf("checksum: %w", err)
		}
		_ = sum.Body.Close()
	}
	resp, err := r.get(path)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body := io.Reader(resp.Body)
	if strings.HasSuffix(path, ".sha256") {
		// Some repositories end the sum with a line break, which the library would take as part of it.
		text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
		if err != nil {
			return err
		}
		body = strings.NewReader(strings.TrimSpace(string(text)))
	} else if resp.ContentLength > 0 {
		w.Header().Set("Content-Length", fmt.Sprint(resp.ContentLength))
		body = &counter{r: resp.Body, total: resp.ContentLength, last: -1, progress: r.progress}
	}
	_, err = io.Copy(w, body)
	return err
}

func (r *relay) get(path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.repository+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, errors.New("GET " + req.URL.Redacted() + ": " + resp.Status)
	}
	return resp, nil
}

// counter tells each full percent that has been read.
type counter struct {
	r           io.Reader
	read, total int64
	last        int
	progress    func(percent int)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	if percent := int(c.read * 100 / c.total); percent > c.last {
		c.last = percent
		c.progress(percent)
	}
	return n, err
}
