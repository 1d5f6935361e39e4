package config

import (
	"fmt"
	"io"
	"strings"
)

// Example writes a configuration file with every parameter, each explained and
// commented out at its default, or at an example where the default is not set.
func Example(w io.Writer) error {
	var b strings.Builder
	b.WriteString("## Configuration of Postern. Remove the # before a parameter to set it.\n")
	b.WriteString("## Each can be set in the environment, too: db-uri as PGRST_DB_URI or POSTERN_DB_URI.\n")
	for _, p := range Parameters() {
		b.WriteString("\n")
		wrap(&b, "## ", p.Doc)
		if !p.Reloadable {
			b.WriteString("## A change takes a restart.\n")
		}
		text := p.Default
		if p.Example != "" {
			text = p.Example
			b.WriteString("## Not set by default.\n")
		}
		fmt.Fprintf(&b, "# %s = %s\n", p.Name, text)
	}
	b.WriteString("\n")
	wrap(&b, "## ", appSettingsDoc)
	b.WriteString("# app.settings.greeting = \"$(GREETING)\"\n")
	return write(w, b.String())
}

const appSettingsDoc = "Any setting of this form is handed to PostgreSQL in every transaction, where " +
	"current_setting('app.settings.greeting') reads it. In the environment: PGRST_APP_SETTINGS_GREETING."

// Reference writes every parameter with its rules as a Markdown document.
func Reference(w io.Writer) error {
	var b strings.Builder
	for _, p := range Parameters() {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", p.Name, p.Doc)
		text := "`" + p.Default + "`"
		if p.Default == `""` {
			text = "not set"
		}
		reload := "yes"
		if !p.Reloadable {
			reload = "no, restart"
		}
		setting := "no"
		if p.InDatabase {
			setting = "`" + p.Setting() + "`"
		}
		variables := "`" + prefixPostern + environmentName(p.Name) + "`"
		if !p.Postern {
			variables = "`" + p.Environment() + "`, " + variables
		}
		b.WriteString("| default | environment | database | reload |\n| --- | --- | --- | --- |\n")
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n\n", text, variables, setting, reload)
		if len(p.Aliases) > 0 {
			fmt.Fprintf(&b, "Former names: `%s`.\n\n", strings.Join(p.Aliases, "`, `"))
		}
	}
	fmt.Fprintf(&b, "### app.settings.*\n\n%s\n", appSettingsDoc)
	return write(w, b.String())
}

// wrap writes text in lines of at most 100 characters, each after prefix.
func wrap(b *strings.Builder, prefix, text string) {
	line := prefix
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(word) > 100 {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = prefix
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
