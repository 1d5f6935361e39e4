package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/postern-db/postern/internal/pgtest"
)

// TestMain makes the test binary the program itself when it is called by the program's name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "postern" {
		main()
	}
	pgtest.Main(m)
}

// quickRaces keeps the race detector from waiting a second before each of the many processes ends.
const quickRaces = "atexit_sleep_ms=0"

// program gives a folder with the program in it.
func program(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "postern")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScripts runs the scripts of testdata, each with the program on its PATH and a database of its own in DATABASE_URL.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			t, ok := env.T().(testing.TB)
			if !ok {
				return errors.New("testscript no longer gives the test itself")
			}
			db := pgtest.New(t)
			env.Setenv("DATABASE_URL", db.URI("postgres"))
			env.Setenv("PATH", program(t)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("GORACE", quickRaces)
			return nil
		},
	})
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	err := errors.Join(errors.New("load:\n\tfirst\n\n second"), errors.New("third"))
	if got := oneLine(err); got != "load: first; second; third" {
		t.Errorf("got %q", got)
	}
}
