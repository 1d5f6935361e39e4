package embedpg

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	workPrefix = "postern-pg-"

	// maxSocketDir is the longest socket folder, in bytes. The path of a socket may have 103 bytes on macOS and 107 on
	// Linux, and PostgreSQL adds a name like /.s.PGSQL.54321.
	maxSocketDir = 80

	// abandonedAfter is the age at which a work folder without a lock, which the making of one leaves only if it is
	// killed half-way, is taken to be abandoned.
	abandonedAfter = time.Hour
)

// workDir is the temporary folder of one server: its socket, its log, its host-based authentication and, unless the
// caller keeps them, its data. The maker holds a lock on the file lock in it; the kernel drops that lock when
// the maker dies, however it dies, so a folder whose lock is free is abandoned.
type workDir struct {
	path string
	lock *os.File
}

func (w *workDir) socketDir() string { return filepath.Join(w.path, "s") }
func (w *workDir) dataDir() string   { return filepath.Join(w.path, "data") }
func (w *workDir) hbaFile() string   { return filepath.Join(w.path, "pg_hba.conf") }
func (w *workDir) logFile() string   { return filepath.Join(w.path, "postgres.log") }

// hba lets in whoever can open the socket, whose folder only the server's account and root may enter, and over TCP,
// which every user of the machine can reach, whoever knows a password.
const hba = `local all all trust
local replication all trust
host all all 127.0.0.1/32 scram-sha-256
`

func makeWorkDir(acc *account) (*workDir, error) {
	path, err := os.MkdirTemp(tempBase(acc), workPrefix)
	if err != nil {
		return nil, fmt.Errorf("embedpg: make work folder: %w", err)
	}
	w := &workDir{path: path}
	if err := w.fill(acc); err != nil {
		_ = w.remove()
		return nil, fmt.Errorf("embedpg: make work folder: %w", err)
	}
	return w, nil
}

func (w *workDir) fill(acc *account) error {
	// Renamed into place when it is locked, so that no sweeper finds it free.
	lock, err := os.OpenFile(filepath.Join(w.path, "lock.new"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	w.lock = lock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	if err := os.Rename(lock.Name(), filepath.Join(w.path, "lock")); err != nil {
		return err
	}
	if acc != nil {
		// The account must pass through to its own folders, which no other may enter.
		if err := os.Chmod(w.path, 0o711); err != nil {
			return err
		}
	}
	for _, dir := range []string{w.socketDir(), w.dataDir()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := acc.own(dir); err != nil {
			return err
		}
	}
	if err := os.WriteFile(w.hbaFile(), []byte(hba), 0o600); err != nil {
		return err
	}
	return acc.own(w.hbaFile())
}

// remove removes the folder, the lock last of all, as it is closed last.
func (w *workDir) remove() error {
	err := os.RemoveAll(w.path)
	if w.lock != nil {
		_ = w.lock.Close()
	}
	return err
}

// tempBase is the folder for temporary files, or /tmp where that is too deep for a socket or closed to the account.
func tempBase(acc *account) string {
	base := os.TempDir()
	if len(base)+len("/"+workPrefix+"1234567890/s") > maxSocketDir || !acc.reaches(base) {
		return "/tmp"
	}
	return base
}

// sweep removes the work folders of this user in base whose makers have died without removing them.
func sweep(base string) {
	// The only error of Glob is a malformed pattern.
	paths, _ := filepath.Glob(filepath.Join(base, workPrefix+"*"))
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() {
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
			continue
		}
		sweepOne(path, info.ModTime())
	}
}

func sweepOne(path string, modified time.Time) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	switch {
	case err == nil:
		defer func() { _ = lock.Close() }()
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			return // its maker lives
		}
	case !os.IsNotExist(err) || time.Since(modified) < abandonedAfter:
		return
	}
	// A server that its watchdog is still stopping keeps its folder; the watchdog removes it.
	if _, live := livePostmaster(filepath.Join(path, "data")); live {
		return
	}
	// Best effort: a folder that cannot be removed must not keep a new server from starting.
	_ = os.RemoveAll(path)
}
