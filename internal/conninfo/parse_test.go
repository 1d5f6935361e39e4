package conninfo_test

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/conninfo"
	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestParameters has every key word of PostgreSQL's manual (18, 32.1.2), and what becomes of it: "" for what a connection can be
// made with, else a part of the error.
func TestParameters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ parameter, refused string }{
		{"host=localhost", ""},
		{"hostaddr=127.0.0.1", ""},
		{"hostaddr=elsewhere", "is no IP address"},
		{"hostaddr=127.0.0.1,127.0.0.2", "2 addresses do not match 1 hosts"},
		{"port=5432", ""},
		{"dbname=app", ""},
		{"user=someone", ""},
		{"password=secret", ""},
		{"passfile=/nowhere", ""},
		{"require_auth=scram-sha-256", ""},
		{"channel_binding=disable", ""},
		{"channel_binding=require", ""},
		{"connect_timeout=3", ""},
		{"client_encoding=auto", ""},
		{"client_encoding=latin1", ""},
		{"options='-c geqo=off'", ""},
		{"application_name=a", ""},
		{"fallback_application_name=b", ""},
		{"keepalives=0", ""},
		{"keepalives=off", "is no whole number"},
		{"keepalives_idle=30", ""},
		{"keepalives_interval=10", ""},
		{"keepalives_count=4", ""},
		{"tcp_user_timeout=30000", ""},
		{"tcp_user_timeout=30s", "is no whole number"},
		{"replication=off", ""},
		{"replication=database", "replication"},
		{"gssencmode=disable", ""},
		{"gssencmode=prefer", ""},
		{"gssencmode=require", "GSSAPI"},
		{"sslmode=disable", ""},
		{"sslmode=prefer", ""},
		{"sslmode=bad", "sslmode"},
		{"requiressl=0", ""},
		{"requiressl=yes", "is none of 0, 1"},
		{"sslnegotiation=postgres", ""},
		{"sslcompression=1", ""},
		{"sslcert=''", ""},
		{"sslkey=''", ""},
		{"sslkeylogfile=/keys", "not supported"},
		{"sslpassword=secret", ""},
		{"sslcertmode=disable", ""},
		{"sslrootcert=''", ""},
		{"sslcrl=/list", "revoked"},
		{"sslcrldir=/lists", "revoked"},
		{"sslsni=0", ""},
		{"requirepeer=postgres", "not supported"},
		{"ssl_min_protocol_version=TLSv1.3", ""},
		{"ssl_min_protocol_version=SSLv3", "is none of"},
		{"ssl_max_protocol_version=TLSv1.2", ""},
		{"ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2", "above"},
		{"min_protocol_version=3.0", ""},
		{"max_protocol_version=3.0", ""},
		{"krbsrvname=postgres", ""},
		{"gsslib=gssapi", ""},
		{"gssdelegation=0", ""},
		{"gssdelegation=1", "not supported"},
		{"scram_client_key=a", "not supported"},
		{"scram_server_key=a", "not supported"},
		{"servicefile=/nowhere", ""},
		{"target_session_attrs=any", ""},
		{"load_balance_hosts=random", ""},
		{"load_balance_hosts=disable", ""},
		{"load_balance_hosts=often", "is none of disable, random"},
		{"oauth_issuer=https://example.com", "OAuth"},
		{"oauth_client_id=a", "OAuth"},
		{"oauth_client_secret=a", "OAuth"},
		{"oauth_scope=a", "OAuth"},
		{"tty=", ""},
		{"authtype=", ""},
	} {
		for _, form := range []string{"host=localhost " + test.parameter, uri("localhost", test.parameter)} {
			c, err := conninfo.Parse(form)
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("%s: got %v, want an error with %q", form, err, test.refused)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", form, err)
				continue
			}
			for name := range c.RuntimeParams {
				if !slices.Contains([]string{"application_name", "client_encoding", "options"}, name) {
					t.Errorf("%s: %s is sent as a setting", form, name)
				}
			}
		}
	}
}

// uri is a URI with parameters in the form name=value name=value.
func uri(host, parameters string) string {
	replaced := strings.NewReplacer(" -c", "%20-c", "'-c geqo=off'", "-c%20geqo%3Doff", "'", "", " ", "&").Replace(parameters)
	return "postgres://" + host + "/?" + replaced
}

