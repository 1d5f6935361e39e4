package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/mdtest"
)

// The repository's README does what it says.
func TestReadme(t *testing.T) {
	t.Parallel()
	port := mdtest.FreePort(t)
	root := filepath.Join("..", "..")
	mdtest.Run(t, filepath.Join(root, "README.md"), mdtest.Options{
		Dir:     root,
		Replace: []string{"postern demo", "postern demo --port " + port, "3000", port},
	})
}

// Every file that the documents of the repository's root link to is there.
func TestLinks(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range strings.Split(string(text), "](")[1:] {
			target, _, _ := strings.Cut(link, ")")
			if strings.Contains(target, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
