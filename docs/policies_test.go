package docs_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/explain"
	"github.com/postern-db/postern/internal/mdtest"
	"github.com/postern-db/postern/internal/pgtest"
)

// The page on policies does what it says.
func TestPoliciesPage(t *testing.T) {
	t.Parallel()
	server := pgtest.StartServer(t, nil) // its migrations make and drop roles
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(t.TempDir(), "notes")
	mdtest.Run(t, "policies.md", mdtest.Options{
		Dir: root, Env: []string{"DATABASE_URL=" + server.URI("postgres", "postgres")}, Replace: []string{"/tmp/notes", work},
	})
	if _, err := os.Stat(filepath.Join(work, "report.xml")); err != nil {
		t.Error(err)
	}
}

// The page names all fields of an explanation and no others.
func TestExplanationFields(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("policies.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Fields of an explanation\n")
	section, _, _ = strings.Cut(section, "\n## ")
	tables := strings.Split(section, "| field | is |")[1:]
	for i, of := range []any{explain.Explanation{}, explain.Relation{}, explain.Policy{}} {
		if i >= len(tables) {
			t.Fatalf("there are %d tables", len(tables))
		}
		var said []string
		for _, line := range strings.Split(tables[i], "\n") {
			if first, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
				for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(first, -1) {
					said = append(said, m[1])
				}
			}
		}
		if fields := jsonFields(of); !slices.Equal(slices.Sorted(slices.Values(said)), fields) {
			t.Errorf("%T: the page has %q, and there are %q", of, said, fields)
		}
	}
	for _, of := range []any{explain.Error{}, explain.Grant{}} {
		for _, name := range jsonFields(of) {
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("%T: the page has no %s", of, name)
			}
		}
	}
}

func jsonFields(of any) []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
