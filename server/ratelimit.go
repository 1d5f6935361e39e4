package server

import (
	"crypto/sha256"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/postern-db/postern/server/config"
)

// codeRateLimit means that a client sends more requests than rate-limit lets through. PostgREST has no such error. Status 429.
const codeRateLimit = "PSTRN102"

// maxRateKeys bounds how many clients are remembered, and so the memory: some 20 MB. Who was not seen for longest is forgotten,
// and begins anew.
const maxRateKeys = 1 << 16

// rateLimiter lets through so many requests of each client: a bucket of tokens that fills again at the rate.
type rateLimiter struct {
	rate    config.Rate
	policy  string // RateLimit-Policy
	buckets *lru.Cache[string, *rate.Limiter]
}

// newRateLimiter returns nil if there is no limit.
func newRateLimiter(r config.Rate) *rateLimiter {
	if r == (config.Rate{}) {
		return nil
	}
	buckets, err := lru.New[string, *rate.Limiter](maxRateKeys)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &rateLimiter{
		rate: r, buckets: buckets,
		policy: `"default";q=` + itoa(r.Requests) + ";w=" + itoa(int64(r.Period/time.Second)),
	}
}

// take takes a token from the client's bucket. left is what remains; wait is the time until there is another, 0 if this one was
// there; full is the time until there are all.
func (l *rateLimiter) take(client string, now time.Time) (left int64, wait, full time.Duration) {
	perSecond := float64(l.rate.Requests) / l.rate.Period.Seconds()
	bucket, ok := l.buckets.Get(client)
	if !ok {
		fresh := rate.NewLimiter(rate.Limit(perSecond), int(l.rate.Requests))
		if earlier, found, _ := l.buckets.PeekOrAdd(client, fresh); found {
			bucket = earlier
		} else {
			bucket = fresh
		}
	}
	allowed := bucket.AllowN(now, 1)
	tokens := max(bucket.TokensAt(now), 0)
	seconds := func(missing float64) time.Duration { return time.Duration(missing / perSecond * float64(time.Second)) }
	if !allowed {
		wait = max(seconds(1-tokens), 1)
	}
	return int64(tokens), wait, seconds(float64(l.rate.Requests) - tokens)
}

// limitRate counts the request, once it is known whose it is: its token's subject's, else its address's. failed tells that the
// token was refused.
func (x *exchange) limitRate(failed bool) error {
	l := x.state.limiter
	if l == nil {
		return nil
	}
	client := addressKey(x.r.RemoteAddr)
	if !failed && x.caller.Subject != "" {
		client = subjectKey(x.caller.Issuer, x.caller.Subject)
	}
	left, wait, full := l.take(client, time.Now())
	h := x.w.Header()
	h.Set("RateLimit-Policy", l.policy)
	h.Set("RateLimit", `"default";r=`+itoa(left)+";t="+itoa(wholeSeconds(full)))
	if wait == 0 {
		return nil
	}
	return &apiError{
		Status: http.StatusTooManyRequests, Code: codeRateLimit, Message: "Too many requests",
		Details: text("At most " + l.rate.String() + " are let through"),
		Hint:    text("Wait as long as Retry-After says"),
		Headers: []pair{{"Retry-After", strconv.FormatInt(wholeSeconds(wait), 10)}},
	}
}

func wholeSeconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// addressKey is the client's network address, without the port. Of an IPv6 address it is the /64 that one subscriber has all of.
func addressKey(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote // a Unix socket
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return "a" + host
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if network, err := addr.Prefix(64); err == nil {
			return "a" + network.String()
		}
	}
	return "a" + addr.String()
}

// subjectKey is as long for any subject: what clients send is not kept.
func subjectKey(issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + "\x00" + subject))
	return "s" + string(sum[:])
}
