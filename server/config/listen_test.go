package config_test

import (
	"net"
	"slices"
	"testing"

	"github.com/postern-db/postern/server/config"
)

func TestListenAddresses(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]config.ListenAddress{
		"":          {{Network: "tcp4", Address: "0.0.0.0:80"}},
		"*":         {{Network: "tcp", Address: ":80"}},
		"*4":        {{Network: "tcp4", Address: "0.0.0.0:80"}, {Network: "tcp6", Address: "[::]:80"}},
		"!4":        {{Network: "tcp4", Address: "0.0.0.0:80"}},
		"*6":        {{Network: "tcp", Address: ":80"}, {Network: "tcp4", Address: "0.0.0.0:80"}},
		"!6":        {{Network: "tcp6", Address: "[::]:80"}},
		"127.0.0.1": {{Network: "tcp", Address: "127.0.0.1:80"}},
		"::1":       {{Network: "tcp", Address: "[::1]:80"}},
		"[::1]":     {{Network: "tcp", Address: "[::1]:80"}},
		"localhost": {{Network: "tcp", Address: "localhost:80"}},
	} {
		environ := []string{"PGRST_SERVER_HOST=" + host, "PGRST_SERVER_PORT=80", "PGRST_ADMIN_SERVER_PORT=81"}
		c := load(t, config.Input{Environ: environ})
		if got := c.ListenAddresses(); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
		if got := c.AdminListenAddresses(); len(got) != len(want) {
			t.Errorf("%q: got %v for the admin server", host, got)
		}
	}
}

func TestListenAddressesSocket(t *testing.T) {
	t.Parallel()
	c := load(t, config.Input{Environ: []string{"PGRST_SERVER_UNIX_SOCKET=/tmp/x.sock", "PGRST_SERVER_UNIX_SOCKET_MODE=0777"}})
	want := []config.ListenAddress{{Network: "unix", Address: "/tmp/x.sock", Mode: 0o777}}
	if got := c.ListenAddresses(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := c.AdminListenAddresses(); got != nil {
		t.Errorf("got %v for the admin server that is off", got)
	}
	c = load(t, config.Input{Environ: []string{"PGRST_ADMIN_SERVER_UNIX_SOCKET=/tmp/y.sock"}})
	want = []config.ListenAddress{{Network: "unix", Address: "/tmp/y.sock", Mode: 0o660}}
	if got := c.AdminListenAddresses(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestListenAddressesListen binds what the special hosts stand for.
func TestListenAddressesListen(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"*", "*4", "!4", "*6"} {
		if !config.IsSpecialHost(host) {
			t.Errorf("%q is not special", host)
		}
		c := load(t, config.Input{Environ: []string{"PGRST_SERVER_HOST=" + host, "PGRST_SERVER_PORT=0"}})
		first := c.ListenAddresses()[0]
		listener, err := net.Listen(first.Network, first.Address)
		if err != nil {
			t.Errorf("%q: %v", host, err)
			continue
		}
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	}
}
