package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// cacheKey stands for one token under one set of keys.
type cacheKey [sha256.Size]byte

// cache remembers verified tokens. It belongs to one Verifier and so to one
// generation of keys: its seed is new with each, and no key computed under
// another generation can match. An issuer's keys change within a Verifier; its
// tokens are verified again after each change. Only tokens with a valid signature enter it;
// a stranger can neither fill it nor push entries out.
type cache struct {
	seed    [sha256.Size]byte
	entries *lru.Cache[cacheKey, *identity]
	flight  singleflight.Group

	requests, hits, evictions atomic.Uint64
}

func newCache(maxEntries int) (*cache, error) {
	c := &cache{}
	if _, err := rand.Read(c.seed[:]); err != nil {
		return nil, fmt.Errorf("seed the token cache: %w", err)
	}
	entries, err := lru.NewWithEvict(maxEntries, func(cacheKey, *identity) { c.evictions.Add(1) })
	if err != nil {
		return nil, fmt.Errorf("make the token cache: %w", err)
	}
	c.entries = entries
	return c, nil
}

// key hashes the token. SHA-256 because a collision would be another caller's
// role; the token itself is not kept, so memory holds nothing one could replay.
func (c *cache) key(token string) cacheKey {
	// Large enough for nearly every token; a longer one costs an allocation.
	buf := make([]byte, 0, 1024)
	buf = append(buf, c.seed[:]...)
	buf = append(buf, token...)
	return sha256.Sum256(buf)
}

// lookup returns the token's identity, verifying it if it is not remembered.
// Callers that miss the same token at the same time share one verification.
func (c *cache) lookup(token string, verify func(token string) verdict) verdict {
	c.requests.Add(1)
	k := c.key(token)
	if id, ok := c.entries.Get(k); ok && id.fresh() {
		c.hits.Add(1)
		return verdict{id: id}
	}
	// The function never fails; a refusal is part of the verdict.
	shared, _, _ := c.flight.Do(string(k[:]), func() (any, error) {
		// Another flight may have landed since the look-up above.
		if id, ok := c.entries.Peek(k); ok && id.fresh() {
			return verdict{id: id}, nil
		}
		found := verify(token)
		if found.refusal == nil {
			c.entries.Add(k, found.id)
		}
		return found, nil
	})
	return shared.(verdict)
}
