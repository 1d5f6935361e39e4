package config_test

import (
	"context"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server/config"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const preConfigSetup = `
create schema "the Conf";
grant usage on schema "the Conf" to public;
create function "the Conf"."pre ""config"() returns void language sql as $$
  select set_config('pgrst.db_max_rows', '12', true),
         set_config('pgrst.db_schemas', 'from_function', true)
$$;`

// TestSettingsQuery reads the settings that a database has for a login role whose
// name needs quotes.
func TestSettingsQuery(t *testing.T) {
	t.Parallel()
	const role = "login Role"
	db := pgtest.New(t, pgtest.Role(role, "login noinherit"), preConfigSetup)
	other := pgtest.New(t)
	db.Exec(t, `
		alter role "login Role" set pgrst.db_schemas = 'shop, stock';
		alter role "login Role" set pgrst.jwt_secret = 'for=all=databases';
		alter role "login Role" in database `+db.Name+` set pgrst.jwt_secret = 'for=this=one';
		alter role "login Role" in database `+other.Name+` set pgrst.db_anon_role = 'elsewhere';
		alter role "login Role" set pgrst.server_port = '1';
		alter role "login Role" set pgrst.max_rows = '1';
		alter role "login Role" set pgrst.no_such_thing = '1';
		alter role "login Role" set statement_timeout = '1min';
		alter database `+db.Name+` set pgrst.db_tx_end = 'rollback'`)

	want := map[string]string{
		"db_schemas": "shop, stock", "jwt_secret": "for=this=one",
		"server_port": "1", "max_rows": "1", "no_such_thing": "1", // to be warned of
	}
	got := readSettings(t, db, role, config.FunctionName{})
	if !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	// The role's settings go before the function's. The database's own count here.
	want["db_max_rows"] = "12"
	want["db_tx_end"] = "rollback"
	got = readSettings(t, db, role, config.FunctionName{Schema: "the Conf", Name: `pre "config`})
	if !maps.Equal(got, want) {
		t.Errorf("with a function got %q, want %q", got, want)
	}
}

// readSettings runs the query as its comment says.
func readSettings(t *testing.T, db *pgtest.Database, role string, preConfig config.FunctionName) map[string]string {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Conn(t, role).BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	rows, err := tx.Query(ctx, config.SettingsQuery(preConfig), config.SettingNames())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	var key, value string
	if _, err := pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		out[key] = value
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}
