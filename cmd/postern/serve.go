package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

type serveCommand struct {
	configFile
	Static string `placeholder:"DIR" help:"Folder with the files of a frontend, to serve from the same origin (server-static-dir)."`
}

// Help is shown by --help.
func (serveCommand) Help() string {
	return "Connects to the database (db-uri), reads its catalog and serves the exposed schemas (db-schemas) on server-host " +
		"and server-port. Every parameter of PostgREST 16 is understood, in a file or as PGRST_NAME in the environment, so an " +
		"existing postgrest.conf works unchanged. SIGUSR1 reads the catalog again, SIGUSR2 the configuration; SIGTERM and " +
		"Ctrl-C finish the requests under way and end."
}

// Examples are shown by --help.
func (serveCommand) Examples() string {
	return `  postern serve --config postern.conf
  postern postgrest.conf
  postern serve --config postern.conf --static dist
  PGRST_DB_URI=postgres://authenticator@localhost/app PGRST_DB_SCHEMAS=api PGRST_JWT_SECRET=@jwt-secret postern serve
`
}

// Run serves until a signal ends it.
func (c serveCommand) Run(a *app) error {
	file, err := c.path()
	if err != nil {
		return err
	}
	environ := a.environ
	if c.Static != "" {
		environ = append(slices.Clone(environ), "POSTERN_SERVER_STATIC_DIR="+c.Static)
	}
	log := newServerLog(a.stderr)
	defer log.Close()
	load := func(database map[string]string, previous *config.Config) (*config.Config, error) {
		settings, err := config.Load(config.Input{File: file, Environ: environ, Database: database, Previous: previous})
		if err == nil {
			log.follow(settings.LogLevel)
		}
		return settings, err
	}
	settings, err := load(nil, nil)
	if err != nil {
		return err
	}
	defer outliveReaders()()
	signals := notifyReloads()
	defer signals.stop()
	s, err := server.New(a.ctx, server.Config{
		Settings: settings, Reload: load, Logger: log.Logger, AccessLog: a.stdout, Version: version,
	})
	if err != nil {
		if c.Static != "" {
			err = toldByFlag(err, "server-static-dir", "--static")
		}
		return err
	}
	defer s.Close()
	paceGC()
	defer signals.reload(s)()
	return s.Run(a.ctx)
}

// outliveReaders has a write to a log whose reader has gone fail, where it would end the program otherwise. To ignore the signal would
// have programs that this one starts ignore it, too.
func outliveReaders() (stop func()) {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}

// logLevel is what is logged besides requests, whose level the server looks after itself.
func logLevel(level config.LogLevel) slog.Level {
	if level >= config.LogDebug {
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// reloadSignals are the signals to reload, which PostgREST has too: SIGUSR1 the catalog and SIGUSR2 the configuration. Each has
// a channel of its own, for one that comes with the other to find room.
type reloadSignals struct{ schema, config chan os.Signal }

// notifyReloads keeps a signal that comes early until reload is called.
func notifyReloads() reloadSignals {
	n := reloadSignals{make(chan os.Signal, 1), make(chan os.Signal, 1)}
	signal.Notify(n.schema, syscall.SIGUSR1)
	signal.Notify(n.config, syscall.SIGUSR2)
	return n
}

func (n reloadSignals) stop() {
	signal.Stop(n.schema)
	signal.Stop(n.config)
}

// reload has the server follow the signals until stop is called.
func (n reloadSignals) reload(s *server.Server) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case <-n.schema:
				s.ReloadSchema()
			case <-n.config:
				s.ReloadConfig()
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}
