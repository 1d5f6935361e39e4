package lint_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/internal/lint"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
)

var update = flag.Bool("update", false, "write what was found into testdata/*.txtar")

func TestMain(m *testing.M) { pgtest.Main(m) }

// setup is what each case begins with: the server's role, two roles of callers and the anonymous one, and an owner of things.
const setup = `
create role web_login login noinherit;
create role web_user nologin;
create role web_admin nologin;
create role web_anon nologin;
create role app_owner nologin;
grant web_user, web_admin, web_anon to web_login;
alter role web_anon set statement_timeout = '5s';
create schema api;
grant usage on schema api to web_user, web_admin, web_anon;
`

func served() policy.Config {
	return policy.Config{Schemas: []string{"api"}, Login: "web_login", Anonymous: "web_anon", PreConfig: "private.settings"}
}

// find runs scripts and then all checks, in a transaction that is undone, since roles belong to the whole server.
func find(t *testing.T, conn *pgx.Conn, scripts ...string) []lint.Finding {
	t.Helper()
	return findIn(t, conn, served(), append([]string{setup}, scripts...)...)
}

func findIn(t *testing.T, conn *pgx.Conn, cfg policy.Config, scripts ...string) []lint.Finding {
	t.Helper()
	ctx := t.Context()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	for _, script := range scripts {
		if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			t.Fatalf("%v in\n%s", err, script)
		}
	}
	d, err := policy.Read(ctx, tx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return lint.Run(d)
}

func of(check string, findings []lint.Finding) []lint.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f lint.Finding) bool { return f.Check != check })
}

func text(findings []lint.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s: %s\n    %s\n", f.Severity, f.Object, f.Detail, strings.ReplaceAll(f.Fix, "\n", "\n    "))
	}
	return b.String()
}

// version says which PostgreSQL a case needs, in the first line of its comment: "needs 150000".
func version(archive *txtar.Archive) int {
	needs := 0
	_, _ = fmt.Sscanf(string(archive.Comment), "needs %d", &needs)
	return needs
}

// wanted is what is to be found: the file want, or want-N for PostgreSQL from version N on.
func wanted(archive *txtar.Archive, server int) *txtar.File {
	var want *txtar.File
	for i := range archive.Files {
		from := 0
		f := &archive.Files[i]
		_, _ = fmt.Sscanf(f.Name, "want-%d", &from)
		if f.Name == "want" || from > 0 && server >= from {
			want = f
		}
	}
	if want == nil {
		archive.Files = append(archive.Files, txtar.File{Name: "want"})
		want = &archive.Files[len(archive.Files)-1]
	}
	return want
}

// TestChecks runs each check on the bad and the good schema of its file in testdata. Then it does what the findings advise, which must
// leave none where the advice is SQL and not a comment.
func TestChecks(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn(t, "postgres")
	var server int
	if err := conn.QueryRow(t.Context(), "select current_setting('server_version_num')::int").Scan(&server); err != nil {
		t.Fatal(err)
	}
	for _, check := range lint.Checks() {
		t.Run(check.ID, func(t *testing.T) {
			if check.ID == "postgresql-vulnerable" {
				t.Skip("no schema has it; see TestVulnerable")
			}
			file := filepath.Join("testdata", check.ID+".txtar")
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if server < version(archive) {
				t.Skipf("needs PostgreSQL %d", version(archive)/10000)
			}
			bad, good := string(archive.Files[0].Data), string(archive.Files[1].Data)
			found := of(check.ID, find(t, conn, bad))
			if len(found) == 0 {
				t.Fatal("nothing is found in the bad schema")
			}
			want := wanted(archive, server)
			if *update {
				want.Data = []byte(text(found))
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got := text(found); got != string(want.Data) {
				t.Errorf("found\n%s\nwant\n%s", got, want.Data)
			}
			if found := of(check.ID, find(t, conn, good)); len(found) > 0 {
				t.Errorf("in the good schema there is\n%s", text(found))
			}
			fixes := ""
			for _, f := range found {
				if f.Why == "" || f.Title == "" || f.Fix == "" {
					t.Errorf("%+v does not say all", f)
				}
				fixes += f.Fix + "\n"
			}
			for _, left := range of(check.ID, find(t, conn, bad, fixes)) {
				for _, f := range found {
					if f.Object == left.Object && f.Detail == left.Detail && executable(f.Fix) {
						t.Errorf("the fix leaves %s", text([]lint.Finding{left}))
					}
				}
			}
		})
	}
}

// executable says whether a fix has SQL beside comments.
func executable(fix string) bool {
	for line := range strings.Lines(fix) {
		if !strings.HasPrefix(line, "--") {
			return true
		}
	}
	return false
}

// TestVulnerable knows the minor versions that have all fixes.
func TestVulnerable(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]bool{130022: true, 140018: true, 140019: false, 150013: true, 150014: false, 160010: false, 170005: true, 180000: false} {
		if _, got := lint.Vulnerable(version); got != want {
			t.Errorf("%d: %v", version, got)
		}
	}
}
