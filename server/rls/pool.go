package rls

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postern-db/postern/internal/conninfo"
)

// Config says how to reach the database.
type Config struct {
	// URI is a connection URI or keyword/value string (PostgreSQL manual, 32.1.1 Connection Strings). What it leaves out is
	// taken from libpq's PG* variables.
	URI string
	// MaxConnections is the most connections of the pool. Defaults to 10.
	MaxConnections int
	// AcquireTimeout is how long a request waits for a connection. Defaults to 10 s.
	AcquireTimeout time.Duration
	// MaxIdleTime is how long an unused connection is kept. Defaults to 30 s.
	MaxIdleTime time.Duration
	// MaxLifetime is the age at which a connection is replaced. Defaults to 30 min.
	MaxLifetime time.Duration
	// MaxWaiting is how many callers may wait for a connection before more get ErrPoolBusy. Defaults to no limit.
	MaxWaiting int
	// Unprepared sends every statement anew instead of preparing it once a connection, as a pooler in transaction mode needs.
	Unprepared bool
	// StatementCacheSize is how many prepared statements a connection keeps. Defaults to 256.
	StatementCacheSize int
	// Logger, if not nil, is told at level debug of connections that are opened, taken and closed.
	Logger *slog.Logger
	// OnTrouble, if not nil, is told of each connection that broke or could not be made. It must not block.
	OnTrouble func(error)
}

// WithDefaults returns c with the defaults in place of what is zero.
func (c Config) WithDefaults() Config {
	c.MaxConnections = or(c.MaxConnections, 10)
	c.AcquireTimeout = or(c.AcquireTimeout, 10*time.Second)
	c.MaxIdleTime = or(c.MaxIdleTime, 30*time.Second)
	c.MaxLifetime = or(c.MaxLifetime, 30*time.Minute)
	c.StatementCacheSize = or(c.StatementCacheSize, 256)
	return c
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// checkPeriod is how often pgxpool looks for connections that were not used for too long or are too old, so that they live at most
// a quarter longer than they should, or half a second.
func checkPeriod(c Config) time.Duration {
	return min(max(min(c.MaxIdleTime, c.MaxLifetime)/4, 500*time.Millisecond), time.Minute)
}

// Pool is a pool of connections as the login role. It is safe for concurrent use.
type Pool struct {
	config Config
	pool   *pgxpool.Pool
	wiping sync.WaitGroup
	// spare has an element for each connection that is not in use or that pgxpool may still make.
	spare chan struct{}
	// handed is where callers that wait receive a connection from one that needs it no longer.
	handed  chan *connection
	waiting atomic.Int64                 // callers that wait
	resets  atomic.Uint64                // calls of Reset
	down    atomic.Pointer[ConnectError] // why the database could not be reached last; nil if it could
	// unprepared is Config.Unprepared, which may change.
	unprepared atomic.Bool
	editions   editions
}

// New makes a pool. It checks the URI but opens no connection.
func New(ctx context.Context, cfg Config) (*Pool, error) {
	cfg = cfg.WithDefaults()
	info, err := conninfo.Parse(cfg.URI)
	if err != nil {
		return nil, fmt.Errorf("read the connection string: %w", err)
	}
	pc, err := pgxpool.ParseConfig(cfg.URI)
	if err != nil {
		return nil, fmt.Errorf("read the connection string: %w", err)
	}
	pc.ConnConfig = info.ConnConfig
	if info.Shuffle {
		pc.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
			conninfo.Shuffle(c)
			return nil
		}
	}
	pc.MaxConns = int32(min(cfg.MaxConnections, 1<<20))
	pc.MinConns = 0
	pc.MaxConnIdleTime = cfg.MaxIdleTime
	pc.MaxConnLifetime = cfg.MaxLifetime
	pc.MaxConnLifetimeJitter = cfg.MaxLifetime / 10
	pc.HealthCheckPeriod = checkPeriod(cfg)
	pc.PingTimeout = pingTimeout
	configureConnection(pc.ConnConfig)
	p := &Pool{config: cfg, spare: make(chan struct{}, pc.MaxConns), handed: make(chan *connection)}
	for range pc.MaxConns {
		p.spare <- struct{}{}
	}
	p.unprepared.Store(cfg.Unprepared)
	pc.BeforeClose = func(conn *pgx.Conn) { p.debug("connection closed", conn.PgConn()) }
	pc.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		p.down.Store(nil)
		p.debug("connection opened", conn.PgConn())
		return detectPooler(ctx, conn.PgConn(), statementsOf(conn.PgConn(), cfg.StatementCacheSize))
	}
	if p.pool, err = pgxpool.NewWithConfig(ctx, pc); err != nil {
		return nil, fmt.Errorf("rls: make the pool: %w", err)
	}
	return p, nil
}

// Close waits until all connections are returned, and wiped where they must be, and closes them.
func (p *Pool) Close() {
	p.pool.Close()
	p.wiping.Wait()
}

// SetUnprepared changes Config.Unprepared for the transactions that follow.
func (p *Pool) SetUnprepared(unprepared bool) { p.unprepared.Store(unprepared) }

// Reset closes all connections, those in use when they are returned.
func (p *Pool) Reset() {
	p.pool.Reset()
	p.resets.Add(1)
}

// Stat returns the pool's figures.
func (p *Pool) Stat() *pgxpool.Stat { return p.pool.Stat() }

// Ping reports whether the database answers.
func (p *Pool) Ping(ctx context.Context) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer p.giveBack(conn)
	if err := ping(ctx, conn.pg); err != nil {
		return fmt.Errorf("ping the database: %w", err)
	}
	return nil
}

// debug logs what becomes of a connection, which is known by its process's number in PostgreSQL.
func (p *Pool) debug(event string, conn *pgconn.PgConn) {
	if l := p.config.Logger; l != nil && l.Enabled(context.Background(), slog.LevelDebug) {
		l.Debug(event, "pid", conn.PID())
	}
}
