package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/config"
)

func TestConnStringMasked(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "",
		"postgresql://":                      "postgresql://",
		"postgres://web@db/shop":             "postgres://web@db/shop",
		"postgres://web:pw@db/shop":          "postgres://web:********@db/shop",
		"postgres://web:p@w?/x@db:1/shop":    "postgres://web:********@db:1/shop",
		"postgres://a:1,b:2/shop":            "postgres://a:1,b:2/shop",
		"postgres:///s?user=a&password=pw&x": "postgres:///s?user=a&password=********&x",
		"postgres:///s?sslpassword=pw":       "postgres:///s?sslpassword=********",
		"host=db password=pw user=web":       "host=db password=******** user=web",
		`host=db PASSWORD = 'p\'w x' port=1`: `host=db PASSWORD = ******** port=1`,
		`password=a\ b port=1`:               `password=******** port=1`,
		"password='unclosed pw":              "password=********",
		"postgre://web:pw@db":                "postgre://web:********@db",
	} {
		if got := config.ConnString(in).Masked(); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestSecretsDoNotPrint prints a configuration in the ways that happen by mistake.
func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	writeFile(t, path, "a hunter2 of more than thirty-two bytes")
	c := load(t, config.Input{Environ: []string{
		"PGRST_DB_URI=postgresql://web:hunter2@db/shop",
		"PGRST_JWT_SECRET=@" + path,
		"POSTERN_JWT_EXCHANGE_SECRET=@" + path,
		"PGRST_APP_SETTINGS_KEY=hunter2",
	}})
	if !bytes.Contains(c.JWTSecret, []byte("hunter2")) {
		t.Fatal("the secret was not read")
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, c)
		fmt.Fprintf(&out, verb, *c)
		fmt.Fprintf(&out, verb, c.JWTSecret)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "c", c, "s", c.JWTSecret, "u", c.DBURI, "a", c.AppSettings)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "c", c, "s", c.JWTSecret, "u", c.DBURI, "a", c.AppSettings)
	secret := "hunter2"
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is in:\n%s", form, out.String())
		}
	}
}
