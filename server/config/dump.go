package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Dump writes the values as `postgrest --dump-config` does: a file, sorted, that
// reads back as the same configuration. It shows secrets in full; [Config.Effective]
// does not. Of Postern's own parameters it writes those that are not at their
// defaults, so that without them the output is PostgREST's.
func (c *Config) Dump(w io.Writer) error {
	var lines []string
	for _, p := range Parameters() {
		if text := p.get(c); !p.Postern || text != p.Default {
			lines = append(lines, p.Name+" = "+text)
		}
	}
	for name, text := range c.AppSettings {
		lines = append(lines, name+" = "+quote(text))
	}
	slices.Sort(lines)
	return write(w, strings.Join(lines, "\n")+"\n")
}

// Effective writes every value with the place it came from, secrets masked, then
// the warnings and the unknown keys as comments.
func (c *Config) Effective(w io.Writer) error {
	var lines []string
	add := func(name, text string) {
		lines = append(lines, fmt.Sprintf("%-48s # %s", name+" = "+text, c.Origin(name)))
	}
	for _, p := range Parameters() {
		add(p.Name, p.shown(c))
	}
	for name := range c.AppSettings {
		add(name, quote(mask))
	}
	slices.Sort(lines)
	for _, warning := range c.Warnings {
		lines = append(lines, "# warning: "+oneLine(warning.Error()))
	}
	for _, u := range c.Unknown {
		lines = append(lines, "# warning: "+oneLine(u.String()))
	}
	return write(w, strings.Join(lines, "\n")+"\n")
}

// shown gives the value as a file would write it, without its secret.
func (p Parameter) shown(c *Config) string {
	text := p.get(c)
	if !p.Secret || text == `""` {
		return text
	}
	if p.Name == "db-uri" {
		return quote(c.DBURI.Masked())
	}
	return quote(mask)
}

func oneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
}

func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