// TestConnects makes a connection with all that is passed over.
func TestConnects(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	base := db.URI("postgres")
	all := "gssencmode=disable&keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=5000" +
		"&sslcompression=0&ssl_min_protocol_version=TLSv1.2&load_balance_hosts=random&client_encoding=latin1&replication=off" +
		"&fallback_application_name=mine&gsslib=gssapi&pool_max_conns=3"
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	c, err := conninfo.Parse(base + separator + all)
	if err != nil {
		t.Fatal(err)
	}
	conninfo.Shuffle(c.ConnConfig)
	conn, err := pgx.ConnectConfig(t.Context(), c.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var name, encoding string
	if err := conn.QueryRow(t.Context(), "select current_setting('application_name'), current_setting('client_encoding')").
		Scan(&name, &encoding); err != nil {
		t.Fatal(err)
	}
	if name != "mine" || encoding != "UTF8" {
		t.Errorf("application_name is %q and client_encoding %q, want mine and UTF8", name, encoding)
	}
}

func TestHostaddr(t *testing.T) {
	t.Parallel()
	c, err := conninfo.Parse("host=a.invalid,b.invalid hostaddr=192.0.2.1,2001:db8::1 sslmode=verify-full")
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{"a.invalid": "192.0.2.1", "b.invalid": "2001:db8::1"} {
		if got, err := c.LookupFunc(t.Context(), host); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %v, %v, want %s", host, got, err, want)
		}
	}
	if c.TLSConfig.ServerName != "a.invalid" {
		t.Errorf("the certificate is to be of %q, want of the name", c.TLSConfig.ServerName)
	}
	// Without a name, or with the folder of a socket as one, the address is the host: TLS counts.
	for _, conn := range []string{"host=/tmp hostaddr=192.0.2.1 sslmode=require", "postgres:///app?hostaddr=192.0.2.1&host=/tmp&sslmode=require"} {
		if c, err = conninfo.Parse(conn); err != nil || c.Host != "192.0.2.1" || c.TLSConfig == nil {
			t.Errorf("%s: got %v, %v, want 192.0.2.1 by TLS", conn, c, err)
		}
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	c, err := conninfo.Parse("host=a,b sslmode=prefer ssl_min_protocol_version=tlsv1.3 ssl_max_protocol_version=TLSv1.3")
	if err != nil {
		t.Fatal(err)
	}
	if c.TLSConfig.MinVersion != tls.VersionTLS13 || c.Fallbacks[1].TLSConfig.MaxVersion != tls.VersionTLS13 {
		t.Errorf("got %d to %d, want TLS 1.3 only", c.TLSConfig.MinVersion, c.Fallbacks[1].TLSConfig.MaxVersion)
	}
	if c, err = conninfo.Parse("host=a requiressl=1"); err != nil || c.TLSConfig == nil || len(c.Fallbacks) != 0 {
		t.Errorf("requiressl=1: got %v, %v, want nothing but TLS", c, err)
	}
	for _, conn := range []string{"host=/tmp sslmode=bad", "postgres:///app?host=/tmp&sslmode=bad"} {
		if _, err := conninfo.Parse(conn); err == nil || !strings.Contains(err.Error(), "sslmode") {
			t.Errorf("%s: got %v, want an error about sslmode", conn, err)
		}
	}
}

// TestShuffle keeps the attempts with and without TLS at a host together.
func TestShuffle(t *testing.T) {
	t.Parallel()
	c, err := conninfo.Parse("host=a,b,a sslmode=prefer load_balance_hosts=random")
	if err != nil || !c.Shuffle {
		t.Fatal(c, err)
	}
	first := map[string]bool{}
	for range 100 {
		next := c.ConnConfig.Copy()
		conninfo.Shuffle(next)
		first[next.Host] = true
		if len(next.Fallbacks) != 5 || next.TLSConfig == nil || next.Fallbacks[0].TLSConfig != nil || next.Fallbacks[0].Host != next.Host {
			t.Fatalf("%s with TLS %v, then %+v", next.Host, next.TLSConfig != nil, next.Fallbacks[0])
		}
	}
	if len(first) != 2 {
		t.Errorf("first are %v, want each now and then", first)
	}
}

// TestEnvironment is not parallel, since it sets variables.
func TestEnvironment(t *testing.T) {
	t.Setenv("PGREQUIREPEER", "postgres")
	if _, err := conninfo.Parse("host=/tmp"); err == nil || !strings.Contains(err.Error(), "requirepeer") {
		t.Errorf("got %v, want an error about requirepeer", err)
	}
	if _, err := conninfo.Parse("host=/tmp requirepeer=''"); err != nil {
		t.Errorf("the string goes before the environment: %v", err)
	}
}
