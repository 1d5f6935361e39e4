package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/postern-db/postern/server/config"
)

type readyCommand struct {
	configFile
	AsPostgREST bool `name:"as-postgrest" hidden:"" help:"Refuse what PostgREST's flag --ready refuses, in its words."`
}

// Help is shown by --help.
func (readyCommand) Help() string {
	return "Asks the admin server of a running Postern, on the address that the configuration has, whether the API can serve, and " +
		"ends with status 0 if so, else 1. Of a server that listens on all addresses (!4, * and so on) the loopback address is asked. " +
		"It is for the health checks of containers, which need no curl then. PostgREST's form, --ready, takes no such host."
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
	err := c.ask(a)
	if err != nil && c.AsPostgREST {
		return fmt.Errorf("ERROR: %w", err)
	}
	return err
}

func (c readyCommand) ask(a *app) error {
	settings, err := c.load(a)
	if err != nil {
		return err
	}
	if c.AsPostgREST && settings.AdminServerUnixSocket == "" && settings.AdminServerPort != nil && config.IsSpecialHost(settings.AdminServerHost) {
		return fmt.Errorf("The `--ready` flag cannot be used when server-host is configured as %q. "+ //nolint:staticcheck // PostgREST's words
			"Please update your server-host config to \"localhost\". Or call `postern ready`", settings.AdminServerHost)
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
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("connection refused to %s: the server does not run, or has no admin server there", url)
	case err != nil:
		return fmt.Errorf("the admin server does not answer: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s is not ready: it answers %s", url, resp.Status)
	}
	_, err = fmt.Fprintf(a.stdout, "OK: %s\n", url)
	return err
}

// adminClient returns where the admin server is asked and what can ask it.
func adminClient(c *config.Config) (url string, client *http.Client, err error) {
	addresses := c.AdminListenAddresses()
	if len(addresses) == 0 {
		return "", nil, errors.New("Admin server is not running. Please check admin-server-port config. " + //nolint:staticcheck // PostgREST's words
			"Or set admin-server-unix-socket")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if first := addresses[0]; first.Network == "unix" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", first.Address)
		}
		return "http://localhost/ready", &http.Client{Transport: transport}, nil
	}
	if *c.AdminServerPort == 0 {
		return "", nil, errors.New("admin-server-port is 0, so that nobody knows the port; set one")
	}
	if !config.IsSpecialHost(c.AdminServerHost) {
		return "http://" + addresses[0].Address + "/ready", &http.Client{Transport: transport}, nil
	}
	local := loopback(c.AdminServerHost, *c.AdminServerPort)
	transport.DialContext = func(ctx context.Context, network, _ string) (conn net.Conn, err error) {
		for _, address := range local {
			if conn, err = (&net.Dialer{}).DialContext(ctx, network, address); err == nil {
				break
			}
		}
		return conn, err
	}
	return "http://" + local[0] + "/ready", &http.Client{Transport: transport}, nil
}

// loopback gives where a server that listens on all addresses can be asked by a program beside it.
func loopback(special string, port int) []string {
	v4, v6 := net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), net.JoinHostPort("::1", strconv.Itoa(port))
	switch special {
	case "!4":
		return []string{v4}
	case "!6":
		return []string{v6}
	default:
		return []string{v4, v6}
	}
}
