package policypattern_test

import (
	"fmt"
	"testing"

	"github.com/postern-db/postern/internal/lint"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/internal/policypattern"
)

// findings are what postern lint says of a database.
func findings(t *testing.T, db *pgtest.Database) map[string]bool {
	t.Helper()
	d, err := policy.Load(t.Context(), db.Conn(t, "postgres"), policy.Config{Schemas: []string{"app"}, Login: "pattern_door", Anonymous: "pattern_anon"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range lint.Run(d) {
		out[fmt.Sprint(f)] = true
	}
	return out
}

// Lint has nothing to say against what a pattern writes.
func TestPatternsAreClean(t *testing.T) {
	t.Parallel()
	for name, o := range options() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := policypattern.Find(name)
			if err != nil {
				t.Fatal(err)
			}
			migration, err := p.Render(o)
			if err != nil {
				t.Fatal(err)
			}
			db := pgtest.New(t, pgtest.Role("pattern_web", "nologin"), pgtest.Role("pattern_anon", "nologin"), pgtest.Role("pattern_staff", "nologin"),
				pgtest.Role("pattern_manager", "nologin"), pgtest.Role("pattern_door", "login noinherit"), "grant pattern_staff to pattern_manager",
				"grant pattern_web, pattern_anon, pattern_staff, pattern_manager to pattern_door", up(policypattern.Helpers), tables)
			if name == "soft-delete" { // it only takes away from what another gives
				owner, _ := policypattern.Find("owner")
				given, err := owner.Render(options()["owner"])
				if err != nil {
					t.Fatal(err)
				}
				db.Exec(t, up(given))
			}
			before := findings(t, db)
			db.Exec(t, up(migration))
			for f := range findings(t, db) {
				if !before[f] {
					t.Errorf("%s", f)
				}
			}
		})
	}
}
