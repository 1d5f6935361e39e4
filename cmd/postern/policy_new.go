package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/internal/policypattern"
)

type policyCommand struct {
	New policyNew `cmd:"" help:"Write a migration with a policy from a pattern."`
}

// Help is shown by --help.
func (policyCommand) Help() string {
	return "Writes policies. See also postern policies, lint, test and explain."
}

// Examples are shown by --help.
func (policyCommand) Examples() string { return policyNew{}.Examples() }

type policyNew struct {
	Pattern     string   `arg:"" help:"The pattern: owner, tenant, members, public-read, role-hierarchy, soft-delete, time-limited, column-when or column-fixed."`
	Table       string   `required:"" placeholder:"SCHEMA.TABLE" help:"The table."`
	Role        []string `placeholder:"ROLE" help:"Role that requests run as. May be repeated."`
	Reader      []string `placeholder:"ROLE" help:"Role that may only read (public-read), such as that of callers without a token. May be repeated."`
	Column      []string `placeholder:"COLUMN" help:"The column that the pattern is about. May be repeated for column-when and column-fixed."`
	Claim       string   `placeholder:"NAME" help:"Claim of the token that says who the caller is. Defaults to sub, for tenant to the column's name."`
	ClaimType   string   `placeholder:"TYPE" help:"SQL type that the claim is cast to. With --db-uri it is the column's, else text."`
	CurrentUser bool     `help:"Compare with the database role instead of a claim, where each user has a role."`
	WithHelpers bool     `help:"Read claims with auth.claim() (see postern migrate new --with-helpers)."`
	Via         string   `placeholder:"SCHEMA.TABLE" help:"The table of members or grants (members, time-limited)."`
	ViaColumn   string   `placeholder:"COLUMN" help:"Its column with the group, or with the row that is granted."`
	ViaUser     string   `placeholder:"COLUMN" help:"Its column with the user."`
	ViaUntil    string   `placeholder:"COLUMN" help:"Its column with the end of the grant."`
	ViaPolicy   bool     `negatable:"" default:"true" help:"Let the roles read their own rows of that table, by a policy (default: true)."`
	Key         []string `placeholder:"COLUMN" help:"Column of the primary key (soft-delete). With --db-uri it is found."`
	When        string   `placeholder:"SQL" help:"Condition for a change, with old and new (column-when)."`
	Dir         string   `default:"migrations" placeholder:"DIR" help:"Folder of the migrations (default: ${default})."`
	DBURI       string   `name:"db-uri" env:"DATABASE_URL" placeholder:"URI" help:"Database whose catalog the names are compared with. Nothing in it is changed."`
}

// Help is shown by --help.
func (policyNew) Help() string {
	var b strings.Builder
	b.WriteString("Writes the next numbered migration into the folder, with a way up and a way down, and prints the file's path: read it, " +
		"change it, and apply it with postern migrate up. Names are as the catalog has them, without quotes. With --db-uri they are " +
		"looked up, and what the catalog knows need not be said. The patterns:\n\n")
	for _, p := range policypattern.Patterns() {
		fmt.Fprintf(&b, "%s: %s\n\n", p.Name, p.Summary)
	}
	return strings.TrimSpace(b.String())
}

// Examples are shown by --help.
func (policyNew) Examples() string {
	return `  postern policy new owner --table api.note --role web_user --column owner
  postern policy new tenant --table api.note --role web_user --column tenant_id
  postern policy new members --table api.note --role web_user --column team_id --via api.member --via-column team_id --via-user user_id
  postern policy new public-read --table api.note --role web_user --reader web_anon --column owner
  postern policy new soft-delete --table api.note --role web_user --column deleted_at --key id
  postern policy new column-when --table api.note --column body --when "old.status = 'draft'"
  postern policy new column-fixed --table api.chat --column message_from
`
}

// Run writes the migration.
func (c policyNew) Run(a *app) error {
	pattern, err := policypattern.Find(c.Pattern)
	if err != nil {
		return usageError{err}
	}
	o := policypattern.Options{
		Table: c.Table, Roles: c.Role, Readers: c.Reader, Columns: c.Column, Claim: c.Claim, ClaimType: c.ClaimType,
		CurrentUser: c.CurrentUser, WithHelpers: c.WithHelpers, Via: c.Via, ViaColumn: c.ViaColumn, ViaUser: c.ViaUser,
		ViaUntil: c.ViaUntil, OwnOfVia: c.Via != "" && c.ViaPolicy, Key: c.Key, When: c.When,
	}
	if c.DBURI != "" {
		if err := c.check(a, pattern, &o); err != nil {
			return err
		}
	}
	migration, err := pattern.Render(o)
	if err != nil {
		return usageError{err}
	}
	_, table, _ := strings.Cut(c.Table, ".")
	file, err := writeMigration(c.Dir, table+" "+pattern.Name, migration)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, file)
	return err
}

// check compares what the command line says with the database.
func (c policyNew) check(a *app, pattern policypattern.Pattern, o *policypattern.Options) (err error) {
	conn, err := connect(a.ctx, c.DBURI, a.stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(a.ctx))) }()
	schema, _, ok := strings.Cut(c.Table, ".")
	if !ok {
		return usageError{fmt.Errorf("--table %q is not of the form schema.table", c.Table)}
	}
	d, err := policy.Load(a.ctx, conn, policy.Config{Schemas: []string{schema}})
	if err != nil {
		return err
	}
	if err := pattern.Check(o, d); err != nil {
		return err
	}
	return checkCondition(a.ctx, conn, pattern, o)
}

// checkCondition lets PostgreSQL parse the condition of the policy or trigger, without running it.
func checkCondition(ctx context.Context, conn *pgx.Conn, pattern policypattern.Pattern, o *policypattern.Options) error {
	query, err := pattern.Query(*o)
	if err != nil {
		return usageError{err}
	}
	if _, err := conn.PgConn().Prepare(ctx, "", query, nil); err != nil {
		if o.When != "" {
			return fmt.Errorf("--when: %w", reason(err))
		}
		return fmt.Errorf("PostgreSQL does not take the pattern's condition: %w", reason(err))
	}
	return nil
}
