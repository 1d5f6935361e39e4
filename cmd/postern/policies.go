package main

import (
	"errors"

	"github.com/postern-db/postern/internal/matrix"
)

type policiesCommand struct {
	policySource
	Role  []string `placeholder:"ROLE" help:"Only this role, with the reason for each no; may be repeated. Defaults to the roles that requests may run as."`
	Table []string `placeholder:"NAME" help:"Only this table or view, with each policy in plain SQL; may be repeated."`
	JSON  bool     `name:"json" help:"Print JSON."`
	HTML  bool     `name:"html" help:"Print a page for a reviewer, in one file."`
}

// Help is shown by --help.
func (policiesCommand) Help() string {
	return "Shows who may do what: for each relation and role whether it may create, read, update and delete: yes, no, or the rows that " +
		"policies choose, and which columns only. It comes from the grants, the policies, owners, memberships and views in the catalogs, which are " +
		"read in a read-only transaction. The text has a fixed order and nothing that changes by itself, so that two of them can be compared in a code review.\n\n" +
		"The exit status is " + statuses
}

// Examples are shown by --help.
func (policiesCommand) Examples() string {
	return `  postern policies --config postern.conf
  postern policies --config postern.conf --table chat --role alice
  postern policies --db-uri postgres://authenticator@localhost/app --schema api --html > policies.html
`
}

// Run prints the matrix.
func (c policiesCommand) Run(a *app) error {
	if c.JSON && c.HTML {
		return usageError{errors.New("--json and --html exclude each other")}
	}
	d, err := c.load(a)
	if err != nil {
		return err
	}
	m, err := matrix.New(d, matrix.Options{Roles: c.Role, Tables: c.Table})
	switch {
	case err != nil:
		return err
	case c.JSON:
		return m.JSON(a.stdout)
	case c.HTML:
		return m.HTML(a.stdout)
	}
	return m.Text(a.stdout)
}
