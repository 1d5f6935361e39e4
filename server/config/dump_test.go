package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/config"
)

// TestDumpDefaults holds the defaults and the form of the dump against a copy.
func TestDumpDefaults(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/default.dump")
	if err != nil {
		t.Fatal(err)
	}
	if got := dump(t, load(t, config.Input{})); got != string(want) {
		t.Errorf("got:\n%s", got)
	}
}

// TestDumpReadsBack dumps values that need escapes, and reads the dump.
func TestDumpReadsBack(t *testing.T) {
	t.Parallel()
	c := load(t, config.Input{Environ: []string{
		`PGRST_DB_URI=host=/tmp password='a\'b"c$d'`,
		"PGRST_JWT_SECRET=dollar $ backslash \\ quote \" tab \t line \n end",
		"PGRST_APP_SETTINGS_X=$(not a variable) $$",
		`PGRST_JWT_ROLE_CLAIM_KEY=$["a b"][?(@ == "c\\d")]`,
		"PGRST_DB_SCHEMAS=ünïcode, plain",
		"POSTERN_MAX_FILTERS=7",
	}})
	if len(c.Warnings)+len(c.Unknown) > 0 {
		t.Errorf("warnings %v, unknown %v", c.Warnings, c.Unknown)
	}
	first := dump(t, c)
	if !strings.Contains(first, "max-filters = 7\n") {
		t.Errorf("Postern's own parameter is missing:\n%s", first)
	}
	path := filepath.Join(t.TempDir(), "dump.conf")
	writeFile(t, path, first)
	again := load(t, config.Input{File: path})
	if second := dump(t, again); second != first {
		t.Errorf("first:\n%ssecond:\n%s", first, second)
	}
	if string(again.JWTSecret) != string(c.JWTSecret) || again.DBURI != c.DBURI {
		t.Error("secret or connection string differ")
	}
}

func TestEffective(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postern.conf")
	writeFile(t, path, "db-pool = true\ndb-pol = 3\nserver-port = 8080\n")
	c := load(t, config.Input{File: path, Environ: []string{
		"PGRST_DB_URI=postgresql://web:hunter2@db/shop",
		"PGRST_JWT_SECRET=a hunter2 of more than thirty-two bytes",
		"POSTERN_JWT_EXCHANGE_SECRET=a hunter2 of more than thirty-two bytes",
		"PGRST_APP_SETTINGS_KEY=hunter2",
	}})
	var b bytes.Buffer
	if err := c.Effective(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is shown:\n%s", text)
	}
	for _, want := range []string{
		`app.settings.key = "********" `,
		`db-uri = "postgresql://web:********@db/shop"`,
		`jwt-secret = "********"`,
		`jwt-exchange-secret = "********"`,
		"server-port = 8080 ",
		path + ":3\n",
		"# PGRST_DB_URI\n",
		"# default\n",
		"# warning: " + path + ":1: db-pool: this is no whole number",
		"# warning: " + path + `:2: unknown key "db-pol", did you mean "db-pool"?`,
	} {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// TestExample reads the example file as it is and with every parameter put in force.
func TestExample(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := config.Example(&b); err != nil {
		t.Fatal(err)
	}
	defaults := dump(t, load(t, config.Input{}))
	path := filepath.Join(t.TempDir(), "example.conf")
	writeFile(t, path, b.String())
	if got := dump(t, load(t, config.Input{File: path})); got != defaults {
		t.Errorf("the example changes something:\n%s", got)
	}

	uncommented := strings.ReplaceAll("\n"+b.String(), "\n# ", "\n")
	secret := filepath.Join(t.TempDir(), "jwt")
	for _, path := range []string{secret, secret + "-exchange"} {
		writeFile(t, path, "a secret of more than thirty-two bytes\n")
	}
	uncommented = strings.ReplaceAll(uncommented, "/run/secrets/jwt", secret)
	writeFile(t, path, uncommented)
	c := load(t, config.Input{File: path, Environ: []string{"GREETING=hello"}})
	if len(c.Warnings)+len(c.Unknown) > 0 {
		t.Errorf("warnings %v, unknown %v", c.Warnings, c.Unknown)
	}
	for _, p := range config.Parameters() {
		if c.Origin(p.Name).Source != config.SourceFile {
			t.Errorf("%s is missing in the example", p.Name)
		}
	}
	if c.AppSettings["app.settings.greeting"] != "hello" {
		t.Errorf("got app settings %q", map[string]string(c.AppSettings))
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var reference bytes.Buffer
	if err := config.Reference(&reference); err != nil {
		t.Fatal(err)
	}
	for _, p := range config.Parameters() {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if seen[name] {
				t.Errorf("%s is named twice", name)
			}
			seen[name] = true
		}
		if !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("%s: the text %q is no sentence", p.Name, p.Doc)
		}
		if p.Default == `""` && p.Example == "" {
			t.Errorf("%s has neither a default nor an example", p.Name)
		}
		if !strings.Contains(reference.String(), "### "+p.Name+"\n") {
			t.Errorf("%s is not in the reference", p.Name)
		}
	}
}
