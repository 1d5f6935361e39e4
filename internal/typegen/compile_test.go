package typegen_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/npmtest"
	"github.com/postern-db/postern/internal/pgtest"
)

// TestTypeScriptCompiles checks with tsc --strict that programs which use @supabase/postgrest-js with the types are typed as the
// schema demands: usage.ts says what must compile and what must not.
func TestTypeScriptCompiles(t *testing.T) {
	t.Parallel()
	installed := npmtest.Install(t, "testdata")
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(installed, "node_modules", "typescript", "bin", "tsc"),
		"--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler",
		"usage.ts", filepath.Join("chat", "database.ts"))
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestGeneratedClient makes a client from the description at /openapi.json, as docs/frontend.md does it, compiles a program that uses it,
// and runs that: generated.ts.
func TestGeneratedClient(t *testing.T) {
	t.Parallel()
	installed := npmtest.Install(t, "testdata")
	script, err := os.ReadFile(filepath.Join("testdata", "shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, pgtest.Role("typegen_login", "login noinherit"), pgtest.Role("typegen_anon", "nologin"), string(script), `
		grant typegen_anon to typegen_login;
		insert into shop.customers (email, name) values ('a@b', 'Ann');
		insert into shop.orders (customer_id, total) values (1, 1);
		grant usage on schema shop, hidden to typegen_anon;
		grant all on all tables in schema shop to typegen_anon`)
	api := apitest.Start(t, db.URI("typegen_login"), `db-schemas = "shop"`, `db-anon-role = "typegen_anon"`)
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(installed, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"package.json": `{"type": "module"}`,
		"main.js":      "import { use } from './generated.js'; console.log(JSON.stringify(await use('" + api.URL + "')))",
		"openapi.json": api.Must(t, apitest.Request{Path: "/openapi.json"}).Body,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile(filepath.Join("testdata", "generated.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "generated.ts"), program, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "node", args...)
		cmd.Dir = dir
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, output)
		}
		return string(output)
	}
	run("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "-o", "api.ts", "--default-non-nullable=false")
	run("node_modules/typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "generated.ts")
	want := `[[{"id":1,"status":"open"}],1,"23503",204,204]` + "\n"
	if got := run("main.js"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestGoCompiles runs go vet on the structs, and a program that reads with them what the server answers: usage_test.go.
func TestGoCompiles(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("testdata", "shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db := pgtest.New(t, pgtest.Role("typegen_login", "login noinherit"), pgtest.Role("typegen_anon", "nologin"), string(script), `
		grant typegen_anon to typegen_login;
		insert into shop.customers (email, name, others) values ('a@b', 'Ann', '{b@c}');
		insert into shop.orders (customer_id, status, colour, place, total, history, notes, shade, float8, bool, grid, grids)
			values (1, 'in "delivery"', 'blue', (1.5, 2, null), 12345678.90, '{open,done}', '{"a": [1, null]}', 255, 1.5, true, '{{a,b},{c,null}}', '{1,2}'), (1, '', null, null, 1, '{}', null, null, null, null, null, null);
		grant usage on schema shop, hidden to typegen_anon;
		grant select on all tables in schema shop to typegen_anon`)
	api := apitest.Start(t, db.URI("typegen_login"), `db-schemas = "shop, archive"`, `db-anon-role = "typegen_anon"`)
	answers := t.TempDir()
	for name, path := range map[string]string{
		"orders": "/orders?order=id", "customers": "/customers", "report": "/rpc/report?since=2026-01-01",
	} {
		r := api.Must(t, apitest.Request{Path: path})
		if r.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, r.Status, r.Body)
		}
		if err := os.WriteFile(filepath.Join(answers, name), []byte(r.Body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"vet", "./testdata/shop", "./testdata/chat"},
		{"test", "-count=1", "./testdata/shop"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Env = append(os.Environ(), "ANSWERS="+answers)
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %v: %v\n%s", args, err, output)
		}
	}
}
