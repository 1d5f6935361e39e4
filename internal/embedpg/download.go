package embedpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	downloadVersion = embeddedpostgres.V18
	mavenCentral    = "https://repo1.maven.org/maven2"
)

// installAdvice ends every error about a download that failed.
const installAdvice = "install PostgreSQL 14 or newer (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql@18), " +
	"or name the folder that holds initdb and postgres in the environment variable PG_BIN"

// download returns the programs in the cache, after downloading them if they are not there. Several processes may call it at
// once: one downloads, the others wait.
func download(ctx context.Context, cfg Config, acc *account) (Binaries, error) {
	cache, err := cfg.cacheDir(acc)
	if err != nil {
		return Binaries{}, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("embedpg: make cache folder: %w", err)
	}
	unlock, err := lockFile(filepath.Join(cache, "download.lock"))
	if err != nil {
		return Binaries{}, fmt.Errorf("embedpg: lock cache folder: %w", err)
	}
	defer unlock()

	home := filepath.Join(cache, "postgresql-"+string(downloadVersion))
	if _, err := os.Stat(home); errors.Is(err, os.ErrNotExist) {
		if err := fetch(ctx, cfg, cache, home); err != nil {
			return Binaries{}, fmt.Errorf("embedpg: %w, and downloading it failed: %w; %s", ErrNotFound, err, installAdvice)
		}
	}
	return inspect(ctx, filepath.Join(home, "bin"), acc)
}

// fetch has the library download and unpack PostgreSQL into a temporary folder, which becomes home when it is complete.
func fetch(ctx context.Context, cfg Config, cache, home string) error {
	temp, err := os.MkdirTemp(cache, "download-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()

	repository := cfg.Repository
	if repository == "" {
		repository = mavenCentral
	}
	relay, err := startRelay(ctx, strings.TrimSuffix(repository, "/"), func(percent int) {
		cfg.Progress(fmt.Sprintf("downloading PostgreSQL %s, %d %%", downloadVersion, percent))
	})
	if err != nil {
		return err
	}
	unpacked := filepath.Join(temp, "postgresql")
	libErr := runLibrary(temp, unpacked, relay.url())
	if err := relay.close(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(unpacked, "bin", "postgres")); err != nil {
		return libErr
	}
	return os.Rename(unpacked, home)
}

// runLibrary drives the library through its download and no further: it can only download and start in one, and
// would start as root. The data folder it is given looks initialised, but is not, so its start fails, always.
func runLibrary(temp, unpacked, repository string) error {
	data := filepath.Join(temp, "data")
	major, _, _ := strings.Cut(string(downloadVersion), ".")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(major), 0o600); err != nil {
		return err
	}
	defer removeLibraryLogs(libraryLogs())
	err := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(downloadVersion).
		Port(0).
		BinaryRepositoryURL(repository).
		CachePath(filepath.Join(temp, "archive")).
		RuntimePath(filepath.Join(temp, "run")).
		BinariesPath(unpacked).
		DataPath(data).
		Logger(io.Discard)).Start()
	if err == nil {
		return errors.New("the library started a server on an empty data folder")
	}
	return err
}

// libraryLogs are the log files that the library makes in the temporary folder and forgets.
func libraryLogs() map[string]bool {
	// The only error of Glob is a malformed pattern.
	paths, _ := filepath.Glob(filepath.Join(os.TempDir(), "embedded_postgres_log*"))
	logs := make(map[string]bool, len(paths))
	for _, path := range paths {
		logs[path] = true
	}
	return logs
}

// removeLibraryLogs removes this user's log files that were not there before.
func removeLibraryLogs(before map[string]bool) {
	for path := range libraryLogs() {
		info, err := os.Lstat(path)
		if err != nil || before[path] || !info.Mode().IsRegular() {
			continue
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) == os.Geteuid() {
			_ = os.Remove(path)
		}
	}
}

func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}
