package server

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Run listens as the configuration says and serves until ctx is done. Then it shuts down: it is no longer ready, stops accepting,
// closes connections without a request, waits for the requests under way up to server-shutdown-timeout, after which they are cut
// off, and returns nil. If the server gives up (see Done) it does the same and returns why.
func (s *Server) Run(ctx context.Context) error {
	c := s.state.Load().config
	main, err := listen(ctx, c.ListenAddresses(), c.ServerReusePort)
	if err != nil {
		return err
	}
	api := newDrainer(main, newHTTPServer(s, c))
	failed := make(chan error, 2)
	if addresses := c.AdminListenAddresses(); len(addresses) > 0 {
		l, err := listen(ctx, addresses, false)
		if err != nil {
			return errors.Join(err, main.Close())
		}
		operators := newHTTPServer(s.Admin(), c)
		go func() { failed <- operators.Serve(timeWrites(l, c.ServerWriteTimeout)) }()
		defer endAdmin(operators)
		s.logger.Info("admin server listening", "address", l.Addr().String())
	}
	s.listening.set(main.Addr())
	s.logger.Info("listening", "address", main.Addr().String())
	go func() { failed <- api.serve(c.ServerWriteTimeout) }()

	select {
	case err = <-failed:
	case <-s.Done():
		err = s.Err()
	case <-ctx.Done():
		s.logger.Info("shutting down", "cause", context.Cause(ctx))
	}
	s.draining.Store(true)
	if cut := api.drain(c.ServerShutdownTimeout); cut > 0 {
		s.logger.Warn("requests were cut off", "count", cut, "server-shutdown-timeout", c.ServerShutdownTimeout)
	}
	return err
}

// endAdmin ends the admin server, which answers until the last.
func endAdmin(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // nobody is there to be told
	}
}

// ready reports whether the API can serve: the catalog is loaded, the database answers and the server does not shut down. A pool
// all of whose connections are in use is busy, not broken.
func (s *Server) ready(ctx context.Context) error {
	switch {
	case s.draining.Load():
		return errors.New("the server shuts down")
	case !s.loaded():
		return errors.New("the schema cache is not loaded")
	case s.recovery.since.Load() != 0:
		return errors.New("the database cannot be reached")
	}
	if s.pool.Busy() {
		return nil
	}
	return s.pool.Ping(ctx)
}
