package config

import (
	"fmt"
	"slices"
	"strings"
)

// UnknownKey is a key of the file, or a variable with one of the two prefixes,
// that is no parameter, or a setting of the database that is none it may have.
type UnknownKey struct {
	Key string
	// File and Line (from 1) say where the key stands. They are empty for others.
	File string
	Line int
	// Suggestion is the parameter, its variable or its setting that may have been meant. It
	// may be empty.
	Suggestion string
}

// String renders the key, its place and the suggestion in one line.
func (u UnknownKey) String() string {
	var b strings.Builder
	switch {
	case u.File != "":
		fmt.Fprintf(&b, "%s:%d: unknown key %q", u.File, u.Line, u.Key)
	case strings.HasPrefix(u.Key, settingPrefix):
		fmt.Fprintf(&b, "%q is no setting that the database may have", u.Key)
	default:
		fmt.Fprintf(&b, "unknown environment variable %q", u.Key)
	}
	if u.Suggestion != "" {
		fmt.Fprintf(&b, ", did you mean %q?", u.Suggestion)
	}
	return b.String()
}

// unknown finds what no parameter has asked for. A key that the file only uses
// in $(…) is unknown too, which does no harm.
func (l *loader) unknown(all []Parameter) []UnknownKey {
	var out []UnknownKey
	known := map[string]bool{}
	knownVariables := map[string]bool{}
	var names, variables []string
	for _, p := range all {
		for _, name := range p.names() {
			known[name] = true
			knownVariables[environmentName(name)] = true
			names = append(names, name)
			variables = append(variables, environmentName(name))
		}
	}
	for _, key := range sortedKeys(l.bindings) {
		if !known[key] && !isAppSetting(key) {
			b := l.bindings[key]
			// DB_POOL and db_pool are most likely meant as db-pool.
			word := strings.ToLower(strings.ReplaceAll(key, "_", "-"))
			out = append(out, UnknownKey{Key: key, File: b.file, Line: b.line, Suggestion: nearest(word, names)})
		}
	}
	for _, variable := range sortedKeys(l.environ) {
		for _, prefix := range []string{prefixPostern, prefixPostgREST} {
			name, ok := strings.CutPrefix(variable, prefix)
			if !ok || knownVariables[name] || strings.HasPrefix(name, appVariable) && name != appVariable {
				continue
			}
			u := UnknownKey{Key: variable}
			if near := nearest(name, variables); near != "" {
				u.Suggestion = prefix + near
			}
			out = append(out, u)
		}
	}
	return out
}

// unknownSettings finds what is set in the database though it is no parameter, or one that is set elsewhere.
func (l *loader) unknownSettings() []UnknownKey {
	var out []UnknownKey
	known, elsewhere := map[string]bool{}, map[string]bool{}
	var names []string
	for _, p := range Parameters() {
		name := settingName(p.Name)
		if known[name] = p.InDatabase; p.InDatabase {
			names = append(names, name)
		}
		elsewhere[name] = !p.InDatabase
	}
	for _, key := range sortedKeys(l.input.Database) {
		if known[key] {
			continue
		}
		u := UnknownKey{Key: settingPrefix + key}
		// pgrst.DB-MAX-ROWS is most likely meant as pgrst.db_max_rows, and so is its former name, max_rows.
		word := settingName(strings.ToLower(key))
		near := slices.IndexFunc(names, func(name string) bool { return name == word || strings.HasSuffix(name, "_"+word) })
		switch {
		case near >= 0:
			u.Suggestion = settingPrefix + names[near]
		case !elsewhere[word]:
			if name := nearest(word, names); name != "" {
				u.Suggestion = settingPrefix + name
			}
		}
		out = append(out, u)
	}
	return out
}

// refuseUnknownValues finds what the program sets and no parameter asks for. In a program that is a mistake.
func (l *loader) refuseUnknownValues(all []Parameter) {
	var names []string
	known := map[string]bool{}
	for _, p := range all {
		for _, name := range p.names() {
			names = append(names, name)
			known[name] = true
		}
	}
	for _, key := range sortedKeys(l.input.Values) {
		if known[key] || isAppSetting(key) {
			continue
		}
		err := &ValueError{Key: key, Origin: Origin{Source: SourceProgram, Name: key}, Problem: "there is no such parameter"}
		if near := nearest(key, names); near != "" {
			err.Problem += fmt.Sprintf(", did you mean %q?", near)
		}
		l.errs = append(l.errs, err)
	}
}

// nearest gives the candidate with the fewest typing errors from word, or "" if
// all differ in more than a third of it.
func nearest(word string, candidates []string) string {
	best, bound := "", len(word)/3+1
	for _, candidate := range candidates {
		if d := distance(word, candidate); d < bound {
			best, bound = candidate, d
		}
	}
	return best
}

// distance counts the bytes to insert, delete or replace to turn a into b
// (Levenshtein's distance).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
