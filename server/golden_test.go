package server_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the responses into testdata/*.txtar")

// TestGolden sends the requests of testdata/*.txtar, one file a feature, and compares the responses; goldenCase describes
// the format. Each file has a database of its own with the library of testdata/schema, and its cases run in their order. A case that
// writes has its rows reset afterwards, so every case begins with the rows of 7_reset.sql.
//
// A section named config holds lines of a configuration file for the cases after it, up to the next such section.
// Headers that the file's comment lists after "show:" are shown, though they are not by default.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runGolden(t, file)
		})
	}
}

func runGolden(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, show, _ := strings.Cut(string(archive.Comment), "show:")
	db := newLibrary(t)
	var handler http.Handler
	for i := range archive.Files {
		section := &archive.Files[i]
		if section.Name == "config" {
			handler = newServer(t, db, string(section.Data))
			continue
		}
		if handler == nil {
			handler = newServer(t, db, "")
		}
		t.Run(section.Name, func(t *testing.T) {
			exchanges, err := parseCase(string(section.Data))
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			wrote := false
			for _, e := range exchanges {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, e.httpRequest(t))
				checkFrame(t, e, w)
				e.response = formatResponse(w, strings.Fields(show))
				out.WriteString(e.String())
				wrote = wrote || e.method != http.MethodGet && e.method != http.MethodHead && e.method != http.MethodOptions
			}
			if wrote {
				db.Exec(t, "select private.reset()")
			}
			if *update {
				section.Data = []byte(out.String())
				return
			}
			if want := string(section.Data); out.String() != want {
				t.Errorf("want\n%s\ngot\n%s", want, out.String())
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
