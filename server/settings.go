package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
)

// DatabaseSettings reads the parameters that are set in the database, for config.Input.Database (PostgREST reference, In-Database
// Configuration). The connection is the login role's.
func DatabaseSettings(ctx context.Context, conn *pgx.Conn, c *config.Config) (map[string]string, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	rows, err := tx.Query(ctx, config.SettingsQuery(c.DBPreConfig), config.SettingNames())
	if err != nil {
		return nil, fmt.Errorf("read the settings in the database: %w", err)
	}
	out := map[string]string{}
	var key, value string
	if _, err := pgx.ForEachRow(rows, []any{&key, &value}, func() error {
		out[key] = value
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read the settings in the database: %w", err)
	}
	return out, tx.Rollback(ctx)
}

// LoadCatalog reads the schema cache as a server with that configuration does. The connection is the login role's.
func LoadCatalog(ctx context.Context, conn *pgx.Conn, c *config.Config) (*schema.Catalog, error) {
	return introspect.Load(ctx, conn, catalogConfig(c, nil))
}

func catalogConfig(c *config.Config, logger *slog.Logger) introspect.Config {
	return introspect.Config{
		Schemas: c.DBSchemas, ExtraSearchPath: c.DBExtraSearchPath, HoistedSettings: hoistedPatterns(c.DBHoistedTxSettings),
		Logger: logger,
	}
}

// hoistedPatterns turns the names of settings into the patterns that introspection wants.
func hoistedPatterns(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "^" + strings.ReplaceAll(n, ".", `\.`) + "="
	}
	return out
}
