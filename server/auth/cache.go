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
// another generation can match. Only tokens with a valid signature enter it;
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
func (c *cache) lookup(token string, verify func(token string) (*identity, *Error)) (*identity, *Error) {
	c.requests.Add(1)
	k := c.key(token)
	if id, ok := c.entries.Get(k); ok {
		c.hits.Add(1)
		return id, nil
	}
	type outcome struct {
		id      *identity
		refusal *Error
	}
	// The function never fails; a refusal is part of the outcome.
	shared, _, _ := c.flight.Do(string(k[:]), func() (any, error) {
		// Another flight may have landed since the look-up above.
		if id, ok := c.entries.Peek(k); ok {
			return outcome{id: id}, nil
		}
		id, refusal := verify(token)
		if refusal == nil {
			c.entries.Add(k, id)
		}
		return outcome{id, refusal}, nil
	})
	o := shared.(outcome)
	return o.id, o.refusal
}
