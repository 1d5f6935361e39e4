package sql_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/postern-db/postern/sql"
)

// TestNestingWithoutLimits checks that no request can use up the program's stack where the operator sets no limit.
func TestNestingWithoutLimits(t *testing.T) {
	t.Parallel()
	const deep = 8 << 20
	opt := &sql.Options{Schemas: []string{"public"}}
	for name, c := range map[string]struct {
		source sql.Source
		want   string // in the details
	}{
		"JSON body": {
			sql.Source{Method: http.MethodPost, Path: "/films", Body: []byte(`{"a":` + strings.Repeat("[", deep))},
			"50000 levels",
		},
		"logic": {
			sql.Source{Method: http.MethodGet, Path: "/films", RawQuery: "or=(" + strings.Repeat("or(", deep)},
			"50000 levels",
		},
		"select": {
			sql.Source{Method: http.MethodGet, Path: "/films", RawQuery: "select=" + strings.Repeat("a(", deep)},
			"50000 levels",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sql.Parse(&c.source, opt)
			if err == nil || !strings.Contains(err.Details, c.want) {
				t.Errorf("got %+v, want details with %q", err, c.want)
			}
		})
	}
}
