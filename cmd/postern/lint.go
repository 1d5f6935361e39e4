package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/postern-db/postern/internal/lint"
	"github.com/postern-db/postern/internal/policy"
)

type lintCommand struct {
	policySource
	JSON     bool   `name:"json" help:"Print JSON."`
	FailOn   string `default:"warning" enum:"error,warning,info" placeholder:"SEVERITY" help:"Least severity that makes the exit status 1: error, warning or info (default: ${default})."`
	Silences string `placeholder:"FILE" help:"File with the silences. Defaults to lint.toml where there is one."`
	List     bool   `help:"Explain all checks instead."`
}

// Help is shown by --help.
func (lintCommand) Help() string {
	return "Looks for what makes row-level security leak, fail or crawl: tables without it, policies that are never asked or give rows away, " +
		"views and functions past them, rights that nobody meant to grant, calls for each row, missing indexes. Each finding says why it " +
		"matters and the SQL that mends it. Only the catalogs are read, in a read-only transaction; no policy is run. What is meant to be so goes into lint.toml, by check and object, with a reason.\n\n" +
		"The exit status is 1 if there is a finding of --fail-on or worse, " + statuses
}

// Examples are shown by --help.
func (lintCommand) Examples() string {
	return `  postern lint --config postern.conf
  postern lint --db-uri postgres://owner@localhost/app --schema api --login-role authenticator --anon-role web_anon
  postern lint --json --fail-on error
  postern lint --list
`
}

// Run lints.
func (c lintCommand) Run(a *app) error {
	if c.List {
		return lint.List(a.stdout, coloured(a.stdout, a.environ))
	}
	var least lint.Severity
	if err := least.UnmarshalText([]byte(c.FailOn)); err != nil {
		return usageError{err}
	}
	silences, file, err := c.silences()
	if err != nil {
		return err
	}
	d, err := c.load(a)
	if err != nil {
		return err
	}
	report := lint.Report{Relations: len(d.ExposedRelations()), Functions: len(d.ExposedFunctions()), Notes: viewpoint(d)}
	for _, r := range d.ExposedRelations() {
		report.Policies += len(r.Policies)
	}
	report.Findings, report.Silenced = lint.Apply(silences, lint.Run(d), file)
	if c.JSON {
		err = report.JSON(a.stdout)
	} else {
		err = report.Text(a.stdout, coloured(a.stdout, a.environ))
	}
	if err == nil && report.Fails(least) {
		err = foundError{errors.New("there are findings")}
	}
	return err
}

// silences reads the file that is named, or lint.toml if it is there.
func (c lintCommand) silences() ([]lint.Silence, string, error) {
	file := c.Silences
	if file == "" {
		file = "lint.toml"
	}
	silences, err := lint.ReadSilences(file)
	if c.Silences == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, file, nil
	}
	return silences, file, err
}

// viewpoint says from which point of view a database was looked at, where that may not be the one that was meant.
func viewpoint(d *policy.Database) []string {
	var out []string
	if d.Anonymous == nil {
		out = append(out, "there is no anonymous role (db-anon-role, --anon-role), so callers without a token are taken to be refused")
	}
	if d.Login.Superuser {
		var names []string
		for _, r := range d.Callers() {
			names = append(names, r.Name)
		}
		out = append(out, fmt.Sprintf("%s is a superuser and may become any role; the roles that are looked at are those named in grants: %s (--login-role names the server's own)",
			d.Login.Name, strings.Join(names, ", ")))
	}
	return out
}

// coloured says whether to write colours: to a terminal, unless NO_COLOR is set (https://no-color.org).
func coloured(w io.Writer, environ []string) bool {
	for _, e := range environ {
		if name, value, _ := strings.Cut(e, "="); name == "NO_COLOR" && value != "" {
			return false
		}
	}
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
