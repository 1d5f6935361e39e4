package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/lint"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/server/config"
)

// planted are the faults of testdata/planted.sql: check and object.
const planted = `
rls-disabled                    table api.country
policy-ignored                  table api.ignored
rls-without-policy              table api.shut
grant-without-policy            table api.half
policy-without-grant            policy change on api.half
rls-not-forced                  table api.owned
policy-recursion                table api.member
policy-recursion                table api.team
policy-subquery-refused         policy own on api.invoice
policy-function-refused         policy secret on api.invoice
policy-never-true               policy never on api.message
policy-duplicate                policy twice on api.message
restrictive-without-permissive  policy narrow on api.narrow
policy-session-user             policy login on api.message
policies-overlap                table api.message
write-always-true               policy all_of_them on api.message
write-always-true               policy anybody on api.message
update-gives-row-away           policy away on api.message
using-without-check             policy either on api.message
write-without-read              table api.blind
claim-user-editable             policy plan on api.message
policy-reads-request            policy tenant on api.message
setting-may-be-missing          policy strict on api.message
caller-may-log-in               role web_user
view-bypasses-rls               view api.accounts
materialized-view-exposed       materialized view api.totals
foreign-table-exposed           foreign table api.remote
definer-exposed                 function api.everything()
definer-search-path             function api.everything()
definer-search-path             function auth.secret()
function-public-execute         function api.everything()
function-public-execute         function api.helper(n integer)
anonymous-writes                table api.message
sensitive-column                table api.person
anonymous-no-timeout            role web_anon
grant-to-public                 table api.country
grant-past-policies             table api.message
schema-create-granted           schema api
sequence-without-usage          sequence api.message_id_seq
schema-without-usage            schema api
login-powerful                  role web_login
login-inherits                  role web_login
login-has-rights                role web_login
caller-bypasses-rls             role web_admin
caller-creates-roles            role web_admin
anonymous-is-member             role web_anon
policy-per-row-call             policy read on api.half
policy-column-not-indexed       table api.half
policy-column-not-indexed       table api.message
policy-casts-column             policy number on api.message
foreign-key-not-indexed         table api.member
foreign-key-not-indexed         table api.person
no-primary-key                  table api.country
extension-exposed               extension pg_trgm
policy-compares-itself          policy captured on api.doc
write-always-true               policy taken on api.doc
update-gives-row-away           policy given on api.doc
write-always-true               policy equal on api.doc
partition-past-policies         view api.part
write-for-any-caller            policy signed_in on api.doc
policy-never-true               policy absent on api.doc
claim-user-editable             policy admin on api.doc
policy-recursion                table api.doc
view-bypasses-rls               view api.outside
view-bypasses-rls               view api.box
definer-search-path             function auth.scratch()
sequence-without-usage          sequence private.numbered_id_seq
policy-column-not-indexed       table private.member
`

// TestPlanted finds every fault in a database that was built to be bad.
func TestPlanted(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("testdata/planted.sql")
	if err != nil {
		t.Fatal(err)
	}
	found := map[[2]string]bool{}
	for _, f := range find(t, pgtest.New(t).Conn(t, "postgres"), string(script)) {
		found[[2]string{f.Check, f.Object}] = true
	}
	checks, count := map[string]bool{}, 0
	for line := range strings.Lines(strings.TrimSpace(planted)) {
		check, object, _ := strings.Cut(strings.TrimSpace(line), " ")
		object = strings.TrimSpace(object)
		checks[check] = true
		count++
		if !found[[2]string{check, object}] {
			t.Errorf("%s is not found at %s", check, object)
		}
	}
	t.Logf("%d faults planted, of %d checks", count, len(checks))
	for _, c := range lint.Checks() {
		if !checks[c.ID] && c.ID != "postgresql-vulnerable" {
			t.Errorf("no fault of %s is planted", c.ID)
		}
	}
}

// TestExamples finds nothing in the examples, as their configurations serve them.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"chat", "chat-claims"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join("..", "..", "examples", name)
			settings, err := config.Load(config.Input{
				File:    filepath.Join(dir, "postern.conf"),
				Environ: []string{"AUTHENTICATOR_URL=postgres://authenticator@localhost", "JWT_SECRET=only-for-tests-only-for-tests-only-for-tests"},
			})
			if err != nil {
				t.Fatal(err)
			}
			cfg := policy.Config{Schemas: settings.DBSchemas, Login: "authenticator", Anonymous: settings.DBAnonRole}
			conn := pgtest.New(t).Conn(t, "postgres")
			if found := findIn(t, conn, cfg, migrations(t, filepath.Join(dir, "migrations"))...); len(found) > 0 {
				t.Errorf("found\n%s", text(found))
			}
		})
	}
}

// migrations returns the ways up of a folder's migrations.
func migrations(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.sql"))
	if err != nil || files == nil {
		t.Fatalf("no migrations in %s: %v", dir, err)
	}
	var up []string
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		above, _, _ := strings.Cut(string(script), "---- create above / drop below ----")
		up = append(up, above)
	}
	return up
}
