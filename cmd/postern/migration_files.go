package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// maxMigrations is far beyond what a folder holds, and keeps a file called 2026_01_02.sql from being the two-thousandth.
const maxMigrations = 9999

// migrationNames finds the files of the form 001_name.sql, in the order of their numbers, which must be 1, 2, 3 and so on. Other
// files are not migrations.
func migrationNames(files fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read the folder of migrations: %w", err)
	}
	pattern := regexp.MustCompile(`\A(\d+)_.+\.sql\z`)
	byNumber := map[int]string{}
	for _, entry := range entries {
		match := pattern.FindStringSubmatch(entry.Name())
		if match == nil || entry.IsDir() {
			continue
		}
		n, err := strconv.Atoi(match[1])
		if err != nil || n < 1 || n > maxMigrations {
			return nil, fmt.Errorf("%s: its number is not between 1 and %d", entry.Name(), maxMigrations)
		}
		if other, ok := byNumber[n]; ok {
			return nil, fmt.Errorf("%s and %s have the same number", other, entry.Name())
		}
		byNumber[n] = entry.Name()
	}
	if len(byNumber) == 0 {
		return nil, errNoMigrations
	}
	names := make([]string, len(byNumber))
	for n, name := range byNumber {
		if n > len(names) {
			return nil, fmt.Errorf("there is %s, but the numbers from 1 to %d are not all there", name, n)
		}
		names[n-1] = name
	}
	return names, nil
}

// errNoMigrations is a folder without a single migration.
var errNoMigrations = errors.New("there are no migrations in the folder; they are called 001_name.sql, 002_name.sql and so on")

const migrationTemplate = `-- What this migration does, and why.

---- create above / drop below ----

-- What undoes it. If nothing can, remove this and the line above.
`

// writeMigration makes the next numbered file in dir, with that text, and dir where it is missing. It returns the file's path.
func writeMigration(dir, name, text string) (string, error) {
	name = strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "_"), "_")
	if name == "" {
		return "", usageError{errors.New("the name of a migration has at least one letter or digit")}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of migrations: %w", err)
	}
	names, err := migrationNames(os.DirFS(dir))
	if err != nil && !errors.Is(err, errNoMigrations) {
		return "", fmt.Errorf("%s: %w", dir, err)
	}
	file := filepath.Join(dir, fmt.Sprintf("%03d_%s.sql", len(names)+1, name))
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", fmt.Errorf("make the migration: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("write the migration: %w", err)
	}
	return file, nil
}
