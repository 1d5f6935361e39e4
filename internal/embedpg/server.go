package embedpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Superuser is the role that owns the cluster.
const Superuser = "postgres"

// Server is a running PostgreSQL. Its methods may be called from several goroutines.
type Server struct {
	cfg      Config
	acc      *account
	bin      Binaries
	work     *workDir
	dog      *watchdog
	dataDir  string
	port     int
	password string
	standby  bool // it follows another

	cmd  *exec.Cmd
	done chan struct{} // closed when the server has ended and been reaped

	stopOnce sync.Once
	stopErr  error
}

// Start starts a server and returns when it accepts connections. The caller must call Stop; if its process dies
// instead, a watchdog stops the server and removes what is temporary. ctx bounds the start only.
//
// If another server runs on the data folder the error is [ErrRunning]; that server is left alone.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	acc, err := serverAccount(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	cfg.Progress("finding PostgreSQL")
	bin, err := find(ctx, cfg.BinDir, acc)
	if errors.Is(err, ErrNotFound) {
		bin, err = download(ctx, cfg, acc)
	}
	if err != nil {
		return nil, err
	}
	sweep(tempBase(acc))
	s := &Server{cfg: cfg, acc: acc, bin: bin, password: rand.Text(), dataDir: cfg.DataDir}
	if s.work, err = makeWorkDir(acc); err != nil {
		return nil, err
	}
	if s.dataDir == "" {
		s.dataDir = s.work.dataDir()
	}
	if s.dog, err = startWatchdog(s.work); err == nil {
		err = s.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.prepareDataDir(ctx, s.dataDir); err != nil {
		return err
	}
	s.cfg.Progress("starting PostgreSQL " + s.bin.Version)
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := s.launch(ctx)
		if err == nil {
			break
		}
		// Another process may take the port between our choosing it and the server's opening it.
		if !strings.Contains(err.Error(), "could not bind") || attempt == attempts {
			return err
		}
		s.port = 0
	}
	if s.standby {
		return nil // it has the password of the server that it follows
	}
	return s.setPassword(ctx)
}

func (s *Server) choosePort() error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("embedpg: choose a port: %w", err)
	}
	s.port = listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return fmt.Errorf("embedpg: choose a port: %w", err)
	}
	return nil
}

// launch starts the server process, on a free port unless it had one before, and waits until it is ready.
func (s *Server) launch(ctx context.Context) error {
	if s.port == 0 {
		if err := s.choosePort(); err != nil {
			return err
		}
	}
	log, err := os.OpenFile(s.work.logFile(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("embedpg: make log file: %w", err)
	}
	defer func() { _ = log.Close() }()

	cmd := exec.Command(filepath.Join(s.bin.Dir, "postgres"), append([]string{"-D", s.dataDir}, s.cfg.flags(s.work, s.port)...)...)
	cmd.SysProcAttr = s.acc.attr()
	cmd.Dir = "/"
	cmd.Env = environ()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("embedpg: start PostgreSQL: %w", err)
	}
	guardErr := s.dog.guard(cmd.Process.Pid)
	s.cmd, s.done = cmd, make(chan struct{})
	go func(done chan struct{}) {
		_ = cmd.Wait()
		// From here on the process number may become another's.
		_ = s.dog.guard(0)
		close(done)
	}(s.done)
	if guardErr != nil {
		return guardErr
	}
	return s.awaitReady(ctx)
}

func (s *Server) awaitReady(ctx context.Context) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("embedpg: start PostgreSQL: %w", ctx.Err())
		case <-s.done:
			log, _ := os.ReadFile(s.work.logFile()) // without it the message is only poorer
			return fmt.Errorf("embedpg: PostgreSQL ended while it started (%s): %s", s.cmd.ProcessState, lastLines(log))
		case <-poll.C:
			if f, ok := readPostmasterFile(s.dataDir); ok && f.pid == s.cmd.Process.Pid && (f.state == "ready" || s.standby && f.state == "standby") {
				return nil
			}
		}
	}
}

// setPassword gives the superuser this start's password, for TCP.
func (s *Server) setPassword(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URI(Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("embedpg: connect to the new server: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	// The password is letters and digits only. It must not get into the server's log.
	_, err = conn.PgConn().Exec(ctx, `set log_statement = 'none'; set log_min_duration_statement = -1;
		set password_encryption = 'scram-sha-256'; alter role `+Superuser+` password '`+s.password+`'`).ReadAll()
	if err != nil {
		return fmt.Errorf("embedpg: set the superuser's password: %w", err)
	}
	return nil
}

// URI is a connection URI (PostgreSQL manual, chapter 34.1.1.2) over the Unix socket. Every role that may log in needs
// no password there: only the caller's user, and root, can open the socket. For a server that root started these are root and
// the account that runs it.
func (s *Server) URI(user, database string) string {
	query := url.Values{"host": {s.work.socketDir()}, "port": {fmt.Sprint(s.port)}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database, RawQuery: query.Encode()}
	return u.String()
}

// TCPURI is a connection URI over the loopback interface for the superuser. It holds the password, which is new with
// each start. Other roles can use TCP only if they are given a password.
func (s *Server) TCPURI(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(Superuser, s.password), Host: fmt.Sprintf("127.0.0.1:%d", s.port),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port is the port on 127.0.0.1, which is also part of the socket's name.
func (s *Server) Port() int { return s.port }

// SocketDir is the folder of the Unix socket.
func (s *Server) SocketDir() string { return s.work.socketDir() }

// DataDir is the data folder, as an absolute path.
func (s *Server) DataDir() string { return s.dataDir }

// Binaries are the programs that run.
func (s *Server) Binaries() Binaries { return s.bin }

// Done is closed when the server has ended, by Stop or for a reason of its own.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop ends the server and removes what is temporary. It first asks for a fast shutdown, which ends open
// transactions; after 3 seconds, or when ctx ends, for an immediate one. It returns within 5 seconds. Later calls
// do nothing and return what the first did.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		var err error
		if s.cmd != nil {
			err = s.end(ctx)
		}
		if s.dog != nil {
			s.dog.dismiss()
		}
		if err == nil {
			err = s.work.remove()
		}
		if err != nil {
			s.stopErr = fmt.Errorf("embedpg: stop PostgreSQL: %w", err)
		}
	})
	return s.stopErr
}

func (s *Server) end(ctx context.Context) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{
		{syscall.SIGINT, 3 * time.Second},
		{syscall.SIGQUIT, time.Second},
		{syscall.SIGKILL, 500 * time.Millisecond},
	} {
		// The only error is that the process has ended.
		_ = s.cmd.Process.Signal(step.signal)
		select {
		case <-s.done:
			return nil
		case <-ctx.Done(): // no more patience than a moment a step
			select {
			case <-s.done:
				return nil
			case <-time.After(500 * time.Millisecond):
			}
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("process %d does not end", s.cmd.Process.Pid)
}
