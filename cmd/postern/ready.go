package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/postern-db/postern/server/config"
)

type readyCommand struct{ configFile }

// Help is shown by --help.
func (readyCommand) Help() string {
	return "Asks the admin server of a running Postern, on the address that the configuration has, whether the API can serve, and " +
		"ends with status 0 if so, else 1. It is for the health checks of containers, which need no curl then."
}

// Examples are shown by --help.
func (readyCommand) Examples() string {
	return `  postern ready --config postern.conf
  PGRST_ADMIN_SERVER_PORT=3001 PGRST_SERVER_HOST=localhost postern --ready
`
}

// readyTimeout bounds the answer of the admin server, which itself takes 5 s at most to find out.
const readyTimeout = 15 * time.Second

// Run asks.
func (c readyCommand) Run(a *app) error {
	settings, err := c.load(a)
	if err != nil {
		return err
	}
	url, client, err := adminClient(settings)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, readyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("the admin server does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("not ready: %s answers %s", url, resp.Status)
	}
	_, err = fmt.Fprintf(a.stdout, "OK: %s\n", url)
	return err
}

// adminClient returns where the admin server is asked and what can ask it.
func adminClient(c *config.Config) (url string, client *http.Client, err error) {
	addresses := c.AdminListenAddresses()
	if len(addresses) == 0 {
		return "", nil, errors.New("there is no admin server; set admin-server-port or admin-server-unix-socket")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if first := addresses[0]; first.Network == "unix" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", first.Address)
		}
		return "http://localhost/ready", &http.Client{Transport: transport}, nil
	}
	switch {
	case config.IsSpecialHost(c.AdminServerHost):
		return "", nil, fmt.Errorf("the admin server listens on %q, which is no address to ask; set admin-server-host to localhost", c.AdminServerHost)
	case *c.AdminServerPort == 0:
		return "", nil, errors.New("admin-server-port is 0, so that nobody knows the port; set one")
	}
	return "http://" + addresses[0].Address + "/ready", &http.Client{Transport: transport}, nil
}
