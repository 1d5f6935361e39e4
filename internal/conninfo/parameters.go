package conninfo

import (
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// parameter is one of libpq's that pgx does not know.
type parameter struct {
	name     string
	variable string // of the environment, "" if there is none
	// check returns what is wrong with a value, or why it cannot be had, else "". Nil for what is right whatever it is.
	check func(value string) string
}

// parameters are those of PostgreSQL 18, and those that releases before it had and libpq still takes.
var parameters = []parameter{
	{"hostaddr", "PGHOSTADDR", nil},
	{"client_encoding", "PGCLIENTENCODING", nil}, // ours is UTF-8, as JSON's
	{"fallback_application_name", "", nil},
	{"keepalives", "", integer},
	{"keepalives_idle", "", integer},
	{"keepalives_interval", "", integer},
	{"keepalives_count", "", integer},
	{"tcp_user_timeout", "", integer},
	{"replication", "", only("a connection for replication runs no requests", "false", "off", "no", "0")},
	{"gssencmode", "PGGSSENCMODE", only("encryption by GSSAPI is not supported", "disable", "allow", "prefer")},
	{"gsslib", "PGGSSLIB", nil},
	{"gssdelegation", "PGGSSDELEGATION", only("delegation of GSS credentials is not supported", "0")},
	{"requiressl", "PGREQUIRESSL", one("0", "1")},
	{"sslcompression", "PGSSLCOMPRESSION", one("0", "1")}, // PostgreSQL has none since 14
	{"sslkeylogfile", "", unsupported("keys are written to no file")},
	{"sslcrl", "PGSSLCRL", unsupported("lists of revoked certificates are not read, so such a certificate would be accepted")},
	{"sslcrldir", "PGSSLCRLDIR", unsupported("lists of revoked certificates are not read, so such a certificate would be accepted")},
	{"requirepeer", "PGREQUIREPEER", unsupported("the owner of the server's process is not checked; keep others from the socket's folder by its mode")},
	{"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", tlsVersion},
	{"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION", tlsVersion},
	{"scram_client_key", "", unsupported("use password or passfile")},
	{"scram_server_key", "", unsupported("use password or passfile")},
	{"load_balance_hosts", "PGLOADBALANCEHOSTS", one("disable", "random")},
	{"oauth_issuer", "", unsupported("PostgreSQL's authentication by OAuth is not supported")},
	{"oauth_client_id", "", unsupported("PostgreSQL's authentication by OAuth is not supported")},
	{"oauth_client_secret", "", unsupported("PostgreSQL's authentication by OAuth is not supported")},
	{"oauth_scope", "", unsupported("PostgreSQL's authentication by OAuth is not supported")},
	{"authtype", "", nil},
	{"tty", "", nil},
}

func unsupported(reason string) func(string) string {
	return func(value string) string {
		if value == "" {
			return ""
		}
		return "not supported: " + reason
	}
}

func only(reason string, allowed ...string) func(string) string {
	return func(value string) string {
		if value == "" || slices.Contains(allowed, value) {
			return ""
		}
		return strconv.Quote(value) + " is not supported: " + reason + "; allowed are " + strings.Join(allowed, ", ")
	}
}

func one(allowed ...string) func(string) string {
	return func(value string) string {
		if value == "" || slices.Contains(allowed, value) {
			return ""
		}
		return strconv.Quote(value) + " is none of " + strings.Join(allowed, ", ")
	}
}

func integer(value string) string {
	if _, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32); err != nil && value != "" {
		return strconv.Quote(value) + " is no whole number"
	}
	return ""
}

var tlsVersions = map[string]uint16{
	"tlsv1": tls.VersionTLS10, "tlsv1.1": tls.VersionTLS11, "tlsv1.2": tls.VersionTLS12, "tlsv1.3": tls.VersionTLS13,
}

func tlsVersion(value string) string {
	if _, ok := tlsVersions[strings.ToLower(value)]; !ok && value != "" {
		return strconv.Quote(value) + " is none of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"
	}
	return ""
}

// limitTLS sets the versions of TLS. The default is 1.2 and later, as libpq's.
func limitTLS(given map[string]string, c *pgx.ConnConfig) error {
	least := tlsVersions[strings.ToLower(given["ssl_min_protocol_version"])]
	most := tlsVersions[strings.ToLower(given["ssl_max_protocol_version"])]
	if most != 0 && least > most {
		return errors.New("connection parameter ssl_min_protocol_version: it is above ssl_max_protocol_version")
	}
	for _, a := range attempts(c) {
		for _, f := range a {
			if f.TLSConfig != nil {
				f.TLSConfig.MinVersion, f.TLSConfig.MaxVersion = least, most
			}
		}
	}
	return nil
}

// dialer returns what connects. By default it finds out within half a minute that the host at the other end is gone, as after a
// loss of power: it sends nothing then, not even that the connection is closed.
func dialer(given map[string]string) *net.Dialer {
	d := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	if n, ok := number(given["keepalives"]); ok && n == 0 {
		d.KeepAliveConfig.Enable, d.KeepAlive = false, -1
	}
	if n, ok := number(given["keepalives_idle"]); ok && n > 0 {
		d.KeepAliveConfig.Idle = time.Duration(n) * time.Second
	}
	if n, ok := number(given["keepalives_interval"]); ok && n > 0 {
		d.KeepAliveConfig.Interval = time.Duration(n) * time.Second
	}
	if n, ok := number(given["keepalives_count"]); ok && n > 0 {
		d.KeepAliveConfig.Count = n
	}
	if n, ok := number(given["tcp_user_timeout"]); ok && n > 0 && userTimeout != 0 {
		d.Control = func(network, _ string, conn syscall.RawConn) (err error) {
			if !strings.HasPrefix(network, "tcp") {
				return nil
			}
			controlErr := conn.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, userTimeout, n) })
			if err == nil {
				err = controlErr
			}
			return err
		}
	}
	return d
}

func number(value string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32)
	return int(n), err == nil
}
