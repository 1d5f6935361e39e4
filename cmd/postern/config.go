package main

import (
	"github.com/postern-db/postern/server/config"
)

type configCommand struct {
	configFile
	Example bool `short:"e" help:"Print a file with every parameter, commented, instead."`
	Dump    bool `help:"Print a file that reads back as the same configuration instead, secrets included."`
	Offline bool `help:"Do not ask the database what it sets."`
}

// Help is shown by --help.
func (configCommand) Help() string {
	return "Prints every parameter with the value in effect and where it comes from: the default, the file and line, the " +
		"environment variable, or the database (ALTER ROLE … SET pgrst.…), which is asked if it can be reached. Secrets are masked. " +
		"Wrong values, unknown names and a database that cannot be reached are told on standard error."
}

// Examples are shown by --help.
func (configCommand) Examples() string {
	return `  postern config --config postern.conf
  postern config --example > postern.conf
  postern --dump-config postgrest.conf        as PostgREST has it
`
}

// Run prints the configuration.
func (c configCommand) Run(a *app) error {
	if c.Example {
		return config.Example(a.stdout)
	}
	settings, err := c.load(a)
	if err != nil {
		return err
	}
	logger := newLogger(a.stderr, logLevel(settings.LogLevel))
	if !c.Offline {
		asked, err := c.addDatabase(a, settings)
		switch {
		case err != nil && asked == nil:
			return err // a value in the database is wrong
		case err != nil:
			logger.Warn("what the database sets is not shown", "error", oneLine(err))
		default:
			settings = asked
		}
	}
	for _, w := range settings.Warnings {
		logger.Warn(w.Error())
	}
	for _, k := range settings.Unknown {
		logger.Warn(k.String())
	}
	if c.Dump {
		return settings.Dump(a.stdout)
	}
	return settings.Effective(a.stdout)
}
