// Package conninfo reads connection strings as libpq does (PostgreSQL manual, 32.1.2 Parameter Key Words). pgx takes what it does
// not know for a setting of the session, which PostgreSQL then refuses; here each of libpq's parameters is honoured, is passed over
// where that changes nothing but speed, or is refused because a connection would be less safe without it.
package conninfo

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ApplicationName is what a connection calls itself if the string has no application_name, nor a fallback_application_name.
const ApplicationName = "postern"

// Config is how to connect.
type Config struct {
	*pgx.ConnConfig
	// Shuffle is load_balance_hosts=random: [Shuffle] should be called with a copy of ConnConfig before each connection.
	Shuffle bool
}

// Parse reads a connection URI or keyword/value string. What it leaves out is taken from libpq's PG* variables, and the rest from
// libpq's defaults. Names that libpq does not know are settings of the session, as in pgx. Text is always UTF-8.
func Parse(conninfo string) (*Config, error) {
	c, err := pgx.ParseConfig(conninfo)
	if err != nil {
		return nil, err
	}
	given := take(c.RuntimeParams)
	changes := rewritten(given, c)
	if len(changes) > 0 {
		if c, err = pgx.ParseConfig(with(conninfo, changes)); err != nil {
			return nil, err
		}
		take(c.RuntimeParams)
	}
	if err := checkTLSMode(conninfo, c); err != nil {
		return nil, err
	}
	if err := apply(given, c); err != nil {
		return nil, err
	}
	return &Config{ConnConfig: c, Shuffle: given["load_balance_hosts"] == "random"}, nil
}

// take removes libpq's parameters from what would be sent as settings, and returns them with those of the environment.
func take(settings map[string]string) map[string]string {
	given := map[string]string{}
	for _, p := range parameters {
		if value := os.Getenv(p.variable); p.variable != "" && value != "" {
			given[p.name] = value
		}
		if value, ok := settings[p.name]; ok {
			given[p.name] = value
			delete(settings, p.name)
		}
	}
	maps.DeleteFunc(settings, func(name, _ string) bool { return strings.HasPrefix(name, "pool_") }) // pgxpool's own
	return given
}

// rewritten returns what has to be said in other words, since pgx derives more from them: a numeric address without a name is the
// host, and requiressl is the old form of sslmode (libpq, conninfo_storeval).
func rewritten(given map[string]string, c *pgx.ConnConfig) map[string]string {
	changes := map[string]string{}
	if address := given["hostaddr"]; address != "" && strings.HasPrefix(c.Host, "/") {
		changes["host"] = address
	}
	switch given["requiressl"] {
	case "1":
		changes["sslmode"] = "require"
	case "0":
		changes["sslmode"] = "prefer"
	}
	return changes
}

// checkTLSMode finds a wrong sslmode also where it has no effect, on a Unix socket: pgx does not look at it there.
func checkTLSMode(conninfo string, c *pgx.ConnConfig) error {
	if c.TLSConfig != nil || !strings.HasPrefix(c.Host, "/") {
		return nil
	}
	_, err := pgx.ParseConfig(with(conninfo, map[string]string{
		"host": "localhost", "port": "5432", "sslrootcert": "", "sslcert": "", "sslkey": "",
	}))
	return err
}

// with appends parameters, of which the last counts.
func with(conninfo string, changes map[string]string) string {
	if strings.HasPrefix(conninfo, "postgres://") || strings.HasPrefix(conninfo, "postgresql://") {
		query := url.Values{}
		for name, value := range changes {
			query.Set(name, value)
		}
		separator := "?"
		if strings.Contains(conninfo, "?") {
			separator = "&"
		}
		return conninfo + separator + query.Encode()
	}
	for name, value := range changes {
		conninfo += " " + name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	}
	return conninfo
}

// apply makes c do what the parameters say.
func apply(given map[string]string, c *pgx.ConnConfig) error {
	for _, p := range parameters {
		if value, ok := given[p.name]; ok && p.check != nil {
			if reason := p.check(value); reason != "" {
				return fmt.Errorf("connection parameter %s: %s", p.name, reason)
			}
		}
	}
	c.RuntimeParams["client_encoding"] = "UTF8"
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = ApplicationName
		if name := given["fallback_application_name"]; name != "" {
			c.RuntimeParams["application_name"] = name
		}
	}
	if err := limitTLS(given, c); err != nil {
		return err
	}
	c.DialFunc = dialer(given).DialContext
	return resolve(given, c)
}

// resolve has hosts looked up in hostaddr, which has an address for each of them, and addresses tried in no order if that is wanted.
func resolve(given map[string]string, c *pgx.ConnConfig) error {
	lookup := c.LookupFunc
	if list := given["hostaddr"]; list != "" {
		hosts, addresses := hostsOf(c), strings.Split(list, ",")
		if len(hosts) != len(addresses) {
			return fmt.Errorf("connection parameter hostaddr: %d addresses do not match %d hosts", len(addresses), len(hosts))
		}
		byName := map[string][]string{}
		for i, address := range addresses {
			if address == "" {
				continue
			}
			if net.ParseIP(address) == nil {
				return fmt.Errorf("connection parameter hostaddr: %q is no IP address", address)
			}
			byName[hosts[i]] = append(byName[hosts[i]], address)
		}
		next := lookup
		lookup = func(ctx context.Context, host string) ([]string, error) {
			if addresses := byName[host]; addresses != nil {
				return addresses, nil
			}
			return next(ctx, host)
		}
	}
	c.LookupFunc = lookup
	if given["load_balance_hosts"] == "random" {
		c.LookupFunc = func(ctx context.Context, host string) ([]string, error) {
			found, err := lookup(ctx, host)
			found = append([]string(nil), found...)
			rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
			return found, err
		}
	}
	return nil
}

// attempts are all hosts with their ports, those that are tried with and without TLS in one.
func attempts(c *pgx.ConnConfig) [][]*pgconn.FallbackConfig {
	all := [][]*pgconn.FallbackConfig{{{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}}}
	for _, f := range c.Fallbacks {
		last := all[len(all)-1]
		if before := last[0]; len(last) == 1 && before.Host == f.Host && before.Port == f.Port && (before.TLSConfig == nil) != (f.TLSConfig == nil) {
			all[len(all)-1] = append(last, f)
			continue
		}
		all = append(all, []*pgconn.FallbackConfig{f})
	}
	return all
}

func hostsOf(c *pgx.ConnConfig) []string {
	var hosts []string
	for _, a := range attempts(c) {
		hosts = append(hosts, a[0].Host)
	}
	return hosts
}

// Shuffle changes the order in which hosts are tried (load_balance_hosts=random).
func Shuffle(c *pgx.ConnConfig) {
	all := attempts(c)
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	first := all[0][0]
	c.Host, c.Port, c.TLSConfig, c.Fallbacks = first.Host, first.Port, first.TLSConfig, nil
	for i, a := range all {
		if i == 0 {
			a = a[1:]
		}
		c.Fallbacks = append(c.Fallbacks, a...)
	}
}
