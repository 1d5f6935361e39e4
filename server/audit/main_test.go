package audit_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/audit"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// buffer is a writer that keeps what it is given; its methods are safe for concurrent use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// open opens a log that is closed, without lines lost, when the test ends. What it logs is kept.
func open(t *testing.T, cfg audit.Config) (*audit.Log, *buffer) {
	t.Helper()
	events := &buffer{}
	cfg.Logger = logger(events)
	l, err := audit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l, events
}

func logger(events *buffer) *slog.Logger { return slog.New(slog.NewTextHandler(events, nil)) }

// await waits until ok.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// full is an entry with something in each field.
func full() *audit.Entry {
	return &audit.Entry{
		Time:      time.Date(2026, 3, 1, 13, 0, 0, 120_345_678, time.FixedZone("", 3600)),
		RequestID: "0b8c", Subject: "ann", Issuer: "https://id.example.org/", TokenID: "t-1", Role: "web_user",
		Action: "read", Schema: "api", Resource: "message", Filters: []string{"room_id", "sent"},
		Rows: 25, Status: 200, Code: "PGRST116", Duration: 3_042_999 * time.Nanosecond, Remote: "192.0.2.7",
	}
}
