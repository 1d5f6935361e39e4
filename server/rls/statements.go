package rls

import (
	"strconv"
	"sync/atomic"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/jackc/pgx/v5/pgconn"
)

// statementKey is what a prepared statement belongs to. The plan of a statement under row-level security is made for a role,
// so two roles must not share one: PostgreSQL would plan it anew at every change. Names were looked up in a search path.
type statementKey struct {
	role, searchPath, sql string
}

// PostgreSQL keeps some hundred bytes for each byte of a prepared statement that embeds much. Clients choose what their requests
// embed, so long statements are not prepared, and the texts of all together are bounded.
const (
	maxPreparedBytes = 8 << 10 // of one statement's text
	meanBytes        = 1 << 10 // that all may have on average, were there as many as the cache holds
)

// statements are the prepared statements of one connection, the least recently used being closed when there are too many.
type statements struct {
	cache   *simplelru.LRU[statementKey, *pgconn.StatementDescription]
	bytes   int      // of the texts of all
	most    int      // for bytes
	evicted []string // names to be closed in the next flight
	next    uint64
	// sequences is set if a write may have left values for currval and lastval in the session. Only code can ask for them, so
	// they are discarded when code is to run, and not after each write.
	sequences bool
	edition   uint64  // that they were prepared in
	pooled    *pooled // nil without a pooler
}

const statementsKey = "postern.statements"

// statementsOf returns the statements of a connection, which carries them along.
func statementsOf(conn *pgconn.PgConn, size int) *statements {
	if s, ok := conn.CustomData()[statementsKey].(*statements); ok {
		return s
	}
	s := &statements{most: size * meanBytes}
	cache, err := simplelru.NewLRU(size, func(key statementKey, d *pgconn.StatementDescription) {
		s.bytes -= len(key.sql)
		s.evicted = append(s.evicted, d.Name)
	})
	if err != nil { // only for a size below 1, which the defaults rule out
		panic(err)
	}
	s.cache = cache
	conn.CustomData()[statementsKey] = s
	return s
}

// add keeps a statement that was prepared.
func (s *statements) add(key statementKey, d *pgconn.StatementDescription) {
	s.cache.Remove(key)
	s.bytes += len(key.sql)
	s.cache.Add(key, d)
	for s.bytes > s.most && s.cache.Len() > 1 {
		s.cache.RemoveOldest()
	}
}

func (s *statements) newName() string {
	s.next++
	return "p" + strconv.FormatUint(s.next, 10)
}

// forget drops all statements, to be closed in the next flight.
func (s *statements) forget() { s.cache.Purge() }

// editions counts how often the prepared statements went out of date.
type editions struct{ latest atomic.Uint64 }

// current drops a connection's statements that are of an earlier edition.
func (e *editions) current(s *statements) {
	if latest := e.latest.Load(); s.edition != latest {
		s.forget()
		s.edition = latest
	}
}

// next begins another edition, unless another connection has done so.
func (e *editions) next(s *statements) { e.latest.CompareAndSwap(s.edition, s.edition+1) }

// Forget has every statement prepared anew. PostgreSQL keeps the types of parameters that it found when a statement was prepared,
// also when a column that they are compared with gets another type.
func (p *Pool) Forget() { p.editions.latest.Add(1) }
