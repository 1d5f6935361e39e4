package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server/rls"
)

const (
	// probeInterval is how often a database that is out of reach is tried, so that the first good answer comes well within a
	// second of its return. Nobody is there whom that could burden.
	probeInterval = 250 * time.Millisecond
	// firstRetry and lastRetry bound the time between attempts at a database that is there but refuses, between lines of the log,
	// and what clients are told to wait, all of which double (PostgREST reference, Connection Pool, Automatic Recovery).
	firstRetry = time.Second
	lastRetry  = 32 * time.Second
	// firstProbe bounds the first attempt, and the first to listen, for which New waits; probeTimeout bounds all others.
	firstProbe   = 2 * time.Second
	probeTimeout = 5 * time.Second
)

// oldestVersion is the oldest major version of PostgreSQL that is supported.
const oldestVersion = 14

// recovery is what the server knows of the database's whereabouts.
type recovery struct {
	since   atomic.Int64  // when the database was lost, in Unix nanoseconds; 0 while it is there
	trouble chan struct{} // a connection broke or could not be made
	once    sync.Once
	err     error         // why the server gave up; set before failed is closed
	failed  chan struct{} // closed when the server gives up
}

func newRecovery() recovery {
	return recovery{trouble: make(chan struct{}, 1), failed: make(chan struct{})}
}

// Done returns a channel that is closed when the server gives up: before it could serve for the first time the database refused
// the password or turned out to be of a version that is not supported, or it was lost while db-pool-automatic-recovery is off.
// Run ends then, too.
func (s *Server) Done() <-chan struct{} { return s.recovery.failed }

// Err says why the server gave up; nil unless Done is closed.
func (s *Server) Err() error {
	select {
	case <-s.recovery.failed:
		return s.recovery.err
	default:
		return nil
	}
}

func (s *Server) giveUp(err error) {
	s.recovery.once.Do(func() {
		s.recovery.err = err
		close(s.recovery.failed)
	})
}

// troubled is told of every connection that broke or could not be made.
func (s *Server) troubled(error) {
	select {
	case s.recovery.trouble <- struct{}{}:
	default: // it is being looked into
	}
}

// retryAfter is how many seconds a client should wait before it tries again: 1, 2, 4 … 32, the more the longer the database
// has been away.
func (r *recovery) retryAfter() string {
	wait := firstRetry
	if since := r.since.Load(); since != 0 {
		for away := time.Since(time.Unix(0, since)); wait < lastRetry && away >= 2*wait-firstRetry; {
			wait *= 2
		}
	}
	return strconv.Itoa(int(wait / time.Second))
}

// loadFirst makes the first attempt to load what requests are served with. It listens before, so that nothing needs to be loaded a
// second time for what may have changed meanwhile. Only what another attempt cannot mend is an error; all else is logged and tried
// again in the background.
func (s *Server) loadFirst(ctx context.Context) error {
	s.recovery.since.Store(time.Now().UnixNano())
	err := s.probe(ctx, firstProbe)
	if err == nil {
		s.beginListening(ctx)
		err = s.loadConfig(ctx)
	}
	if err == nil {
		err = s.loadCatalog(ctx)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil, hopeless(err), !s.state.Load().config.DBPoolAutomaticRecovery:
		return err
	}
	s.logger.Error("the API cannot be served yet; will try again", "error", err)
	s.watcher.ReloadConfig()
	s.watcher.Reload()
	return nil
}

// beginListening does not hold up the start for a primary server that is away while a standby could be served.
func (s *Server) beginListening(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, firstProbe)
	defer cancel()
	s.watcher.Begin(ctx)
}

// recover looks after the database until ctx is done: it waits for it at the start and whenever it is lost.
func (s *Server) recover(ctx context.Context) {
	if s.loaded() || s.await(ctx) {
		s.watching.Go(func() { s.watcher.Run(ctx) })
	}
	for ctx.Err() == nil && s.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.recovery.failed:
		case <-s.recovery.trouble:
			if s.state.Load().config.DBPoolAutomaticRecovery {
				s.await(ctx)
				continue
			}
			s.giveUp(errors.New("server: the connection to the database was lost, and db-pool-automatic-recovery is off"))
		}
	}
}

func (s *Server) loaded() bool { return s.state.Load().catalog != nil }

// await waits until the database can be reached. Connections that may have broken are dropped then, and if it was away everything
// is loaded anew, for it may have come back as another. It returns false if it waits in vain.
func (s *Server) await(ctx context.Context) bool {
	var lost, report time.Time
	for delay := firstRetry; ; {
		select {
		case <-s.recovery.trouble: // of before this attempt
		default:
		}
		err := s.probe(ctx, probeTimeout)
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return false
		case err == nil:
			s.found(lost)
			return true
		case !s.loaded() && hopeless(err):
			s.giveUp(err)
			return false
		case s.loaded() && sqlState(err) == "53300":
			return true // too many connections: it is there, and those that we have work
		case lost.IsZero():
			lost = now
			s.recovery.since.CompareAndSwap(0, now.UnixNano())
		}
		if !now.Before(report) {
			s.logger.Error("the database cannot be reached; will try again", "error", err, "away", now.Sub(lost).Round(time.Millisecond))
			report = now.Add(delay)
			delay = min(2*delay, lastRetry)
		}
		wait := probeInterval
		if connect := (*rls.ConnectError)(nil); errors.As(err, &connect) && !connect.Unreachable() {
			wait = time.Until(report) // it is there, and would log each refusal
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// found is called when the database can be reached, lost telling since when it could not, if that was so.
func (s *Server) found(lost time.Time) {
	s.pool.Reset()
	if lost.IsZero() {
		return
	}
	s.logger.Info("the database is back", "away", time.Since(lost).Round(time.Millisecond))
	if s.loaded() {
		s.recovery.since.Store(0)
	}
	s.watcher.ReloadConfig()
	s.watcher.Reload()
	s.watcher.Retry()
}

// probe finds out whether the database can be reached, and is one that can be served.
func (s *Server) probe(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := s.pool.Connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return checkVersion(conn.PgConn().ParameterStatus("server_version"))
}

// versionError says that the server is too old.
type versionError struct{ version string }

func (e *versionError) Error() string {
	return fmt.Sprintf("server: PostgreSQL %s is not supported; version %d or newer is needed", e.version, oldestVersion)
}

// checkVersion looks at the version that PostgreSQL announces, such as "15.7 (Debian 15.7-0+deb12u1)" or "18beta1". One that is
// not understood passes.
func checkVersion(version string) error {
	digits := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(version)
	}
	if major, err := strconv.Atoi(version[:digits]); err == nil && major < oldestVersion {
		return &versionError{version}
	}
	return nil
}

// hopeless reports whether an error at the start will not go away by itself: a wrong password, a setting in the connection string
// that PostgreSQL does not know, a PostgreSQL that is too old, or a parameter in the database that cannot be used.
func hopeless(err error) bool {
	var (
		version *versionError
		config  *configError
		connect *rls.ConnectError
	)
	return errors.As(err, &version) || errors.As(err, &config) || sqlState(err) == "28P01" ||
		errors.As(err, &connect) && sqlState(err) == "42704"
}

// configError says that the parameters cannot be used.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

// sqlState returns the SQLSTATE of an error of PostgreSQL's, "" for others.
func sqlState(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}
