package config_test

import (
	"fmt"

	"github.com/postern-db/postern/server/config"
)

func ExampleLoad() {
	c, err := config.Load(config.Input{
		Environ:  []string{"PGRST_DB_SCHEMAS=shop, stock", "PGRST_DB_POOL=20", "POSTERN_DB_POOL=5"},
		Database: map[string]string{"db_anon_role": "visitor"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.DBSchemas, c.Origin("db-schemas"))
	fmt.Println(c.DBPool, c.Origin("db-pool"))
	fmt.Println(c.DBAnonRole, c.Origin("db-anon-role"))
	fmt.Println(c.ServerPort, c.Origin("server-port"))
	// Output:
	// [shop stock] PGRST_DB_SCHEMAS
	// 5 POSTERN_DB_POOL
	// visitor pgrst.db_anon_role in the database
	// 3000 default
}

func ExampleLoad_wrongValue() {
	_, err := config.Load(config.Input{Environ: []string{"PGRST_LOG_LEVEL=loud"}})
	fmt.Println(err)
	// Output:
	// load configuration: PGRST_LOG_LEVEL: log-level: Invalid log-level. Check your configuration. Unknown value "loud"; allowed: crit, error, warn, info, debug
}
