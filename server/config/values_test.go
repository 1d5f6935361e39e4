package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/config"
)

// TestValues checks that what a program sets goes before all else.
func TestValues(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Input{
		Values: map[string]string{
			"db-uri": "postgres://from/program", "db-schemas": "api, v2", "db-pool": "3", "openapi-security-active": "true",
			"db-schema": "ignored, as an old name", "app.settings.Key": "program",
		},
		Environ:  []string{"PGRST_DB_POOL=4", "PGRST_DB_ANON_ROLE=anon", "PGRST_APP_SETTINGS_key=environment"},
		Database: map[string]string{"db_schemas": "database"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DBURI != "postgres://from/program" || fmt.Sprint(c.DBSchemas) != "[api v2]" || c.DBPool != 3 || !c.OpenAPISecurityActive ||
		c.DBAnonRole != "anon" || fmt.Sprint(len(c.AppSettings)) != "1" || c.AppSettings["app.settings.Key"] != "program" {
		t.Errorf("got %+v", c)
	}
	if o := c.Origin("db-pool"); o.Source != config.SourceProgram || o.String() != "the program" {
		t.Errorf("the origin is %v", o)
	}
}

// TestValuesRefused checks that a program is told of every mistake, also where PostgREST would ignore it.
func TestValuesRefused(t *testing.T) {
	t.Parallel()
	for want, values := range map[string]map[string]string{
		`the program: db-shemas: there is no such parameter, did you mean "db-schemas"?`: {"db-shemas": "api"},
		"the program: db-pool: ":        {"db-pool": "many"},
		"the program: max-body-bytes: ": {"max-body-bytes": "plenty"},
		"the program: app.settings.1: ": {"app.settings.1": "x"},
	} {
		_, err := config.Load(config.Input{Values: values})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", values, err, want)
		}
	}
}

func ExampleLoad_values() {
	c, err := config.Load(config.Input{Values: map[string]string{
		"db-uri":     "postgres://authenticator@localhost/app",
		"db-schemas": "api",
		"jwt-secret": "a secret of at least thirty-two bytes",
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.DBSchemas, c.DBPool, c.JWTSecret)
	// Output: [api] 10 ********
}
