// Package npmtest gives tests the npm packages of a lock file, installed once and kept in the user's cache.
package npmtest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Install returns a folder that holds package.json, package-lock.json and the node_modules that they name. dir has the two files.
// Without npm, or where the packages cannot be had, the test is skipped, unless CI=true: then it fails.
func Install(t testing.TB, dir string) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, fmt.Errorf("%s is needed: %w", program, err))
		}
	}
	installed, err := install(t, dir)
	if err != nil {
		missing(t, err)
	}
	return installed
}

func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skipf("needs npm and its packages: %v", err)
}

var files = []string{"package.json", "package-lock.json"}

func install(t testing.TB, dir string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	contents := map[string][]byte{}
	for _, name := range files {
		if contents[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return "", err
		}
		sum.Write(contents[name])
	}
	parent := filepath.Join(cache, "postern-test")
	target := filepath.Join(parent, "npm-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(target); err == nil {
		return target, nil
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	// Several tests may install at the same time: each in a folder of its own, of which the first becomes the target.
	work, err := os.MkdirTemp(parent, "installing-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(work, name), content, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = work
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %s", err, output)
	}
	if err := os.Rename(work, target); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(target); there != nil {
			return "", err
		}
	}
	return target, nil
}
