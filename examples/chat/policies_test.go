package chat_test

import (
	"log/slog"
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
	file, err := policytest.Read("policies/chat.txtar")
	if err != nil {
		t.Fatal(err)
	}
	suite := policytest.Suite{Conn: db.Conn(t, "postgres"), Server: s, Schemas: []string{chat.Schema}}
	report, err := suite.Run(t.Context(), []*policytest.File{file})
	if err != nil {
		t.Fatal(err)
	}
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
