package main

import (
	"github.com/postern-db/postern/server/config"
)

type configCommand struct {
	Config  string `placeholder:"FILE" help:"Configuration file. The environment (PGRST_DB_URI and so on) goes before it."`
	Example bool   `help:"Print a file with every parameter, commented, instead."`
}

// Help is shown by --help.
func (configCommand) Help() string {
	return "Prints every parameter with the value in effect and where it comes from: the default, the file and line, or the " +
		"environment variable. Secrets are masked. What the database sets (ALTER ROLE … SET pgrst.…) is read by the server only. " +
		"Wrong values and unknown names are told on standard error."
}

// Examples are shown by --help.
func (configCommand) Examples() string {
	return `  postern config --config postern.conf
  postern config --example > postern.conf
`
}

// Run prints the configuration.
func (c configCommand) Run(a *app) error {
	if c.Example {
		return config.Example(a.stdout)
	}
	settings, err := config.Load(config.Input{File: c.Config, Environ: a.environ})
	if err != nil {
		return err
	}
	logger := newLogger(a.stderr, logLevel(settings.LogLevel))
	for _, w := range settings.Warnings {
		logger.Warn(w.Error())
	}
	for _, k := range settings.Unknown {
		logger.Warn(k.String())
	}
	return settings.Effective(a.stdout)
}
