package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/embedpg"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
)

type demoCommand struct {
	Port  int    `default:"3000" placeholder:"N" help:"Port on 127.0.0.1; 0 takes a free one (default: ${default})."`
	Data  string `placeholder:"DIR" help:"Folder that keeps the database and the secret, so that messages and tokens outlive the demo. Without it both are gone at the end."`
	Open  bool   `help:"Open the chat in the browser."`
	PGBin string `name:"pg-bin" placeholder:"DIR" help:"Folder of the PostgreSQL programs initdb and postgres. Defaults to PG_BIN, else they are searched, else downloaded."`
}

// Help is shown by --help.
func (demoCommand) Help() string {
	return "Starts a PostgreSQL of its own, which no other program sees, applies the migrations of examples/chat, serves them and " +
		"a web page on 127.0.0.1, and prints tokens for alice and bob with commands to try. Where no PostgreSQL 14 or newer is installed it " +
		"is downloaded once. Ctrl-C ends everything and, without --data, leaves nothing behind."
}

// Examples are shown by --help.
func (demoCommand) Examples() string {
	return "  postern demo\n  postern demo --port 8080 --data ./chat-data\n"
}

// shutdownTimeout is how long requests may take to end after Ctrl-C. PostgreSQL then takes up to 4.5 s in the worst case, and a few
// milliseconds as a rule.
const shutdownTimeout = 1 * time.Second

// Run runs the demo until Ctrl-C.
func (c demoCommand) Run(a *app) (err error) {
	if c.Port < 0 || c.Port > 65535 {
		return usageError{fmt.Errorf("--port %d is out of range; allowed: 0 to 65535", c.Port)}
	}
	if err := checkPort(a.ctx, c.Port); err != nil {
		return err
	}
	secret, dataDir, err := c.folder()
	if err != nil {
		return err
	}
	pg, err := embedpg.Start(a.ctx, embedpg.Config{
		BinDir: c.PGBin, DataDir: dataDir,
		Progress: func(step string) { _, _ = fmt.Fprintln(a.stdout, step) },
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(a.ctx))) }()
	if err := prepareChat(a, pg, secret); err != nil {
		return err
	}
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + pg.URI(chat.Authenticator, chatDatabase),
		"PGRST_DB_SCHEMAS=" + chat.Schema,
		"PGRST_DB_ANON_ROLE=" + chat.Anon,
		"PGRST_JWT_SECRET=" + secret,
		"POSTERN_DB_SAFE_UPDATE=true",
		"POSTERN_OPENAPI_UI=true",
		"PGRST_SERVER_HOST=127.0.0.1",
		"PGRST_SERVER_PORT=" + strconv.Itoa(c.Port),
		"POSTERN_SERVER_SHUTDOWN_TIMEOUT=" + strconv.Itoa(int(shutdownTimeout/time.Second)),
	}})
	if err != nil {
		return err
	}
	s, err := server.New(a.ctx, server.Config{Settings: settings, Static: chat.Page(), Logger: newLogger(a.stderr, slog.LevelWarn)})
	if err != nil {
		return err
	}
	err = c.serve(a, pg, s, secret)
	// Both end at once: a request that PostgreSQL does not let go must not keep PostgreSQL running.
	var closing sync.WaitGroup
	closing.Go(s.Close)
	_ = pg.Stop(context.WithoutCancel(a.ctx)) // the deferred call returns the same
	closing.Wait()
	return err
}

// serve serves until ctx ends or PostgreSQL does, and says how to use it as soon as it listens.
func (c demoCommand) serve(a *app, pg *embedpg.Server, s *server.Server, secret string) error {
	ctx, cancel := context.WithCancelCause(a.ctx)
	defer cancel(nil)
	errEnded := errors.New("the private PostgreSQL ended by itself")
	go func() {
		select {
		case <-pg.Done():
			cancel(errEnded)
		case <-ctx.Done():
		}
	}()
	served := make(chan error, 1)
	go func() { served <- s.Run(ctx) }()

	err := c.greet(a, s, secret, served)
	if err != nil {
		cancel(err)
		return errors.Join(err, <-served)
	}
	if err := <-served; err != nil {
		return err
	}
	if errors.Is(context.Cause(ctx), errEnded) {
		return errEnded
	}
	return nil
}

// greet waits for the address and prints what to do with it. If serving ends before, it leaves the reason in served.
func (c demoCommand) greet(a *app, s *server.Server, secret string, served chan error) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for s.Addr() == "" {
		select {
		case err := <-served:
			served <- err
			return nil
		case <-poll.C:
		}
	}
	url := "http://" + s.Addr()
	tokens := map[string]string{}
	for _, user := range []string{"alice", "bob"} {
		claims := map[string]any{"role": user, "exp": time.Now().Add(tokenLifetime).Unix()}
		token, err := auth.Sign([]byte(secret), claims)
		if err != nil {
			return err
		}
		tokens[user] = token
	}
	if err := printDemo(a.stdout, url, tokens["alice"], tokens["bob"], c.Data); err != nil {
		return err
	}
	if c.Open {
		if err := openBrowser(url); err != nil {
			_, _ = fmt.Fprintf(a.stderr, "postern: open %s in the browser: %s\n", url, oneLine(err))
		}
	}
	return nil
}

// checkPort finds out early, before PostgreSQL is started, that another program has the port.
func checkPort(ctx context.Context, port int) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("cannot listen on port %d; choose another with --port: %w", port, err)
	}
	return l.Close()
}

// folder is where secret and data are. Without --data the secret is new and dataDir is "".
func (c demoCommand) folder() (secret, dataDir string, err error) {
	if c.Data == "" {
		return newSecret(), "", nil
	}
	if secret, err = keptSecret(c.Data); err != nil {
		return "", "", err
	}
	return secret, filepath.Join(c.Data, "postgresql"), nil
}
