package embedpg

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// watchScript waits for the end of its input, which comes when the parent dies, however it dies, because only the parent
// holds the other end. Then it stops the process whose number came last, and removes the work folder.
// It reads the empty line as: nothing to stop.
const watchScript = `
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
	kill -INT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 90 ]; do
		n=$((n + 1))
		[ "$n" -eq 50 ] && kill -QUIT "$pid" 2>/dev/null
		[ "$n" -eq 80 ] && kill -KILL "$pid" 2>/dev/null
		sleep 0.1
	done
fi
rm -rf -- "$1"
`

// watchdog is a small process that outlives its parent to clear up after it. It serves where the kernel's parent death
// signal does not: on other systems than Linux, whichever thread forked, and it removes the folder too.
type watchdog struct {
	cmd  *exec.Cmd
	pipe *os.File
}

func startWatchdog(w *workDir) (*watchdog, error) {
	// Both ends are closed on exec, so no other child of this process holds the pipe open.
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("embedpg: start watchdog: %w", err)
	}
	cmd := exec.Command("/bin/sh", "-c", watchScript, "postern-watchdog", w.path)
	cmd.Stdin = read
	cmd.Dir = "/"
	// A session of its own: what kills the parent's process group or closes its terminal must not kill the watchdog.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = read.Close()
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("embedpg: start watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, pipe: write}, nil
}

// guard names the process to stop when the parent dies. Zero means none.
func (d *watchdog) guard(pid int) error {
	line := "\n"
	if pid != 0 {
		line = fmt.Sprintln(pid)
	}
	if _, err := d.pipe.WriteString(line); err != nil {
		return fmt.Errorf("embedpg: tell watchdog: %w", err)
	}
	return nil
}

// dismiss ends the watchdog without its doing anything.
func (d *watchdog) dismiss() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
	_ = d.pipe.Close()
}
