package embedpg

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fakeBin makes a folder with programs that call themselves this version.
func fakeBin(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, program := range []string{"initdb", "postgres"} {
		writeProgram(t, filepath.Join(dir, program), []byte(script))
	}
	return dir
}

func TestInspect(t *testing.T) {
	t.Parallel()
	acc, err := serverAccount("")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Binaries{
		"15.13 (Debian 15.13-0+deb12u1)": {Version: "15.13", Major: 15},
		"18beta1":                        {Version: "18beta1", Major: 18},
		"14.0":                           {Version: "14.0", Major: 14},
	} {
		want.Dir = fakeBin(t, openDir(t), text)
		if got, err := find(t.Context(), want.Dir, acc); err != nil || got != want {
			t.Errorf("%s: got %+v, error %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"13.21": "14 or newer is needed", "": "printed no PostgreSQL version"} {
		if _, err := find(t.Context(), fakeBin(t, openDir(t), text), acc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want it to say %q", text, err, want)
		}
	}
}

func TestAccountMustReachPrograms(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	bin := fakeBin(t, filepath.Join(dir, "bin"), "15.1")
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &account{name: "stranger", uid: 54321, gid: 54321}
	if _, err := inspect(t.Context(), bin, stranger); err == nil || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("got error %v, want one that names the account", err)
	}
}

func TestFindEnvironment(t *testing.T) { // not parallel: it changes the environment
	none := openDir(t)
	t.Setenv("PG_BIN", none)
	if _, err := Find(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "PG_BIN") || errors.Is(err, ErrNotFound) {
		t.Errorf("empty folder in PG_BIN: got error %v", err)
	}
	named := fakeBin(t, openDir(t), "17.1")
	t.Setenv("PG_BIN", named)
	if b, err := Find(t.Context(), ""); err != nil || b.Dir != named {
		t.Errorf("PG_BIN: got %+v, error %v", b, err)
	}
	if b, err := Find(t.Context(), fakeBin(t, openDir(t), "16.1")); err != nil || b.Major != 16 {
		t.Errorf("an argument must go before PG_BIN: got %+v, error %v", b, err)
	}

	// On the PATH: the old one is passed over, the link is resolved.
	t.Setenv("PG_BIN", "")
	linked := openDir(t)
	if err := os.Symlink(filepath.Join(named, "postgres"), filepath.Join(linked, "postgres")); err != nil {
		t.Fatal(err)
	}
	old := fakeBin(t, openDir(t), "12.1")
	t.Setenv("PATH", strings.Join([]string{none, old, linked, os.Getenv("PATH")}, string(filepath.ListSeparator)))
	real, err := filepath.EvalSymlinks(named)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Find(t.Context(), ""); err != nil || b.Dir != real {
		t.Errorf("PATH: got %+v, error %v", b, err)
	}
}

func TestInstalled(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := []string{
		"opt/homebrew/opt/postgresql@18/bin",
		"usr/pgsql-17/bin",
		"Applications/Postgres.app/Contents/Versions/16/bin",
		"usr/lib/postgresql/15/bin",
		"usr/lib/postgresql/9.6/bin",
		"usr/local/pgsql/bin",
	}
	for i, dir := range want {
		want[i] = filepath.Join(root, dir)
		if err := os.MkdirAll(want[i], 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := installed(root); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEnvironment(t *testing.T) { // not parallel: it changes the environment
	t.Setenv("PGDATA", "/elsewhere")
	t.Setenv("LC_COLLATE", "tr_TR.UTF-8")
	t.Setenv("LANG", "tr_TR.UTF-8")
	t.Setenv("TZ", "Asia/Tokyo")
	env := environ()
	for _, kv := range env {
		if strings.Contains(kv, "tr_TR") || strings.Contains(kv, "Tokyo") || strings.HasPrefix(kv, "PGDATA") {
			t.Errorf("the server would see %s", kv)
		}
	}
	s := start(t, Config{})
	if got := query(t, s.URI(Superuser, "postgres"), "select upper('i') || current_setting('timezone')"); got != "IUTC" {
		t.Errorf("got %s", got)
	}
}
