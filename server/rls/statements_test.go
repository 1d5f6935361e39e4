package rls_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/rls"
)

// TestLongStatements: clients that ask for much in many ways must not fill the memory of PostgreSQL with what is prepared for them.
func TestLongStatements(t *testing.T) {
	t.Parallel()
	p, _ := newPool(t, rls.Config{MaxConnections: 1, StatementCacheSize: 64})
	for _, size := range []int{7 << 10, 60 << 10} {
		for i := range 40 {
			want := fmt.Sprintf("[%d]", i)
			for range 2 {
				if got := mustRead(t, p, as("rls_ann", fmt.Sprintf("select %d /* %s */", i, strings.Repeat("x", size)))); got != want {
					t.Fatalf("got %s, want %s", got, want)
				}
			}
		}
	}
	mustRead(t, p, as("rls_ann", "select 1")) // closes what was given up before
	got := mustRead(t, p, as("rls_ann", "select count(*) > 5, sum(length(statement)) <= 64 * 1024, max(length(statement)) <= 8192 from pg_prepared_statements"))
	if got != "[t t t]" {
		t.Errorf("some are prepared, not too many, none too long: got %s", got)
	}
}
