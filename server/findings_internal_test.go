package server

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
)

// TestFindingsAtShutdown ends a server while it looks for what is unsafe, which is nothing to warn of.
func TestFindingsAtShutdown(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t).URI("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var log bytes.Buffer
	s := &Server{logger: slog.New(slog.NewTextHandler(&log, nil))}
	ended, end := context.WithCancel(t.Context())
	end()
	s.warnUnsafe(ended, conn, &config.Config{}, schema.New(&schema.Definition{ServerVersion: 180004}))
	if log.Len() > 0 {
		t.Errorf("it logs %s", &log)
	}
}

// TestKnownHoles checks the last release with each hole and the first without.
func TestKnownHoles(t *testing.T) {
	t.Parallel()
	for version, want := range map[int]int{
		130099: 0, 140007: 4, 140008: 3, 140013: 3, 140014: 1, 140018: 1, 140019: 0, 150002: 4, 150003: 3, 150008: 3, 150009: 1, 150013: 1, 150014: 0,
		160004: 3, 160005: 1, 160009: 1, 160010: 0, 170000: 3, 170001: 1, 170005: 1, 170006: 0, 180000: 0, 190000: 0,
	} {
		if got := knownHoles(version); len(got) != want {
			t.Errorf("%d has %v, want %d", version, got, want)
		}
	}
	if got := knownHoles(150013); !slices.Equal(got, []string{"CVE-2025-8713 (mended in 15.14)"}) {
		t.Errorf("got %v", got)
	}
}
