package server

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// errorsPage reads the tables of docs/errors.md: from a code to the statuses that it can have.
func errorsPage(t *testing.T) (codes, sqlStates map[string][]int) {
	t.Helper()
	page, err := os.ReadFile("../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	codes, sqlStates = map[string][]int{}, map[string][]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([0-9A-Z]+)` \\| ([0-9, ]+) \\|").FindAllStringSubmatch(string(page), -1) {
		into := sqlStates
		if len(m[1]) > 5 {
			into = codes
		}
		if into[m[1]] != nil {
			t.Errorf("%s is listed twice", m[1])
		}
		for s := range strings.SplitSeq(m[2], ",") {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err != nil {
				t.Fatal(err)
			}
			into[m[1]] = append(into[m[1]], n)
		}
	}
	return codes, sqlStates
}

// sourceCodes finds the codes that the source has as constants.
func sourceCodes(t *testing.T) []string {
	t.Helper()
	var found []string
	pattern := regexp.MustCompile(`"((?:PGRST|PSTRN)[0-9X]{3})"`)
	for _, dir := range []string{".", "../sql"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
				found = append(found, m[1])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestErrorsPage checks that the reference lists every code with the statuses of the tables, and no others.
func TestErrorsPage(t *testing.T) {
	t.Parallel()
	codes, states := errorsPage(t)
	source := sourceCodes(t)
	if len(source) < 40 {
		t.Fatalf("only %d codes are found in the source", len(source))
	}
	for _, code := range source {
		if codes[code] == nil {
			t.Errorf("docs/errors.md does not list %s", code)
		}
		if status, ok := statuses[code]; ok && !slices.Contains(codes[code], status) {
			t.Errorf("%s: docs/errors.md says %v, the table %d", code, codes[code], status)
		}
	}
	for code := range codes {
		if !slices.Contains(source, code) {
			t.Errorf("docs/errors.md lists %s, which nothing has", code)
		}
	}
	for state, status := range sqlStates {
		if !slices.Equal(states[state], []int{status}) {
			t.Errorf("SQLSTATE %s: docs/errors.md says %v, the table %d", state, states[state], status)
		}
	}
	for state, listed := range states {
		if _, ok := sqlStates[state]; !ok {
			t.Errorf("SQLSTATE %s: docs/errors.md says %v, the table nothing", state, listed)
		}
	}
	for code, listed := range codes { // those of the query language that no table has are bad requests
		if _, ok := statuses[code]; !ok && strings.HasPrefix(code, "PGRST1") && !slices.Contains(listed, http.StatusBadRequest) {
			t.Errorf("%s: docs/errors.md says %v, it is 400", code, listed)
		}
	}
}
