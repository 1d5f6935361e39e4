package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/postern-db/postern/server/config"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	before := load(t, config.Input{})
	after := load(t, config.Input{Environ: []string{
		"PGRST_DB_POOL=3", "PGRST_DB_SCHEMAS=shop", "PGRST_SERVER_HOST=::1", "PGRST_DB_URI=postgresql://db",
	}})
	want := []string{"admin-server-host", "db-pool", "db-uri", "server-host"}
	if got := config.Changed(before, after); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := config.Changed(after, after); got != nil {
		t.Errorf("got %q for the same configuration", got)
	}
}

// TestReloadReadsFileAnew changes a secret's file between two loads.
func TestReloadReadsFileAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	in := config.Input{Environ: []string{"PGRST_JWT_SECRET=@" + path}}
	for _, want := range []string{"the first secret, long enough for anyone", "the second secret, long enough for anyone"} {
		writeFile(t, path, want+"\n")
		c := load(t, in)
		if string(c.JWTSecret) != want {
			t.Errorf("got %q, want %q", []byte(c.JWTSecret), want)
		}
		in.Previous = c
	}
}

// TestReloadKeepsPipe reads a secret from a pipe, which gives it only once.
func TestReloadKeepsPipe(t *testing.T) {
	t.Parallel()
	const want = "a secret that comes through a pipe, once"
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := writer.WriteString(want); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	in := config.Input{Environ: []string{fmt.Sprintf("PGRST_JWT_SECRET=@/dev/fd/%d", reader.Fd())}}
	for range 3 {
		c := load(t, in)
		if string(c.JWTSecret) != want {
			t.Fatalf("got %q, want %q", []byte(c.JWTSecret), want)
		}
		in.Previous = c
	}
}
