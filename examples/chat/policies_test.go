package chat_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policytest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// The tests in policies/ pass, and leave nothing of the chat's policies untested.
func TestPolicies(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(apitest.UpScripts(t, chat.Migrations()), chat.Seed())...)
	before := stored(t, db)
	report := policySuite(t, db)("")
	for _, test := range report.Files[0].Tests {
		if test.Failure != "" {
			t.Errorf("%s: %s", test.Name, test.Failure)
		}
	}
	if c := report.Coverage; c.Policies != 1 || c.PoliciesTouched != 1 || c.CellsTouched != c.Cells || c.Cells != 12 {
		t.Errorf("not everything is tested: %+v", c)
	}
	if after := stored(t, db); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

// The tests in policies/ notice whatever is broken in the policy and in the grants.
func TestPoliciesNoticeMutations(t *testing.T) {
	t.Parallel()
	run := policySuite(t, pgtest.New(t, apitest.UpScripts(t, chat.Migrations())...))
	const (
		theirs = "message_to = current_user or message_from = current_user"
		split  = `drop policy chat_policy on api.chat;
			create policy s on api.chat for select using (` + theirs + `);
			create policy i on api.chat for insert with check (message_from = current_user);
			create policy u on api.chat for update using (` + theirs + `) with check (message_from = current_user);`
	)
	for _, mutation := range []string{
		"drop policy chat_policy on api.chat",
		"alter table api.chat disable row level security",
		"alter policy chat_policy on api.chat using (true)",
		"alter policy chat_policy on api.chat using (message_from = current_user)",
		"alter policy chat_policy on api.chat using (message_to = current_user)",
		"alter policy chat_policy on api.chat with check (true)",
		"alter policy chat_policy on api.chat with check (" + theirs + ")",
		"alter policy chat_policy on api.chat to alice, bob",
		"alter policy chat_policy on api.chat to alice, carol",
		"alter policy chat_policy on api.chat to bob, carol",
		"create policy more on api.chat for select using (true)",
		"create policy more on api.chat for insert with check (true)",
		"create policy more on api.chat for update using (true)",
		"create policy more on api.chat for delete using (true)",
		"create policy less on api.chat as restrictive using (message_to <> 'carol')",
		split,
		split + "create policy d on api.chat for delete using (message_from = current_user)",
		split + "create policy d on api.chat for delete using (message_to = current_user)",
		split + "create policy d on api.chat for delete using (true)",
		"grant update on api.chat to alice",
		"grant update (message_from) on api.chat to alice",
		"grant update (message_from) on api.chat to bob",
		"grant update (message_from) on api.chat to carol",
		"grant update (message_time) on api.chat to bob",
		"grant update (message_uuid) on api.chat to bob",
		"grant truncate on api.chat to alice",
		"grant select on api.chat to anon",
		"grant insert on api.chat to anon",
		"revoke select on api.chat from carol",
		"revoke insert on api.chat from carol",
		"revoke update (message_to) on api.chat from bob",
		"revoke update (message_body) on api.chat from bob",
		"revoke delete on api.chat from bob",
		"revoke delete on api.chat from carol",
		"alter table api.chat alter message_from set default session_user",
		"grant select on private.account to anon",
		"grant select on private.secret to anon",
		"grant usage on schema private to alice; grant select on private.secret to alice",
		"grant execute on function api.login to public; grant usage on schema private to public; grant execute on function private.token to public",
		"revoke execute on function api.login from anon",
	} {
		tests := run(mutation).Files[0].Tests
		switch failed := slices.IndexFunc(tests, func(test policytest.TestReport) bool { return test.Failure != "" }); {
		case failed < 0:
			t.Errorf("no test fails after %s", mutation)
		case strings.Contains(tests[failed].Failure, "mutation.sql"):
			t.Errorf("%s: %s", mutation, tests[failed].Failure)
		}
	}
}

// policySuite returns what runs the tests in policies/ over a database, each of them after a mutation of it.
func policySuite(t *testing.T, db *pgtest.Database) func(mutation string) *policytest.Report {
	t.Helper()
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI("postgres"), "PGRST_DB_SCHEMAS=" + chat.Schema, "PGRST_DB_CHANNEL_ENABLED=false",
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{
		Settings: settings, Authenticate: policytest.Identify, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	suite := policytest.Suite{Conn: db.Conn(t, "postgres"), Server: s, Schemas: []string{chat.Schema}}
	return func(mutation string) *policytest.Report {
		t.Helper()
		file, err := policytest.Read("policies/chat.txtar")
		if err != nil {
			t.Fatal(err)
		}
		file.Setup = append(file.Setup, policytest.Script{Name: "mutation.sql", SQL: mutation})
		report, err := suite.Run(t.Context(), []*policytest.File{file})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
}
