package config

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const mask = "********"

// Secret is a value that does not print: formatting, logging and encoding it
// give a mask. Convert it to []byte to use it.
type Secret []byte

// Format writes the mask whatever the verb. See [fmt.Formatter].
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.masked()) }

// LogValue gives the mask. See [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.masked()) }

// MarshalText gives the mask. See [encoding.TextMarshaler].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }

func (s Secret) masked() string {
	if len(s) == 0 {
		return ""
	}
	return mask
}

// ConnString is a connection string in libpq's URI or keyword form. Formatting,
// logging and encoding it masks passwords. Convert it to string to use it. See
// the PostgreSQL manual, "Connection Strings".
type ConnString string

// Format writes the string without its passwords. See [fmt.Formatter].
func (s ConnString) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.Masked()) }

// LogValue gives the string without its passwords. See [slog.LogValuer].
func (s ConnString) LogValue() slog.Value { return slog.StringValue(s.Masked()) }

// MarshalText gives the string without its passwords. See [encoding.TextMarshaler].
func (s ConnString) MarshalText() ([]byte, error) { return []byte(s.Masked()), nil }

// Masked returns the string with every password replaced by a mask. In doubt it
// masks too much: a URI's password may hold unescaped "@", "/" and "?".
func (s ConnString) Masked() string {
	text := string(s)
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		colon, at := strings.Index(rest, ":"), strings.LastIndex(rest, "@")
		if colon >= 0 && colon < at {
			rest = rest[:colon+1] + mask + rest[at:]
		}
		param := regexp.MustCompile(`(?i)((?:ssl)?password=)[^&]*`)
		return scheme + "://" + param.ReplaceAllString(rest, "${1}"+mask)
	}
	keyword := regexp.MustCompile(`(?i)((?:ssl)?password\s*=\s*)('(?:\\.|[^'\\])*'?|(?:\\.|\S)+)`)
	return keyword.ReplaceAllString(text, "${1}"+mask)
}

// AppSettings holds the app.settings.* parameters by their full names. Since
// they may be keys and passwords, formatting shows the names alone.
type AppSettings map[string]string

// Format writes the names, sorted. See [fmt.Formatter].
func (a AppSettings) Format(f fmt.State, _ rune) { fmt.Fprint(f, a.names()) }

// LogValue gives the names, sorted. See [slog.LogValuer].
func (a AppSettings) LogValue() slog.Value { return slog.AnyValue(a.names()) }

// MarshalText gives the names, sorted. See [encoding.TextMarshaler].
func (a AppSettings) MarshalText() ([]byte, error) {
	return []byte(strings.Join(a.names(), ",")), nil
}

func (a AppSettings) names() []string { return slices.Sorted(maps.Keys(a)) }
