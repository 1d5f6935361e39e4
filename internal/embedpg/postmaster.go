package embedpg

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrRunning reports that a PostgreSQL which this call did not start already runs on the data folder.
var ErrRunning = errors.New("a PostgreSQL is already running on this data folder")

// postmasterFile is what postmaster.pid in a data folder says about the server that runs there, or ran there.
// The manual names the file in chapter "Database File Layout"; its lines are: process, data folder, start time, port, socket
// folder, address, shared memory, state.
type postmasterFile struct {
	pid    int
	socket string
	state  string // starting, ready, stopping or standby; empty before the server has written it
	lines  []string
}

func readPostmasterFile(dataDir string) (postmasterFile, bool) {
	text, err := os.ReadFile(filepath.Join(dataDir, "postmaster.pid"))
	if err != nil {
		return postmasterFile{}, false
	}
	f := postmasterFile{lines: strings.Split(string(text), "\n")}
	f.pid, err = strconv.Atoi(strings.TrimSpace(f.lines[0]))
	if err != nil || f.pid <= 0 {
		return postmasterFile{}, false
	}
	if len(f.lines) > 4 {
		f.socket = filepath.Join(f.lines[4], ".s.PGSQL."+strings.TrimSpace(f.lines[3]))
	}
	if len(f.lines) > 7 {
		f.state = strings.TrimSpace(f.lines[7])
	}
	return f, true
}

// livePostmaster reports whether a server runs on dataDir. The process number alone does not tell: after a crash of
// the machine, or in a container, an unrelated process often has it.
func livePostmaster(dataDir string) (postmasterFile, bool) {
	f, ok := readPostmasterFile(dataDir)
	if !ok || errors.Is(syscall.Kill(f.pid, 0), syscall.ESRCH) {
		return f, false
	}
	// A postmaster's working folder is its data folder.
	if _, err := os.Stat("/proc/self/cwd"); err == nil {
		cwd, cwdErr := os.Stat(fmt.Sprintf("/proc/%d/cwd", f.pid))
		own, ownErr := os.Stat(dataDir)
		return f, cwdErr == nil && ownErr == nil && os.SameFile(cwd, own)
	}
	conn, err := net.DialTimeout("unix", f.socket, time.Second)
	if err != nil {
		return f, false
	}
	_ = conn.Close()
	return f, true
}

// claimDataDir makes sure that no server runs on dataDir and that a postmaster.pid left by a dead one does not keep the
// next from starting. One that is just stopping, as after the death of its parent, is waited for.
func claimDataDir(dataDir string, acc *account) error {
	const step = 50 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		f, live := livePostmaster(dataDir)
		if !live {
			break
		}
		if waited > 10*time.Second || (waited > time.Second && f.state != "stopping") {
			return fmt.Errorf("embedpg: %s: %w: process %d; stop it first or choose another folder", dataDir, ErrRunning, f.pid)
		}
		time.Sleep(step)
	}
	f, ok := readPostmasterFile(dataDir)
	if !ok || errors.Is(syscall.Kill(f.pid, 0), syscall.ESRCH) {
		return nil
	}
	// The number now belongs to an unrelated process, which PostgreSQL would take for a server. It does trust the
	// number of its own parent to be stale. The file stays, since it also names the shared memory, by which
	// PostgreSQL notices backends that outlived their postmaster.
	f.lines[0] = strconv.Itoa(os.Getpid())
	if err := replaceFile(filepath.Join(dataDir, "postmaster.pid"), strings.Join(f.lines, "\n"), acc); err != nil {
		return fmt.Errorf("embedpg: correct stale postmaster.pid: %w", err)
	}
	return nil
}

// replaceFile puts a new file, the account's, in the place of one. Writing into the old would follow a link, which
// the account could have laid for root.
func replaceFile(path, text string, acc *account) error {
	f, err := os.CreateTemp(filepath.Dir(path), "postern-")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if acc != nil {
		err = errors.Join(err, f.Chown(int(acc.uid), int(acc.gid)))
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
