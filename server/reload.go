package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/rls"
)

// loadTimeout bounds reading the catalog, which must not wait for a lock for ever.
const loadTimeout = time.Minute

// newWatcher makes what reloads catalog and configuration when the database or a caller of ReloadSchema and ReloadConfig asks for
// it.
func (s *Server) newWatcher(c *config.Config) *introspect.Watcher {
	w := &introspect.Watcher{
		Connect: s.pool.ConnectPrimary, OnLost: s.troubled, Logger: s.logger,
		OnSchema: func(ctx context.Context) error { return s.orGiveUp(s.reloadCatalog(ctx)) },
		OnConfig: func(ctx context.Context) error { return s.orGiveUp(s.loadConfig(ctx)) },
	}
	w.Listen(channel(c))
	return w
}

// channel is what to listen on, "" for nothing.
func channel(c *config.Config) string {
	if !c.DBChannelEnabled {
		return ""
	}
	return c.DBChannel
}

func (s *Server) orGiveUp(err error) error {
	if err != nil && !s.loaded() && hopeless(err) {
		s.giveUp(err)
	}
	return err
}

// reloadCatalog reads the catalog anew, and before it the configuration if the database holds some of it, which may name other
// schemas (PostgREST reference, Schema Cache Reloading).
func (s *Server) reloadCatalog(ctx context.Context) error {
	if s.state.Load().config.DBConfig {
		if err := s.loadConfig(ctx); err != nil && ctx.Err() == nil && !errors.As(err, new(*rls.ConnectError)) { // which follows
			s.logger.Error("could not reload the configuration; the one before stays in use", "error", err)
		}
	}
	return s.loadCatalog(ctx)
}

// ReloadSchema reads the catalog anew, in the background. If that fails the one in use stays.
func (s *Server) ReloadSchema() { s.watcher.Reload() }

// ReloadConfig reads the configuration anew, in the background. If that fails the one in use stays.
func (s *Server) ReloadConfig() { s.watcher.ReloadConfig() }

// Reload reads the configuration and the catalog anew, and returns when requests are served with them, or with the error why
// not: then those in use stay. It need not be called after changes that the database notifies of (db-channel).
func (s *Server) Reload(ctx context.Context) error {
	if err := s.loadConfig(ctx); err != nil {
		return err
	}
	return s.loadCatalog(ctx)
}

func (s *Server) loadCatalog(ctx context.Context) (err error) {
	defer func() { s.reloads.catalog.done(err) }()
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	conn, err := s.pool.Connect(ctx)
	if err != nil {
		return fmt.Errorf("load the schema cache: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	st := s.state.Load()
	began := time.Now()
	catalog, err := introspect.Load(ctx, conn, catalogConfig(st.config, s.logger))
	if err != nil {
		return fmt.Errorf("load the schema cache: %w", err)
	}
	took := time.Since(began)
	for {
		st = s.state.Load()
		if s.state.CompareAndSwap(st, st.withCatalog(catalog)) {
			break
		}
	}
	s.pool.Forget()
	s.recovery.since.Store(0)
	s.reloads.queryTime.Set(took.Seconds())
	s.logger.Info("schema cache loaded", "relations", catalog.RelationCount(),
		"functions", len(catalog.RoutineNames()), "took", took.Round(time.Millisecond),
		"postgresql", conn.PgConn().ParameterStatus("server_version"))
	s.warnUnsafe(ctx, conn, st.config, catalog)
	// Reading leaves behind more than what is kept, and the catalog before: all that would stay with the process until it needs it.
	debug.FreeOSMemory()
	return nil
}

// loadConfig reads the configuration anew, with what the database holds of it.
func (s *Server) loadConfig(ctx context.Context) (err error) {
	st := s.state.Load()
	if s.reload == nil {
		return s.reloadRoles(ctx)
	}
	defer func() { s.reloads.config.done(err) }()
	var database map[string]string
	if st.config.DBConfig {
		var err error
		if database, err = s.databaseSettings(ctx, st.config); err != nil {
			return fmt.Errorf("load the configuration: %w", err)
		}
	}
	c, err := s.reload(database, st.config)
	if err != nil {
		return fmt.Errorf("load the configuration: %w", &configError{err})
	}
	next, err := newState(c, st.catalog, s.logger)
	if err != nil {
		return fmt.Errorf("load the configuration: %w", &configError{err})
	}
	if err := s.audit.Reopen(); err != nil {
		s.logger.Error("the audit log could not be opened again", "error", err)
	}
	next.verifier.Inherit(st.verifier)
	if c.RateLimit == st.config.RateLimit {
		next.limiter = st.limiter
	}
	s.runVerifier(next)
	for !s.state.CompareAndSwap(st, next) {
		st = s.state.Load()
		next.catalog = st.catalog
	}
	st.endVerifier()
	s.apply(st.config, c)
	s.logWarnings()
	return s.reloadRoles(ctx)
}

// reloadRoles reads the roles and their settings anew, which belong to the configuration (PostgREST reference, Configuration,
// Configuration Reloading).
func (s *Server) reloadRoles(ctx context.Context) error {
	st := s.state.Load()
	if st.catalog == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	conn, err := s.pool.Connect(ctx)
	if err != nil {
		return fmt.Errorf("load the settings of roles: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	catalog, err := introspect.LoadRoles(ctx, conn, st.catalog)
	if err != nil {
		return fmt.Errorf("load the settings of roles: %w", err)
	}
	// If the catalog was replaced meanwhile, its roles are as new.
	for before := st.catalog; st.catalog == before; st = s.state.Load() {
		if s.state.CompareAndSwap(st, st.withCatalog(catalog)) {
			break
		}
	}
	return nil
}

// apply tells what lives longer than a configuration of the new one, and the log what takes a restart.
func (s *Server) apply(before, after *config.Config) {
	s.pool.SetUnprepared(!after.DBPreparedStatements)
	if channel(before) != channel(after) {
		s.watcher.Listen(channel(after))
	}
	if names := config.Changed(before, after); len(names) > 0 && s.loaded() { // the first time nothing is built yet
		s.logger.Warn("changed parameters take effect only after a restart", "parameters", strings.Join(names, ", "))
	}
}

// runVerifier lets the verifier fetch its issuers' keys in the background.
func (s *Server) runVerifier(st *state) {
	ctx, cancel := context.WithCancel(s.background)
	st.endVerifier = cancel
	s.watching.Go(func() { st.verifier.Run(ctx) })
}

// databaseSettings reads the parameters that are set in the database (PostgREST reference, In-Database Configuration).
func (s *Server) databaseSettings(ctx context.Context, c *config.Config) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	conn, err := s.pool.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return DatabaseSettings(ctx, conn, c)
}
