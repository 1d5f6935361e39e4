package embedpg

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func uidOf(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

// A data folder's owner runs the server on it, so that root can use one that another user made.
func TestServerRunsAsOwner(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	owner := os.Geteuid()
	if owner == 0 {
		owner = 65534
		if err := os.Chown(dir, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, Config{DataDir: dir})
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
	for _, path := range []string{filepath.Join(dir, "PG_VERSION"), s.SocketDir(), filepath.Join(s.SocketDir(), fmt.Sprintf(".s.PGSQL.%d", s.Port()))} {
		if got := uidOf(t, path); got != uint32(owner) {
			t.Errorf("%s belongs to %d, want %d", path, got, owner)
		}
	}
}

func TestReaches(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	inner := filepath.Join(dir, "inner")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	owner := uidOf(t, inner)
	for name, c := range map[string]struct {
		acc  *account
		path string
		want bool
	}{
		"the caller":     {nil, inner, true},
		"the owner":      {&account{uid: owner, gid: 54321}, inner, true},
		"another":        {&account{uid: 54321, gid: 54321}, inner, false},
		"another, below": {&account{uid: 54321, gid: 54321}, filepath.Join(inner, "not", "made"), false},
		"another, above": {&account{uid: 54321, gid: 54321}, dir, true},
	} {
		if got := c.acc.reaches(c.path); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
