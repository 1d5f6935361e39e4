package auth

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCacheAsksForTheTimeOnEveryHit(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 10})
	token := hs256(t, fmt.Sprintf(`{"role":"a","exp":%d}`, testNow))
	if _, err := authenticate(v, token); err != nil {
		t.Fatal(err)
	}
	v.now = func() time.Time { return time.Unix(testNow+skew+1, 0) }
	if got := refusalOf(t, v, "Bearer "+token).Message; got != "JWT expired" {
		t.Errorf("a cached token outlives its exp: %q", got)
	}
	if got := v.CacheStats(); got != (CacheStats{Requests: 2, Hits: 1}) {
		t.Errorf("statistics %+v", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 3})
	for i := range 10 {
		if _, err := authenticate(v, hs256(t, fmt.Sprintf(`{"role":"a","i":%d}`, i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := v.cache.entries.Len(); n != 3 {
		t.Errorf("%d entries", n)
	}
	if got := v.CacheStats(); got != (CacheStats{Requests: 10, Evictions: 7}) {
		t.Errorf("statistics %+v", got)
	}
}

func TestStrangersDoNotEnterTheCache(t *testing.T) {
	t.Parallel()
	cfg := hostileConfig(t)
	cfg.CacheMaxEntries = 1000
	v := newTestVerifier(t, cfg)
	for _, test := range hostileTokens(t) {
		if test.code == CodeToken {
			refusalOf(t, v, test.authorization...)
		}
	}
	if n := v.cache.entries.Len(); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestCachesOfTwoKeysShareNothing(t *testing.T) {
	t.Parallel()
	a := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 10})
	b := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 10})
	if a.cache.key("x") == b.cache.key("x") {
		t.Error("two generations have the same hash for a token")
	}
	if first, again := a.cache.key("x"), a.cache.key("x"); first != again || first == a.cache.key("y") {
		t.Error("the hash does not stand for the token")
	}
}

func TestConcurrentMissesVerifyOnce(t *testing.T) {
	t.Parallel()
	c, err := newCache(10)
	if err != nil {
		t.Fatal(err)
	}
	var verified atomic.Int32
	release := make(chan struct{})
	verify := func(string) verdict {
		verified.Add(1)
		<-release
		return verdict{id: &identity{from: &trust{}}}
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if found := c.lookup("token", verify); found.id == nil || found.refusal != nil {
				t.Errorf("%+v", found)
			}
		})
	}
	for c.requests.Load() < 50 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	wg.Wait()
	if n := verified.Load(); n != 1 {
		t.Errorf("verified %d times", n)
	}
}

// TestNoCallerGetsAnothers uses many tokens, good and bad, at the same time
// over a cache that is far too small.
func TestNoCallerGetsAnothers(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, CacheMaxEntries: 4})
	const users = 16
	var tokens [users]string
	for i := range tokens {
		tokens[i] = hs256(t, fmt.Sprintf(`{"role":"user%d"}`, i))
	}
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			for i := range 500 {
				user := (worker*7 + i) % users
				want := fmt.Sprintf("user%d", user)
				caller, err := authenticate(v, tokens[user])
				if err != nil || caller.Role != want || caller.Claims != `{"role":"`+want+`"}` {
					t.Errorf("%s got %+v, %v", want, caller, err)
					return
				}
				forged := tokens[user][:len(tokens[user])-4] + "AAAA"
				var refusal *Error
				if _, err := authenticate(v, forged); !errors.As(err, &refusal) || refusal.Code != CodeToken {
					t.Errorf("forged: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}
