package server

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/server/audit"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/server/traces"
)

// Config is what a Server is made of.
type Config struct {
	// Settings are the parameters, as config.Load gives them. Required.
	Settings *config.Config
	// Reload reads the parameters anew; database holds those that are set in the database. Defaults to keeping Settings.
	Reload func(database map[string]string, previous *config.Config) (*config.Config, error)
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// AccessLog takes a line for each request that log-level wants, as PostgREST writes them to standard output. A slow one holds
	// up nothing: what it does not take in time is lost and counted. Defaults to none.
	AccessLog io.Writer
	// Authenticate finds the caller of a request in place of the tokens, for a Go program with sessions of its own. The role
	// of the result decides what the request may do; its Claims are a JSON object. An error of type *auth.Error is answered
	// as it says, any other with 500. Defaults to tokens, as Settings have it.
	Authenticate func(*http.Request) (auth.Caller, error)
	// OnError is told of each error that is answered with a 5xx, with what the client is not told: for a program that reports them
	// elsewhere than in its log. It is called after the answer, by the goroutine of the request, and must not panic.
	OnError func(*http.Request, error)
	// Static holds the files of a frontend, served as those of server-static-dir are. Defaults to that folder, if it is set.
	Static fs.FS
	// Version is what the API's description gives as its version. Defaults to that of Postern in the program.
	Version string
}

// Server serves the API. It is an http.Handler, safe for concurrent use.
type Server struct {
	logger  *slog.Logger
	version string
	product []string // the header Server
	// authenticate is Config.Authenticate.
	authenticate func(*http.Request) (auth.Caller, error)
	onError      func(*http.Request, error)
	reload       func(map[string]string, *config.Config) (*config.Config, error)
	pool         *rls.Pool
	state        atomic.Pointer[state]
	handler      http.Handler // the router and what is around it
	audit        *audit.Log   // nil without audit-log
	watcher      *introspect.Watcher
	recovery     recovery
	findings     findings
	draining     atomic.Bool // Run shuts down
	frontend     frontend
	registry     *prometheus.Registry
	requests     *requestMetrics
	reloads      *reloadMetrics
	accessLog    *accessLog     // nil without Config.AccessLog
	tracer       *traces.Tracer // nil without otel-traces-enabled

	// explaining holds what explanations are worked on.
	explaining chan struct{}

	listening  listening
	background context.Context // of what runs from New to Close
	stop       context.CancelFunc
	watching   sync.WaitGroup
}

// New makes a Server, which reads the catalog and watches for changes until Close. ctx bounds New only.
//
// It waits for the first attempt to load the catalog. What trying again cannot mend is an error: parameters that cannot be used, a
// connection string that cannot be read, a password that is refused, a PostgreSQL that is too old. A database that cannot be
// reached, and a catalog that cannot be read, such as for want of a schema, are logged and tried again in the background; requests
// get a 503 until that succeeds. Where db-pool-automatic-recovery is off they are errors, too. See Done for what comes later.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Settings == nil {
		return nil, errors.New("server: Config.Settings is required")
	}
	s := &Server{
		logger: cfg.Logger, reload: cfg.Reload, authenticate: cfg.Authenticate, onError: cfg.OnError,
		version: cmp.Or(cfg.Version, moduleVersion()), recovery: newRecovery(), explaining: make(chan struct{}, maxExplanations),
		frontend: frontend{files: cfg.Static},
	}
	s.product = []string{"postern/" + programVersion(s.version)}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	s.logger.Info("starting Postern", "version", programVersion(s.version))
	c := cfg.Settings
	pool, err := rls.New(ctx, rls.Config{
		URI: string(c.DBURI), MaxConnections: c.DBPool, AcquireTimeout: cmp.Or(c.DBPoolAcquisitionTimeout, noLimit),
		MaxIdleTime: cmp.Or(c.DBPoolMaxIdletime, noLimit), MaxLifetime: cmp.Or(c.DBPoolMaxLifetime, noLimit), Unprepared: !c.DBPreparedStatements,
		MaxWaiting: c.DBPoolMaxWaiting, OnTrouble: s.troubled, Logger: s.logger,
	})
	if err != nil {
		return nil, c.Reject("db-uri", "it cannot be used", err)
	}
	s.pool = pool
	s.startMetrics()
	s.accessLog = newAccessLog(cfg.AccessLog, func(lines uint64) { s.logger.Warn("access log lines lost", "lines", lines) })
	s.background, s.stop = context.WithCancel(context.Background())
	if err := s.start(ctx, c); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// noLimit is the time that parameters of the pool stand for with 0: as good as none, where rls takes 0 for its default.
const noLimit = 68 * 365 * 24 * time.Hour

func (s *Server) start(ctx context.Context, c *config.Config) error {
	st, err := newState(c, nil, s.logger)
	if err != nil {
		return err
	}
	s.runVerifier(st)
	s.state.Store(st)
	s.watcher = s.newWatcher(c)
	if err := s.loadFirst(ctx); err != nil {
		return err
	}
	if s.state.Load().config == c { // or reading it anew has logged them
		s.logWarnings()
	}
	if err := s.startTraces(ctx, c); err != nil {
		return err
	}
	if err := s.frontend.open(s.state.Load().config); err != nil {
		return err
	}
	if err := s.startAudit(ctx, s.state.Load().config); err != nil {
		return err
	}
	s.handler = s.layers(s.newRouter())
	s.watching.Go(func() { s.recover(s.background) })
	return nil
}

// startAudit opens the audit log. One in the database that cannot be written now is a warning: it may be able to later, and
// lines wait for that.
func (s *Server) startAudit(ctx context.Context, c *config.Config) error {
	if c.AuditLog == "" {
		return nil
	}
	log, err := audit.New(audit.Config{
		Destination: c.AuditLog, Stdout: os.Stdout, Connect: s.pool.ConnectPrimary, Logger: s.logger,
	})
	if err != nil {
		return c.Reject("audit-log", "it cannot be written", err)
	}
	s.audit = log
	if !s.loaded() {
		return nil // there is no database to ask
	}
	if err := log.Check(ctx); err != nil {
		s.logger.Warn("the audit log cannot be written now", "error", err)
	}
	return nil
}

// logWarnings logs once what is odd about the configuration.
func (s *Server) logWarnings() {
	st := s.state.Load()
	for _, w := range st.verifier.Warnings() {
		s.logger.Warn(w)
	}
	for _, w := range st.config.Warnings {
		s.logger.Warn(w.Error())
	}
	for _, k := range st.config.Unknown {
		s.logger.Warn(k.String())
	}
}

// Close ends all that New began, after the requests under way.
func (s *Server) Close() {
	s.stop()
	s.watching.Wait()
	if s.watcher != nil {
		s.watcher.Close()
	}
	if err := s.audit.Close(); err != nil {
		s.logger.Error("the audit log is incomplete", "error", err)
	}
	s.frontend.close()
	s.pool.Close()
	s.endTraces()
	if err := s.accessLog.Close(); err != nil {
		s.logger.Error("the access log is incomplete", "error", err)
	}
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
