package config

import (
	"cmp"
	"io/fs"
	"slices"
	"time"
)

// Parameters describes every parameter but app.settings.*, in the order of their
// names. It is the one list from which values are read, printed and documented.
func Parameters() []Parameter {
	all := slices.Concat(databaseParameters(), requestParameters(), poolParameters(),
		tokenParameters(), documentParameters(), serverParameters(), adminParameters(),
		ownParameters(), ownTokenParameters(), frontendParameters(), limitParameters(), timeoutParameters())
	slices.SortFunc(all, func(a, b Parameter) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func databaseParameters() []Parameter {
	return []Parameter{
		text("db-anon-role", func(c *Config) *string { return &c.DBAnonRole }, "", nil,
			"The database role for requests without a token. Unless it is set, they are refused.").
			database().example(`"anon"`),
		text("db-channel", func(c *Config) *string { return &c.DBChannel }, "pgrst", checkChannel,
			"The channel on which NOTIFY asks for a reload: 'reload schema', 'reload config', or nothing for both."),
		boolean("db-channel-enabled", func(c *Config) *bool { return &c.DBChannelEnabled }, true,
			"Whether to listen on db-channel. Switch it off behind a pooler in transaction mode."),
		boolean("db-config", func(c *Config) *bool { return &c.DBConfig }, true,
			"Whether to read settings from the database: those of the login role and those of db-pre-config."),
		function("db-pre-config", func(c *Config) *FunctionName { return &c.DBPreConfig },
			"A function, called at start and at every reload, that sets pgrst.* settings with set_config.").
			database().example(`"postgrest.pre_config"`),
		list("db-schemas", func(c *Config) *[]string { return &c.DBSchemas }, []string{"public"}, checkSchemas,
			"The schemas to expose. The first is the default; requests choose another with Accept-Profile and Content-Profile.").
			alias("db-schema").database(),
		extraSearchPath(),
		text("db-uri", func(c *Config) *ConnString { return &c.DBURI }, "postgresql://", nil,
			"The connection string, as a URI or in keywords. What it leaves out is taken from libpq's PG* variables. @filename reads it from a file. See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING.").
			restart().secret(),
	}
}

func extraSearchPath() Parameter {
	p := list("db-extra-search-path", func(c *Config) *[]string { return &c.DBExtraSearchPath }, []string{"public"}, nil,
		"Schemas to search after the exposed one, for extensions and helpers. They are not exposed. Empty text stands for none.").
		database()
	p.emptyable = true
	return p
}

func requestParameters() []Parameter {
	return []Parameter{
		oneOf("client-error-verbosity", func(c *Config) *Verbosity { return &c.ClientErrorVerbosity }, same(Minimal, Verbose), Verbose,
			"How much of an error the client is told: verbose is code, message, details and hint; minimal is code and message.").
			database(),
		boolean("db-aggregates-enabled", func(c *Config) *bool { return &c.DBAggregatesEnabled }, false,
			"Whether requests may use count, sum, avg, min and max. These can make the database read very many rows.").
			database(),
		list("db-hoisted-tx-settings", func(c *Config) *[]string { return &c.DBHoistedTxSettings },
			[]string{"statement_timeout", "plan_filter.statement_cost_limit", "default_transaction_isolation"}, nil,
			"Settings that, where a function has them in its SET clause, hold for the whole transaction that calls it.").
			database(),
		optional("db-max-rows", func(c *Config) **int64 { return &c.DBMaxRows }, bounds{0, 1<<63 - 1},
			"The most rows an answer may have, whatever its request asks for.").
			alias("max-rows").database().example("1000"),
		boolean("db-plan-enabled", func(c *Config) *bool { return &c.DBPlanEnabled }, false,
			"Whether Accept: application/vnd.pgrst.plan shows a request's execution plan.").
			database(),
		function("db-pre-request", func(c *Config) *FunctionName { return &c.DBPreRequest },
			"A function to call in every request's transaction, once role and settings are in place and before the query.").
			alias("pre-request").database().example(`"api.check_request"`),
		oneOf("db-tx-end", func(c *Config) *TxEnd { return &c.DBTxEnd },
			same(TxCommit, TxCommitAllowOverride, TxRollback, TxRollbackAllowOverride), TxCommit,
			"How transactions end: commit, rollback, or one of them unless Prefer: tx= asks for the other (commit-allow-override, rollback-allow-override).").
			database(),
		text("server-trace-header", func(c *Config) *string { return &c.ServerTraceHeader }, "", checkHeaderName,
			"A request header that is sent back with the answer, to trace a request through several services.").
			database().example(`"X-Request-Id"`),
		boolean("server-timing-enabled", func(c *Config) *bool { return &c.ServerTimingEnabled }, false,
			"Whether answers tell in a Server-Timing header how long each phase took.").
			database(),
		boolean("url-use-legacy-target-names", func(c *Config) *bool { return &c.URLUseLegacyTargetNames }, true,
			"Whether filters, order and limits may call an embedded resource by its name though it has an alias. Deprecated.").
			database(),
	}
}

func poolParameters() []Parameter {
	return []Parameter{
		integer("db-pool", func(c *Config) *int { return &c.DBPool }, 10, bounds{1, 100_000},
			"The most connections to the database that requests use at one time.").
			restart(),
		seconds("db-pool-acquisition-timeout", func(c *Config) *time.Duration { return &c.DBPoolAcquisitionTimeout }, 10*time.Second,
			"How many seconds a request waits for a free connection before it is answered with 504. 0 is no limit.").
			restart(),
		boolean("db-pool-automatic-recovery", func(c *Config) *bool { return &c.DBPoolAutomaticRecovery }, true,
			"Whether to connect again after the database was lost. Else the server stops."),
		seconds("db-pool-max-idletime", func(c *Config) *time.Duration { return &c.DBPoolMaxIdletime }, 30*time.Second,
			"After how many seconds without use a connection is closed. 0 is never.").
			alias("db-pool-timeout").olderFirst().restart(),
		seconds("db-pool-max-lifetime", func(c *Config) *time.Duration { return &c.DBPoolMaxLifetime }, 1800*time.Second,
			"After how many seconds a connection is closed and opened anew. 0 is never.").
			restart(),
		boolean("db-prepared-statements", func(c *Config) *bool { return &c.DBPreparedStatements }, true,
			"Whether statements are prepared and kept by the connection. Switch it off behind a pooler that does not support it.").
			database(),
	}
}

func tokenParameters() []Parameter {
	return []Parameter{
		text("jwt-aud", func(c *Config) *string { return &c.JWTAudience }, "", checkAudience,
			"The audience that a token's aud claim must name, if it has one. A text with a colon must be a URI.").
			database().example(`"your_audience_claim"`),
		integer("jwt-cache-max-entries", func(c *Config) *int { return &c.JWTCacheMaxEntries }, 1000, bounds{0, 1<<31 - 1},
			"How many verified tokens are remembered. 0 remembers none.").
			database(),
		roleClaimKey("jwt-role-claim-key",
			"The path to the role in a token's claims, by RFC 9535. In a file $ is written $$. The older syntax (.role) still works and is warned about.").
			alias("role-claim-key").database(),
		jwtSecret("jwt-secret",
			"What tokens are verified with: a text of at least 32 bytes, a JSON Web Key, or a set of them. @filename reads it from a file. Unless it is set, every token is refused.").
			database().secret().example(`"@/run/secrets/jwt"`),
		boolean("jwt-secret-is-base64", func(c *Config) *bool { return &c.JWTSecretIsBase64 }, false,
			"Whether jwt-secret is written in base64, as a key that is not text must be.").
			alias("secret-is-base64").database(),
	}
}

func documentParameters() []Parameter {
	return []Parameter{
		function("db-root-spec", func(c *Config) *FunctionName { return &c.DBRootSpec },
			"A function that answers the root path instead of the OpenAPI document.").
			alias("root-spec").database().example(`"api.root"`),
		oneOf("openapi-mode", func(c *Config) *OpenAPIMode { return &c.OpenAPIMode },
			same(OpenAPIFollowPrivileges, OpenAPIIgnorePrivileges, OpenAPIDisabled), OpenAPIFollowPrivileges,
			"What the OpenAPI document shows: what the caller's role may use (follow-privileges), all that is exposed (ignore-privileges), or nothing (disabled).").
			database(),
		boolean("openapi-security-active", func(c *Config) *bool { return &c.OpenAPISecurityActive }, false,
			"Whether the OpenAPI document says how to send a token.").
			database(),
		text("openapi-server-proxy-uri", func(c *Config) *string { return &c.OpenAPIServerProxyURI }, "", checkProxyURI,
			"The base URL to name in the OpenAPI document, where a proxy stands in front.").
			database().example(`"https://api.example.com"`),
	}
}

func serverParameters() []Parameter {
	return []Parameter{
		oneOf("log-level", func(c *Config) *LogLevel { return &c.LogLevel }, logLevels(), LogError,
			"How much is logged. crit: start-up and recovery; error: and 5xx answers; warn: and 4xx answers; info: and all other answers; debug: and events of the pool and the schema cache."),
		boolean("log-query", func(c *Config) *bool { return &c.LogQuery }, false,
			"Whether a logged request is logged with its SQL."),
		list("server-cors-allowed-origins", func(c *Config) *[]string { return &c.ServerCORSAllowedOrigins }, nil, nil,
			"The origins whose pages may read answers, between commas. All may, unless this is set.").
			database().example(`"https://www.example.com"`),
		text("server-host", func(c *Config) *string { return &c.ServerHost }, "!4", nil,
			"The host to listen on. Special values: * any address, *4 any but IPv4 first, !4 IPv4 only, *6 any but IPv6 first, !6 IPv6 only.").
			restart(),
		integer("server-port", func(c *Config) *int { return &c.ServerPort }, 3000, bounds{0, 65535},
			"The port to listen on. 0 takes a free one.").
			restart(),
		boolean("server-reuseport", func(c *Config) *bool { return &c.ServerReusePort }, false,
			"Whether several processes may listen on the same port (SO_REUSEPORT).").
			restart(),
		text("server-unix-socket", func(c *Config) *string { return &c.ServerUnixSocket }, "", nil,
			"A Unix socket to listen on. It goes before server-port.").
			restart().example(`"/tmp/postern.sock"`),
		socketMode("server-unix-socket-mode", func(c *Config) *fs.FileMode { return &c.ServerUnixSocketMode },
			"The permissions of server-unix-socket, octal.").
			restart(),
	}
}

func adminParameters() []Parameter {
	return []Parameter{
		text("admin-server-host", func(c *Config) *string { return &c.AdminServerHost }, "", nil,
			"The host the admin server listens on. Unless it is set, the value of server-host.").
			restart().example(`"127.0.0.1"`),
		optional("admin-server-port", func(c *Config) **int { return &c.AdminServerPort }, bounds{0, 65535},
			"The port of the admin server, which answers /live, /ready, /metrics, /schema_cache and, with admin-config-enabled, /config. Must differ from server-port. Unless this or admin-server-unix-socket is set, there is no admin server.").
			restart().example("3001"),
		text("admin-server-unix-socket", func(c *Config) *string { return &c.AdminServerUnixSocket }, "", nil,
			"A Unix socket for the admin server. It goes before admin-server-port.").
			restart().example(`"/tmp/postern-admin.sock"`),
		socketMode("admin-server-unix-socket-mode", func(c *Config) *fs.FileMode { return &c.AdminServerUnixSocketMode },
			"The permissions of admin-server-unix-socket, octal.").
			restart(),
	}
}
