package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the oldest major version of PostgreSQL that is used.
const MinMajor = 14

// ErrNotFound reports that no suitable PostgreSQL is installed.
var ErrNotFound = errors.New("no PostgreSQL 14 or newer is installed")

// Binaries are the programs of one PostgreSQL.
type Binaries struct {
	Dir     string // holds initdb and postgres
	Version string // as the programs print it: 15.13, 18beta1
	Major   int    // 15
}

// Find finds the server programs of a PostgreSQL of version [MinMajor] or newer. If binDir is given, or else the
// environment variable PG_BIN, only that folder is looked at. Otherwise they are searched on the PATH, then, newest
// first, where Debian, Red Hat, Homebrew and Postgres.app put them. For root they must also be usable by the account
// that will run them. The error is [ErrNotFound] if none is installed.
func Find(ctx context.Context, binDir string) (Binaries, error) {
	acc, err := serverAccount("")
	if err != nil {
		return Binaries{}, err
	}
	return find(ctx, binDir, acc)
}

func find(ctx context.Context, binDir string, acc *account) (Binaries, error) {
	if binDir != "" {
		return inspect(ctx, binDir, acc)
	}
	if dir := os.Getenv("PG_BIN"); dir != "" {
		b, err := inspect(ctx, dir, acc)
		if err != nil {
			return b, fmt.Errorf("%w (the folder is named by PG_BIN)", err)
		}
		return b, nil
	}
	for _, dir := range append(onPath(os.Getenv("PATH")), installed("/")...) {
		if b, err := inspect(ctx, dir, acc); err == nil {
			return b, nil
		}
		if err := ctx.Err(); err != nil {
			return Binaries{}, fmt.Errorf("embedpg: find PostgreSQL: %w", err)
		}
	}
	return Binaries{}, fmt.Errorf("embedpg: %w", ErrNotFound)
}

// onPath lists the folders of the PATH that hold the server, links resolved: Homebrew links single programs, and
// PostgreSQL finds its other files next to the real ones.
func onPath(path string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(path) {
		real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err == nil && filepath.IsAbs(real) {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return dirs
}

// installed lists the folders below root where packages put PostgreSQL, newest version first.
func installed(root string) []string {
	var dirs []string
	for _, pattern := range []string{
		"usr/lib/postgresql/*/bin",
		"usr/pgsql-*/bin",
		"usr/local/pgsql/bin",
		"opt/homebrew/opt/postgresql*/bin",
		"usr/local/opt/postgresql*/bin",
		"home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
		"Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		// The only error of Glob is a malformed pattern.
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		dirs = append(dirs, found...)
	}
	sort.SliceStable(dirs, func(i, j int) bool { return folderVersion(dirs[i]) > folderVersion(dirs[j]) })
	return dirs
}

var digits = regexp.MustCompile(`\d+(\.\d+)?$`)

// folderVersion is the version in the name of the folder above bin: 15 in /usr/lib/postgresql/15/bin; 0 if there is none.
func folderVersion(dir string) float64 {
	v, err := strconv.ParseFloat(digits.FindString(filepath.Base(filepath.Dir(dir))), 64)
	if err != nil {
		return 0
	}
	return v
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect asks the programs in dir for their version, as the account, which proves that the account can run them.
func inspect(ctx context.Context, dir string, acc *account) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("embedpg: resolve %s: %w", dir, err)
	}
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return Binaries{}, fmt.Errorf("embedpg: %s holds no PostgreSQL server programs: %w", dir, err)
		}
	}
	if !acc.reaches(dir) {
		return Binaries{}, fmt.Errorf("embedpg: the account %s, which runs PostgreSQL for root, cannot enter %s", acc.name, dir)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.SysProcAttr = acc.attr()
	cmd.Dir = "/"
	cmd.Env = environ()
	out, err := cmd.Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("embedpg: run %s --version: %w", cmd.Path, err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binaries{}, fmt.Errorf("embedpg: %s --version printed no PostgreSQL version: %q", cmd.Path, strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[2])
	if err != nil {
		return Binaries{}, fmt.Errorf("embedpg: read version of %s: %w", cmd.Path, err)
	}
	if major < MinMajor {
		return Binaries{}, fmt.Errorf("embedpg: %s is PostgreSQL %s; %d or newer is needed", dir, m[1], MinMajor)
	}
	return Binaries{Dir: dir, Version: m[1], Major: major}, nil
}

// environ is the environment of PostgreSQL's programs: the caller's without what would change their behaviour.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "LANGUAGE" || name == "TZ" {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "LC_ALL=C", "TZ=UTC")
}
