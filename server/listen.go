package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/postern-db/postern/server/admin"
	"github.com/postern-db/postern/server/config"
)

// listening is what Run listens on.
type listening struct {
	mu   sync.Mutex
	addr net.Addr
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

// Run listens as the configuration says and serves until ctx is done. Then it stops accepting, waits for the requests under
// way up to server-shutdown-timeout, and returns nil. If the server gives up (see Done) it returns why.
func (s *Server) Run(ctx context.Context) error {
	c := s.state.Load().config
	main, err := listen(ctx, c.ListenAddresses())
	if err != nil {
		return err
	}
	servers := []*http.Server{newHTTPServer(s, c)}
	listeners := []net.Listener{main}
	if addresses := c.AdminListenAddresses(); len(addresses) > 0 {
		l, err := listen(ctx, addresses)
		if err != nil {
			return errors.Join(err, main.Close())
		}
		servers = append(servers, newHTTPServer(admin.New(admin.Config{Ready: s.ready, Metrics: metrics{s}.handler()}), c))
		listeners = append(listeners, l)
		s.logger.Info("admin server listening", "address", l.Addr().String())
	}
	s.listening.mu.Lock()
	s.listening.addr = main.Addr()
	s.listening.mu.Unlock()
	s.logger.Info("listening", "address", main.Addr().String())

	failed := make(chan error, len(servers))
	for i, server := range servers {
		go func() { failed <- server.Serve(timeWrites(listeners[i], c.ServerWriteTimeout)) }()
	}
	select {
	case err = <-failed:
	case <-s.Done():
		err = s.Err()
	case <-ctx.Done():
		err = nil
	}
	return errors.Join(err, shutdown(ctx, servers, c.ServerShutdownTimeout))
}

// shutdown ends servers, the last one first.
func shutdown(ctx context.Context, servers []*http.Server, timeout time.Duration) error {
	ctx = context.WithoutCancel(ctx)
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	var errs []error
	for _, server := range servers {
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("server: requests were cut off: %w", err), server.Close())
		}
	}
	return errors.Join(errs...)
}

// listen tries the addresses in order and takes the first that works.
func listen(ctx context.Context, addresses []config.ListenAddress) (net.Listener, error) {
	var lc net.ListenConfig
	var errs []error
	for _, a := range addresses {
		l, err := lc.Listen(ctx, a.Network, a.Address)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if a.Network == "unix" {
			if err := os.Chmod(a.Address, a.Mode); err != nil {
				return nil, errors.Join(fmt.Errorf("server: set the socket's mode: %w", err), l.Close())
			}
		}
		return l, nil
	}
	return nil, fmt.Errorf("server: %w", errors.Join(errs...))
}

// ready reports whether the API can serve: the catalog is loaded and the database answers.
func (s *Server) ready(ctx context.Context) error {
	if !s.loaded() {
		return errors.New("the schema cache is not loaded")
	}
	return s.pool.Ping(ctx)
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
