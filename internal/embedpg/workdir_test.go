package embedpg

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	long := time.Now().Add(-2 * abandonedAfter)
	make := func(name string, lock bool, age time.Time) string {
		t.Helper()
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if lock {
			if err := os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(dir, age, age); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	abandoned := make(workPrefix+"1", true, time.Now())
	held := make(workPrefix+"2", true, long)
	making := make(workPrefix+"3", false, time.Now())
	halfMade := make(workPrefix+"4", false, long)
	foreign := make("something-else", true, long)
	target := make("target", true, long)
	link := filepath.Join(base, workPrefix+"5")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Open(filepath.Join(held, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}

	sweep(base)
	for path, want := range map[string]bool{
		abandoned: false, held: true, making: true, halfMade: false, foreign: true, target: true, link: true,
	} {
		if exists(path) != want {
			t.Errorf("%s exists: %v, want %v", filepath.Base(path), !want, want)
		}
	}
}

func TestSweepSparesOthers(t *testing.T) {
	t.Parallel()
	s := start(t, Config{})
	sweep(filepath.Dir(s.work.path))
	if !exists(s.work.path) {
		t.Fatal("swept a folder whose maker lives")
	}
	// As if the maker had died and its watchdog were about to stop the server.
	if err := s.work.lock.Close(); err != nil {
		t.Fatal(err)
	}
	s.work.lock = nil
	sweep(filepath.Dir(s.work.path))
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
}

func TestTempBase(t *testing.T) { // not parallel: it changes the environment
	deep := filepath.Join(openDir(t), "a-folder-whose-name-is-so-long-that-no-socket-fits-in", "it")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	short := openDir(t)
	t.Setenv("TMPDIR", short)
	if got := tempBase(nil); got != short {
		t.Errorf("got %s, want %s", got, short)
	}
	t.Setenv("TMPDIR", deep)
	if got := tempBase(nil); got != "/tmp" {
		t.Errorf("got %s for a folder too deep", got)
	}
	s := start(t, Config{})
	query(t, s.URI(Superuser, "postgres"), "select 'x'")
}
