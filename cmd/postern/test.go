package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/postern-db/postern/internal/policytest"
)

type testCommand struct {
	apiSource
	Files   []string `arg:"" optional:"" help:"Files of tests (*.txtar), or folders of them. Defaults to the folder policies."`
	Only    string   `name:"run" placeholder:"REGEXP" help:"Run only the tests whose FILE/NAME matches."`
	Verbose bool     `short:"v" help:"Print every test, and everything that is not tested."`
	JUnit   string   `name:"junit" placeholder:"FILE" help:"Write a report for CI systems, too."`
	JSON    bool     `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (testCommand) Help() string {
	return "Runs tests of policies: who sends which request, and what is seen, refused or changed. Requests are served as the server " +
		"does it. Each test is one transaction that is rolled back, so the database stays as it is, but for sequences, which " +
		"PostgreSQL never takes back. It is named, with --db-uri or in DATABASE_URL, as its owner or a superuser. At the end it says which policies, and what of what roles may do with relations, no test has " +
		"touched. The exit status is 1 if a test fails, " + statuses + "\n\n" +
		"A file is a txtar archive. Sections called something.sql set up what the tests need; each other section is a test. A step of " +
		"it says who asks, what for, and after => what must come of it: sees nothing, sees 2 rows, sees (with the rows below), changes 1 row, " +
		"refused, refused 23514, status 206, works. refused alone is for missing rights (42501, status 401 or 403); any other error is named."
}

// Examples are shown by --help.
func (testCommand) Examples() string {
	return `  postern test --db-uri postgres://owner@localhost/app --schema api
  postern test policies/chat.txtar --config postern.conf --run alice -v
  postern test --junit report.xml

A test:
  -- bob cannot sign as alice --
  as bob
  POST /chat
  {"message_from": "alice", "message_to": "carol"}
  => refused 42501
`
}

// Run runs the tests.
func (c testCommand) Run(a *app) (err error) {
	paths := c.Files
	if len(paths) == 0 {
		paths = []string{"policies"}
	}
	names, err := policytest.Find(paths)
	if err != nil {
		return err
	}
	var files []*policytest.File
	for _, name := range names {
		f, err := policytest.Read(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	var filter *regexp.Regexp
	if c.Only != "" {
		if filter, err = regexp.Compile(c.Only); err != nil {
			return usageError{fmt.Errorf("--run: %w", err)}
		}
	}
	settings, err := c.ownerSettings(a)
	if err != nil {
		return err
	}
	conn, err := connect(a.ctx, string(settings.DBURI), io.Discard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(a.ctx))) }()
	s, err := serveAs(a, settings, policytest.Identify)
	if err != nil {
		return err
	}
	defer s.Close()
	suite := policytest.Suite{Conn: conn, Server: s, Schemas: settings.DBSchemas, Anonymous: settings.DBAnonRole, Filter: filter}
	report, err := suite.Run(a.ctx, files)
	if err != nil {
		return err
	}
	if run, _ := report.Count(); run == 0 {
		return fmt.Errorf("no test matches --run %s", c.Only)
	}
	return c.report(a, report)
}

func (c testCommand) report(a *app, r *policytest.Report) error {
	if c.JUnit != "" {
		f, err := os.Create(c.JUnit)
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		if err := errors.Join(r.WriteJUnit(f), f.Close()); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	var err error
	if c.JSON {
		err = r.WriteJSON(a.stdout)
	} else {
		err = r.WriteText(a.stdout, c.Verbose)
	}
	if run, failed := r.Count(); err == nil && failed > 0 {
		return foundError{fmt.Errorf("%d of %d tests failed", failed, run)}
	}
	return err
}
