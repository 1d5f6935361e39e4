package rls_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/server/rls"
)

// cancelRequestCode is what a connection begins with that only cancels (PostgreSQL manual, 55.7 Message Formats, CancelRequest).
const cancelRequestCode = 80877102

// forward passes connections on to the server of a connection string, requests to cancel only after a while, as a busy server
// would take them. Once frozen is set nothing reaches the server any more, nor does anybody learn of it. It returns a connection string.
func forward(t *testing.T, uri string, late time.Duration, frozen *atomic.Bool) string {
	t.Helper()
	target, err := pgconn.ParseConfig(uri)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	serve := func(client net.Conn) {
		defer client.Close()
		head := make([]byte, 8)
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		if binary.BigEndian.Uint32(head[4:]) == cancelRequestCode {
			time.Sleep(late)
		}
		network, address := pgconn.NetworkAddress(target.Host, target.Port)
		server, err := net.Dial(network, address)
		if err != nil {
			return
		}
		defer server.Close()
		if _, err := server.Write(head); err != nil {
			return
		}
		go func() {
			defer server.Close()
			for buffer := make([]byte, 1<<10); ; {
				n, err := client.Read(buffer)
				if err != nil {
					return
				}
				if frozen.Load() {
					continue
				}
				if _, err := server.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
		_, _ = io.Copy(client, server)
	}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go serve(client)
		}
	}()
	port := l.Addr().(*net.TCPAddr).Port
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=%s sslmode=disable", port, target.User, target.Database)
}

// TestLateCancel: a request to cancel that the server takes late must not meet the next caller's statement.
func TestLateCancel(t *testing.T) {
	t.Parallel()
	for name, hangUp := range map[string]func(*testing.T, *rls.Pool){
		"the caller is gone, and the statement ends by itself": func(t *testing.T, p *rls.Pool) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(100*time.Millisecond, cancel)
			_, _, err := read(ctx, p, as("rls_ann", "select pg_sleep(0.2)"))
			if err != nil && !errors.Is(err, context.Canceled) && sqlState(err) != "57014" {
				t.Errorf("got %v", err)
			}
		},
		"the rows are no longer wanted": func(t *testing.T, p *rls.Pool) {
			unwanted := errors.New("unwanted")
			_, err := p.Run(t.Context(), as("rls_ann", "select 1"), func(*rls.Rows) error { return unwanted })
			if !errors.Is(err, unwanted) {
				t.Errorf("got %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, db := newPool(t, rls.Config{})
			p, err := rls.New(t.Context(), rls.Config{URI: forward(t, db.URI("rls_login"), 500*time.Millisecond, new(atomic.Bool)), MaxConnections: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.Close)
			mustRead(t, p, as("rls_ann", "select 1"))
			hangUp(t, p)
			mustRead(t, p, as("rls_ben", "select pg_sleep(1)"))
		})
	}
}

// TestPingOfAFrozenServer: a server that has gone without a word keeps nobody waiting.
func TestPingOfAFrozenServer(t *testing.T) {
	t.Parallel()
	_, db := newPool(t, rls.Config{})
	var frozen atomic.Bool
	p, err := rls.New(t.Context(), rls.Config{URI: forward(t, db.URI("rls_login"), 0, &frozen), MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	frozen.Store(true)
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := p.Ping(ctx); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	if p.Busy() {
		t.Error("a connection that is given up counts as in use")
	}
	frozen.Store(false)
	if err := p.Ping(t.Context()); err != nil {
		t.Errorf("of a server that is back: %v", err)
	}
}
