package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// configFile is how commands are told which configuration file to read.
type configFile struct {
	Config string `placeholder:"FILE" help:"Configuration file. The environment (PGRST_DB_URI and so on) goes before it."`
	File   string `arg:"" optional:"" help:"The same, as PostgREST takes it."`
}

// path returns the file's path, "" if there is none.
func (c configFile) path() (string, error) {
	if c.Config != "" && c.File != "" {
		return "", usageError{errors.New("there are two configuration files; name one")}
	}
	if c.Config == "" {
		return c.File, nil
	}
	return c.Config, nil
}

// load reads the configuration, without what the database sets.
func (c configFile) load(a *app) (*config.Config, error) {
	file, err := c.path()
	if err != nil {
		return nil, err
	}
	return config.Load(config.Input{File: file, Environ: a.environ})
}

// askTimeout bounds how long a command waits for the database to tell what it sets.
const askTimeout = 10 * time.Second

// addDatabase adds what the database sets, unless db-config is off (PostgREST reference, In-Database Configuration).
func (c configFile) addDatabase(a *app, settings *config.Config) (*config.Config, error) {
	if !settings.DBConfig {
		return settings, nil
	}
	ctx, cancel := context.WithTimeout(a.ctx, askTimeout)
	defer cancel()
	conn, err := connect(ctx, string(settings.DBURI), io.Discard)
	if err != nil {
		return settings, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	database, err := server.DatabaseSettings(ctx, conn, settings)
	if err != nil {
		return settings, fmt.Errorf("read the settings in the database: %w", err)
	}
	file, err := c.path()
	if err != nil {
		return settings, err
	}
	return config.Load(config.Input{File: file, Environ: a.environ, Database: database, Previous: settings})
}

// toldByFlag says of a parameter's wrong value that it was told by a flag, of which the user knows, and not by the environment.
func toldByFlag(err error, parameter, flag string) error {
	var wrong *config.ValueError
	if !errors.As(err, &wrong) || wrong.Key != parameter {
		return err
	}
	told := *wrong
	told.Origin.Name = flag
	return &told
}
