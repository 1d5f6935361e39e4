// Package embedpg runs a private PostgreSQL: it finds or downloads the server's programs, initialises a data folder,
// starts the server and stops it again, also when its own process is killed.
//
// It stops only servers that it started, and removes only folders that it made.
package embedpg

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
)

// Config says which PostgreSQL to run and where. The zero value runs the newest installed one on a temporary folder.
type Config struct {
	// BinDir is the folder that holds initdb and postgres. Defaults to the first that [Find] finds; where there is
	// none, PostgreSQL is downloaded into CacheDir.
	BinDir string

	// DataDir keeps the databases between runs and is made if it does not exist. Defaults to a temporary folder,
	// which Stop removes and for which PostgreSQL trades durability for speed.
	DataDir string

	// Settings are server settings by name (PostgreSQL manual, chapter 19), which override postgresql.conf.
	// Those that make the server private (addresses, port, sockets, authentication) cannot be changed.
	Settings map[string]string

	// Progress is told each step of a start, one short line a call, from the goroutine that called Start or from
	// the one that downloads. Defaults to silence.
	Progress func(step string)

	// CacheDir is where downloaded programs are kept. Defaults to the folder postern in the user's cache, or
	// /var/cache/postern for root when the account that runs PostgreSQL cannot enter root's own.
	CacheDir string

	// Repository is the Maven repository that downloads come from. Defaults to Maven Central.
	Repository string
}

// settingName is what PostgreSQL accepts as the name of a setting; anything else could pass for another flag.
var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*$`)

func (c Config) withDefaults() (Config, error) {
	if c.Progress == nil {
		c.Progress = func(string) {}
	}
	if c.DataDir != "" {
		dir, err := filepath.Abs(c.DataDir)
		if err != nil {
			return c, fmt.Errorf("embedpg: resolve data folder: %w", err)
		}
		c.DataDir = dir
	}
	for name := range c.Settings {
		if !settingName.MatchString(name) {
			return c, fmt.Errorf("embedpg: %q is not the name of a PostgreSQL setting", name)
		}
	}
	return c, nil
}

// flags are the settings as arguments of postgres. Of two with one name the last counts, so the package's own come last.
func (c Config) flags(w *workDir, port int) []string {
	var flags []string
	set := func(name, value string) { flags = append(flags, "-c", name+"="+value) }

	set("max_connections", "100")
	set("timezone", "UTC")
	set("log_timezone", "UTC")
	if c.DataDir == "" {
		// A temporary folder never outlives its server, so a crash of the machine loses nothing.
		set("fsync", "off")
		set("synchronous_commit", "off")
		set("full_page_writes", "off")
	}
	names := make([]string, 0, len(c.Settings))
	for name := range c.Settings {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		set(name, c.Settings[name])
	}
	set("lc_messages", "C")
	set("logging_collector", "off")
	set("log_destination", "stderr")
	set("listen_addresses", "127.0.0.1")
	set("port", fmt.Sprint(port))
	set("unix_socket_directories", w.socketDir())
	set("unix_socket_permissions", "0700")
	set("hba_file", w.hbaFile())
	return flags
}

// cacheDir is where downloads go: a folder that the account can enter.
func (c Config) cacheDir(acc *account) (string, error) {
	if c.CacheDir != "" {
		return filepath.Abs(c.CacheDir)
	}
	base, err := os.UserCacheDir()
	if acc != nil && (err != nil || !acc.reaches(base)) {
		base, err = "/var/cache", nil
	}
	if err != nil {
		return "", fmt.Errorf("embedpg: find the user's cache folder: %w", err)
	}
	return filepath.Join(base, "postern"), nil
}
