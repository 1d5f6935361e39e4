package config

import (
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// ListenAddress is something to listen on, in the words of [net.Listen].
type ListenAddress struct {
	// Network is tcp, tcp4, tcp6 or unix.
	Network string
	// Address is host:port, or the path of the socket.
	Address string
	// Mode is the socket's permissions. Zero for TCP.
	Mode fs.FileMode
}

// ListenAddresses gives what the server is to listen on: one socket, the first of
// these that can be bound. There is more than one only for the special hosts *4
// and *6, which prefer a protocol.
func (c *Config) ListenAddresses() []ListenAddress {
	return listenAddresses(c.ServerUnixSocket, c.ServerUnixSocketMode, c.ServerHost, c.ServerPort)
}

// AdminListenAddresses is ListenAddresses for the admin server. It is empty when
// there is to be none.
func (c *Config) AdminListenAddresses() []ListenAddress {
	if c.AdminServerUnixSocket == "" && c.AdminServerPort == nil {
		return nil
	}
	port := 0
	if c.AdminServerPort != nil {
		port = *c.AdminServerPort
	}
	return listenAddresses(c.AdminServerUnixSocket, c.AdminServerUnixSocketMode, c.AdminServerHost, port)
}

// IsSpecialHost tells whether host is one of *, *4, !4, *6 and !6, which stand for
// addresses to listen on and cannot be connected to.
func IsSpecialHost(host string) bool {
	switch host {
	case "*", "*4", "!4", "*6", "!6":
		return true
	}
	return false
}

func listenAddresses(socket string, mode fs.FileMode, host string, port int) []ListenAddress {
	if socket != "" {
		return []ListenAddress{{Network: "unix", Address: socket, Mode: mode}}
	}
	digits := strconv.Itoa(port)
	any4 := ListenAddress{Network: "tcp4", Address: "0.0.0.0:" + digits}
	only6 := ListenAddress{Network: "tcp6", Address: "[::]:" + digits}
	// Go binds an address without a host for IPv6 and IPv4 together, or for
	// IPv4 where there is no IPv6.
	both := ListenAddress{Network: "tcp", Address: ":" + digits}
	switch host {
	case "*":
		return []ListenAddress{both}
	case "*4":
		return []ListenAddress{any4, only6}
	case "!4":
		return []ListenAddress{any4}
	case "*6":
		return []ListenAddress{both, any4}
	case "!6":
		return []ListenAddress{only6}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return []ListenAddress{{Network: "tcp", Address: net.JoinHostPort(host, digits)}}
}
