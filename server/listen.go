package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/postern-db/postern/server/config"
)

// listening is what Run listens on.
type listening struct {
	mu   sync.Mutex
	addr net.Addr
}

func (l *listening) set(addr net.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addr = addr
}

// Addr returns the address that Run listens on, such as 127.0.0.1:3000 or the path of a socket; "" before.
func (s *Server) Addr() string {
	s.listening.mu.Lock()
	defer s.listening.mu.Unlock()
	if s.listening.addr == nil {
		return ""
	}
	return s.listening.addr.String()
}

// Port returns the TCP port that Run listens on, 0 if there is none.
func (s *Server) Port() int {
	_, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

// listen tries the addresses in order and takes the first that works. With shared, other processes may listen on the same TCP
// port (server-reuseport).
func listen(ctx context.Context, addresses []config.ListenAddress, shared bool) (net.Listener, error) {
	var errs []error
	for _, a := range addresses {
		lc := net.ListenConfig{}
		switch {
		case a.Network == "unix":
			if err := removeStale(a.Address); err != nil {
				return nil, fmt.Errorf("server: listen on %s: %w", a.Address, err)
			}
			// What the file is made with, lest it be open to more for a moment.
			lc.Control = control(func(fd int) error { return unix.Fchmod(fd, uint32(a.Mode)) })
		case shared:
			lc.Control = control(func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		}
		l, err := lc.Listen(ctx, a.Network, a.Address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if a.Network == "unix" {
			if err := os.Chmod(a.Address, a.Mode); err != nil { // whatever the umask has left of it
				return nil, errors.Join(fmt.Errorf("server: set the socket's mode: %w", err), l.Close())
			}
		}
		return l, nil
	}
	return nil, fmt.Errorf("server: %w", errors.Join(errs...))
}

// control does something to a socket before it is bound.
func control(do func(fd int) error) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = do(int(fd)) }), err)
	}
}

// removeStale removes the file of a Unix socket that nobody listens on any more, as a process that was killed leaves it.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return errors.New("there is a file that is no socket")
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	switch {
	case err == nil:
		return errors.Join(errors.New("another process listens on it"), conn.Close())
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	default:
		return err
	}
}

// closeListener closes a listener once the connections that the kernel has accepted for it were taken: it would reset them.
func closeListener(l net.Listener) error {
	if c, ok := l.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			for waited := time.Duration(0); waited < drainQuiet && pending(raw); waited += time.Millisecond {
				time.Sleep(time.Millisecond)
			}
		}
	}
	return l.Close()
}

// pending reports whether a connection waits to be taken.
func pending(raw syscall.RawConn) bool {
	n := 0
	err := raw.Control(func(fd uintptr) {
		n, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0) // an error is none
	})
	return err == nil && n > 0
}
