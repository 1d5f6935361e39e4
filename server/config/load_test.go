package config_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/postern-db/postern/server/config"
)

// TestLoad runs testdata/load. A case holds its input, postern.conf, env and
// database, and what it expects: either error, or set (every parameter that is
// not at its default, and its origin), warnings and unknown. All other parts are
// files beside postern.conf. DIR stands for the directory they are in.
func TestLoad(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			runLoadCase(t, archive)
		})
	}
}

func runLoadCase(t *testing.T, archive *txtar.Archive) {
	dir := t.TempDir()
	in := config.Input{Environ: []string{"DIR=" + dir}, Database: map[string]string{}}
	want := map[string]string{}
	for _, file := range archive.Files {
		text := string(file.Data)
		switch file.Name {
		case "env":
			in.Environ = append(in.Environ, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
		case "database":
			for line := range strings.Lines(text) {
				key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				in.Database[key] = value
			}
		case "set", "error", "warnings", "unknown":
			want[file.Name] = text
		default:
			path := filepath.Join(dir, file.Name)
			writeFile(t, path, text)
			if file.Name == "postern.conf" {
				in.File = path
			}
		}
	}
	c, err := config.Load(in)
	got := map[string]string{}
	if err != nil {
		got["error"] = err.Error() + "\n"
	} else {
		got["set"] = changedLines(t, c)
		for _, warning := range c.Warnings {
			got["warnings"] += warning.Error() + "\n"
		}
		for _, u := range c.Unknown {
			got["unknown"] += u.String() + "\n"
		}
	}
	for _, part := range []string{"error", "set", "warnings", "unknown"} {
		if text := strings.ReplaceAll(got[part], dir, "DIR"); text != want[part] {
			t.Errorf("%s\ngot:\n%swant:\n%s", part, text, want[part])
		}
	}
}

// changedLines gives the lines of the dump that a default configuration does not
// have, each with its origin.
func changedLines(t *testing.T, c *config.Config) string {
	defaults := map[string]bool{}
	for line := range strings.Lines(dump(t, load(t, config.Input{}))) {
		defaults[line] = true
	}
	var b strings.Builder
	for line := range strings.Lines(dump(t, c)) {
		if !defaults[line] {
			name, _, _ := strings.Cut(line, " ")
			fmt.Fprintf(&b, "%s <- %s\n", strings.TrimSuffix(line, "\n"), c.Origin(name))
		}
	}
	return b.String()
}

func load(t testing.TB, in config.Input) *config.Config {
	t.Helper()
	c, err := config.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func dump(t testing.TB, c *config.Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Dump(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
