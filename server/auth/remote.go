package auth

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

// remote keeps the keys of one issuer fresh. Each issuer has its own goroutine,
// so that a slow or failing one delays no other.
//
// jwx's jwk.Cache is not used: it fetches all URLs in one goroutine, makes
// readers wait while it fetches, reads documents of any size, follows every
// redirect, and cannot be waited for when it stops.
type remote struct {
	issuer     string
	jwksURI    string // "" asks discovery
	algorithms []jwa.SignatureAlgorithm
	client     *http.Client
	logger     *slog.Logger
	pace       pace

	set  atomic.Pointer[keySet] // nil until the keys were fetched once
	wake chan struct{}          // asks for an attempt before its time

	mu      sync.Mutex
	running bool
	attempt chan struct{} // closed at the end of the attempt under way or asked for; else nil
	ended   time.Time     // the last attempt
	stats   IssuerStats
}

// pace says when keys are fetched.
type pace struct {
	// refresh is the time between fetches that succeed. It bounds how long a key
	// that the issuer withdrew is still accepted.
	refresh time.Duration
	// retry is the time after the first failure. It doubles with each, up to
	// retryMost.
	retry, retryMost time.Duration
	// ask is the least time from an attempt to one that a request asks for, so
	// that tokens with invented kids cannot make us pester the issuer.
	ask time.Duration
	// wait is the longest that a request waits for an attempt.
	wait time.Duration
	// fetch bounds an attempt: discovery and keys together.
	fetch time.Duration
}

func defaultPace() pace {
	return pace{
		refresh: 10 * time.Minute, retry: time.Second, retryMost: time.Minute,
		ask: 10 * time.Second, wait: 3 * time.Second, fetch: 10 * time.Second,
	}
}

// IssuerStats counts what became of fetching one issuer's keys, for metrics.
type IssuerStats struct {
	// Issuer is the issuer's name, as configured.
	Issuer string
	// Keys is how many keys can verify its tokens now. It is 0 until they were
	// fetched for the first time.
	Keys int
	// Refreshes and Failures count the attempts that succeeded and failed since
	// the Verifier was made, or since the one it inherited from was.
	Refreshes, Failures uint64
	// LastRefresh is when an attempt last succeeded, or zero.
	LastRefresh time.Time
}

// run fetches the keys, at once and then again and again, until ctx is done.
func (r *remote) run(ctx context.Context) {
	r.mu.Lock()
	r.running = true
	r.mu.Unlock()
	defer r.end(false)
	failures := 0
	for ctx.Err() == nil {
		r.begin()
		if r.refresh(ctx) {
			failures = 0
		} else {
			failures++
		}
		r.end(true)
		timer := time.NewTimer(r.pace.pause(failures))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-r.wake:
		}
		timer.Stop()
	}
}

// pause is the time until the next attempt. It varies a little, so that many
// servers started together do not ask together.
func (p *pace) pause(failures int) time.Duration {
	d := p.refresh
	if failures > 0 {
		d = min(p.retry<<min(failures-1, 20), p.retryMost)
	}
	return d - rand.N(d/10+1)
}

func (r *remote) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.attempt == nil {
		r.attempt = make(chan struct{})
	}
}

func (r *remote) end(running bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = running
	r.ended = time.Now()
	if r.attempt != nil {
		close(r.attempt)
		r.attempt = nil
	}
	select { // who asked during the attempt has been served by it
	case <-r.wake:
	default:
	}
}

// refresh fetches the keys and reports whether it succeeded. If not, those it
// had stay in use.
func (r *remote) refresh(ctx context.Context) bool {
	set, warnings, err := r.fetch(ctx)
	if err != nil && ctx.Err() != nil {
		return false // stopped, which is nobody's failure
	}
	r.mu.Lock()
	if err != nil {
		r.stats.Failures++
	} else {
		r.stats.Refreshes++
		r.stats.LastRefresh = time.Now()
	}
	r.mu.Unlock()
	if err != nil {
		r.logger.Warn("cannot fetch an issuer's keys", "issuer", r.issuer, "error", err, "keys in use", r.count())
		return false
	}
	if r.set.Swap(set) != set {
		r.logger.Info("fetched an issuer's keys", "issuer", r.issuer, "keys", len(set.keys))
		for _, w := range warnings {
			r.logger.Warn("an issuer's key cannot be used", "issuer", r.issuer, "reason", w)
		}
	}
	return true
}

func (r *remote) count() int {
	if set := r.set.Load(); set != nil {
		return len(set.keys)
	}
	return 0
}

// await waits for the attempt under way, or asks for one, and reports whether
// one has ended. It does not wait if the last is too short a time ago.
func (r *remote) await(ctx context.Context) bool {
	attempt := r.ask()
	if attempt == nil {
		return false
	}
	timer := time.NewTimer(r.pace.wait)
	defer timer.Stop()
	select {
	case <-attempt:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (r *remote) ask() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.running:
		return nil
	case r.attempt != nil:
		return r.attempt
	case time.Since(r.ended) < r.pace.ask:
		return nil
	}
	r.attempt = make(chan struct{})
	r.wake <- struct{}{} // has room: it is emptied whenever attempt becomes nil
	return r.attempt
}

// inherit takes over what another knows of the same issuer.
func (r *remote) inherit(from *remote) {
	r.set.Store(from.set.Load())
	from.mu.Lock()
	defer from.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stats = from.stats
}

func (r *remote) snapshot() IssuerStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Issuer, s.Keys = r.issuer, r.count()
	return s
}
