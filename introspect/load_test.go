package introspect_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/introspect"
)

var update = flag.Bool("update", false, "write what was read into testdata/*.txtar")

func TestMain(m *testing.M) { pgtest.Main(m) }

const loginRole = "introspect_login"

// setup is done before the script of each case.
func setup() []string {
	return []string{
		pgtest.Role(loginRole, "login noinherit"),
		pgtest.Role("introspect_member", "nologin"),
		pgtest.Role("introspect_indirect", "nologin bypassrls"),
		pgtest.Role("introspect_stranger", "nologin"),
		"grant introspect_member to " + loginRole + "; grant introspect_indirect to introspect_member",
		// The last is one that only superusers may set; the one before must stay as it is written.
		`alter role introspect_member set statement_timeout = '5s';
		alter role introspect_member set default_transaction_isolation = 'Serializable';
		alter role introspect_member set search_path = api, "Odd schema";
		alter role introspect_indirect set log_statement_stats = on`,
	}
}

// TestGolden reads the catalog of each testdata/*.txtar: its first line of the comment lists the exposed schemas, the second
// the extra search path; setup.sql makes the objects; want is what dump writes.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			schemas, extra, _ := strings.Cut(strings.TrimSpace(string(archive.Comment)), "\n")
			cfg := introspect.Config{
				Schemas:         strings.Fields(schemas),
				ExtraSearchPath: strings.Fields(extra),
				HoistedSettings: []string{"statement_timeout", "plan_filter.statement_cost_limit"},
			}
			db := pgtest.New(t, append(setup(), string(archive.Files[0].Data))...)
			d, err := introspect.ReadDefinition(t.Context(), db.Conn(t, loginRole), cfg)
			if err != nil {
				t.Fatal(err)
			}
			got := dump(d)
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(archive.Files[1].Data); got != want {
				t.Errorf("%s", difference(want, got))
			}
		})
	}
}

// difference lists the lines that only one of two texts has.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	var out strings.Builder
	for _, line := range a {
		if !slices.Contains(b, line) {
			out.WriteString("\n- " + line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			out.WriteString("\n+ " + line)
		}
	}
	if out.Len() == 0 {
		return "the lines are the same, but not their order: got\n" + got
	}
	return out.String()
}

func TestMissingSchemas(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(setup(), `create schema "Odd ""one"""`)...)
	conn := db.Conn(t, loginRole)
	for range 2 { // the connection stays usable
		_, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: []string{"nowhere", `Odd "one"`, "odd"}})
		var missing *introspect.MissingSchemasError
		if !errors.As(err, &missing) || !slices.Equal(missing.Schemas, []string{"nowhere", "odd"}) {
			t.Fatalf("got %v", err)
		}
		want := `introspect: load schemas: schemas "nowhere", "odd" do not exist in database "` + db.Name + `"`
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
	}
	if _, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: []string{`Odd "one"`}, ExtraSearchPath: []string{"nowhere"}}); err != nil {
		t.Errorf("a missing schema of the search path: %v", err)
	}
	for _, schemas := range [][]string{nil, {""}} {
		if _, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: schemas}); err == nil {
			t.Errorf("schemas %q were accepted", schemas)
		}
	}
}

// TestLeavesSession proves that the session is as before, whether Load succeeds or fails.
func TestLeavesSession(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(setup(), `create schema api`)...)
	conn := db.Conn(t, loginRole)
	const state = `select current_setting('search_path') || current_setting('transaction_read_only') || current_setting('jit') || current_setting('work_mem')`
	var before, after string
	if err := conn.QueryRow(t.Context(), state).Scan(&before); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []introspect.Config{
		{Schemas: []string{"api"}},
		{Schemas: []string{"nowhere"}},
		{Schemas: []string{"api"}, HoistedSettings: []string{"("}}, // an error of PostgreSQL's once a function has settings
	} {
		_, err := introspect.Load(t.Context(), conn, cfg)
		var failed *pgconn.PgError
		if errors.As(err, &failed) {
			t.Logf("refused: %v", err)
		}
		if err := conn.QueryRow(t.Context(), state).Scan(&after); err != nil || after != before {
			t.Errorf("after %+v the state is %s, was %s; error %v", cfg, after, before, err)
		}
		if status := conn.PgConn().TxStatus(); status != 'I' {
			t.Errorf("left in transaction status %c", status)
		}
		db.Exec(t, `create or replace function api.f() returns int language sql set statement_timeout = '1s' as 'select 1'`)
	}
}

