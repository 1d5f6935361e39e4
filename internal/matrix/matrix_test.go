package matrix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/internal/matrix"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/policy"
)

var (
	update = flag.Bool("update", false, "write what was drawn into testdata/*.txtar")
	keep   = flag.String("keep", "", "folder to write the pages to, to look at")
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// read runs a script in a transaction that is undone, since roles belong to the whole server.
func read(t *testing.T, conn *pgx.Conn, script string) *policy.Database {
	t.Helper()
	ctx := t.Context()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		t.Fatal(err)
	}
	d, err := policy.Read(ctx, tx, policy.Config{Schemas: []string{"api"}, Login: "web_login", Anonymous: "web_anon"})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGolden draws the database of each testdata/*.txtar: as it is into the file "all", and with the options that stand in the name of
// each further file, such as "--role alice --table note".
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || files == nil {
		t.Fatalf("no cases: %v", err)
	}
	conn := pgtest.New(t).Conn(t, "postgres")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := read(t, conn, string(archive.Files[0].Data))
			for i := range archive.Files[1:] {
				want := &archive.Files[i+1]
				m, err := matrix.New(d, options(want.Name))
				if err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				if err := m.Text(&got); err != nil {
					t.Fatal(err)
				}
				if *update {
					want.Data = got.Bytes()
				} else if got.String() != string(want.Data) {
					t.Errorf("%s is\n%s\nwant\n%s", want.Name, got.String(), want.Data)
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			formats(t, d, strings.TrimSuffix(filepath.Base(file), ".txtar"))
		})
	}
}

func options(name string) matrix.Options {
	var o matrix.Options
	words := strings.Fields(name)
	for i := 0; i+1 < len(words); i++ {
		switch words[i] {
		case "--role":
			o.Roles = append(o.Roles, words[i+1])
		case "--table":
			o.Tables = append(o.Tables, words[i+1])
		}
	}
	return o
}

// formats reads the other formats: JSON that is the same as the matrix, and a page that names everything.
func formats(t *testing.T, d *policy.Database, name string) {
	t.Helper()
	m, err := matrix.New(d, matrix.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var text, again bytes.Buffer
	if err := m.JSON(&text); err != nil {
		t.Fatal(err)
	}
	var back matrix.Matrix
	if err := json.Unmarshal(text.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if err := back.JSON(&again); err != nil || text.String() != again.String() {
		t.Errorf("JSON does not come back the same, %v", err)
	}
	var page bytes.Buffer
	if err := m.HTML(&page); err != nil {
		t.Fatal(err)
	}
	if *keep != "" {
		if err := os.WriteFile(filepath.Join(*keep, name+".html"), page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(page.String(), "<script") || strings.Contains(page.String(), "evil<b>") {
		t.Error("names are not escaped")
	}
	for _, r := range m.Relations {
		if !strings.Contains(page.String(), strings.NewReplacer(`"`, "&#34;", "<", "&lt;", ">", "&gt;").Replace(r.Name)) {
			t.Errorf("the page does not name %s", r.Name)
		}
	}
}

// A program need not guess what an absent condition means: where policies choose rows, each condition that the action has is there.
func TestConditionsAreExplicit(t *testing.T) {
	t.Parallel()
	conn := pgtest.New(t).Conn(t, "postgres")
	m, err := matrix.New(read(t, conn, `create role web_login noinherit; create role web_anon; create role alice; grant alice, web_anon to web_login;
		create schema api; grant usage on schema api to alice;
		create table api.note (owner text);
		alter table api.note enable row level security;
		create policy own on api.note for select to alice using (owner = current_user);
		create policy change on api.note for update to alice using (owner = current_user or owner = 'a  b') with check (true);
		create policy fill on api.note for insert to alice with check (owner = current_user);
		create policy clean on api.note for delete to alice using (true);
		grant select, insert, update, delete on api.note to alice`), matrix.Options{Roles: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	own := "owner = CURRENT_USER"
	other := "OR owner = 'a  b'::text"
	for i, want := range []matrix.Cell{
		{Verdict: "rows", Check: own}, {Verdict: "rows", Where: own}, {Verdict: "rows", Where: other, Check: "true"}, {Verdict: "yes"},
	} {
		got := m.Relations[0].Rows[0].Cells()[i]
		if got.Verdict != want.Verdict || !strings.Contains(got.Where, want.Where) || (got.Where == "") != (want.Where == "") || got.Check != want.Check {
			t.Errorf("cell %d: got %+v, want %+v", i, got, want)
		}
	}
	var text bytes.Buffer
	if err := m.Text(&text); err != nil || strings.Contains(text.String(), "where true") || strings.Contains(text.String(), "be: true") {
		t.Errorf("%v, %s", err, text.String())
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	d := read(t, pgtest.New(t).Conn(t, "postgres"), "create role web_login; create role web_anon; create schema api")
	if _, err := matrix.New(d, matrix.Options{Roles: []string{"nobody_here"}}); err == nil || err.Error() != `there is no role "nobody_here"` {
		t.Errorf("got %v", err)
	}
	if _, err := matrix.New(d, matrix.Options{Tables: []string{"nothing"}}); err == nil || err.Error() != `there is no table or view "nothing" in api` {
		t.Errorf("got %v", err)
	}
}