// TestRoutineColumns calls every routine of the golden case that returns rows and compares the columns that PostgreSQL
// describes with those that the catalog knows.
func TestRoutineColumns(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/routines.txtar")
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, append(setup(), string(archive.Files[0].Data))...)
	conn := db.Conn(t, "postgres")
	c, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: []string{"api"}})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range c.RoutineNames() {
		for _, r := range c.Routines(name) {
			if r.Columns == nil {
				continue
			}
			var args []string
			for _, p := range r.Parameters {
				args = append(args, "null::"+p.CastType)
			}
			query := "select * from " + name.Quoted() + "(" + strings.Join(args, ", ") + ")"
			described, err := conn.Prepare(t.Context(), "", query)
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			var got, want []string
			for _, f := range described.Fields {
				var text string
				if err := conn.QueryRow(t.Context(), "select format_type($1, $2)", f.DataTypeOID, f.TypeModifier).Scan(&text); err != nil {
					t.Fatal(err)
				}
				want = append(want, f.Name+" "+text)
			}
			for _, column := range r.Columns {
				text := column.NominalType
				if column.NominalType == "api.score" {
					text = column.Type + "(5,2)" // the protocol describes domains as their base type
				}
				got = append(got, column.Name+" "+text)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s has columns %q, the catalog says %q", name, want, got)
			}
			compared++
		}
	}
	if compared < 15 {
		t.Errorf("only %d routines were compared", compared)
	}
}

// TestRoles proves that only roles are listed which the login role could really become.
func TestRoles(t *testing.T) {
	t.Parallel()
	scripts := append(setup(), pgtest.Role("introspect_unset", ""), "create schema api")
	db := pgtest.New(t, scripts...)
	if pgtest.Server(t).Binaries().Major >= 16 {
		db.Exec(t, "grant introspect_unset to "+loginRole+" with inherit true, set false")
	}
	c, err := introspect.Load(t.Context(), db.Conn(t, loginRole), introspect.Config{Schemas: []string{"api"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.LoginRole != loginRole || c.Role("introspect_member") == nil || !c.Role("introspect_indirect").BypassRLS {
		t.Errorf("login role %q, roles %+v", c.LoginRole, c.Roles())
	}
	for _, name := range []string{"introspect_stranger", "introspect_unset", "postgres"} {
		if c.Role(name) != nil {
			t.Errorf("role %s is listed", name)
		}
	}
	if c, err = introspect.Load(t.Context(), db.Conn(t, "postgres"), introspect.Config{Schemas: []string{"api"}}); err != nil {
		t.Fatal(err)
	}
	if r := c.Role("introspect_stranger"); r == nil || !c.Role("postgres").Superuser {
		t.Error("a superuser may become anyone")
	}
}

// TestCancelled stops reading at various moments; it must return at once, and what it returns must be an error or a catalog.
func TestCancelled(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t, append(setup(), "create schema api")...)
	for _, after := range []time.Duration{0, time.Millisecond, 3 * time.Millisecond, 6 * time.Millisecond, 10 * time.Millisecond} {
		conn := db.Conn(t, loginRole)
		ctx, cancel := context.WithTimeout(t.Context(), after)
		start := time.Now()
		c, err := introspect.Load(ctx, conn, introspect.Config{Schemas: []string{"api"}})
		cancel()
		if (err == nil) != (c != nil) {
			t.Errorf("after %v: catalog %v, error %v", after, c, err)
		}
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("after %v: took %v", after, took)
		}
	}
}
