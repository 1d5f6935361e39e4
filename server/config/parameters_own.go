package config

import "time"

// ownParameters are Postern's, without the limits. What opens a door
// (db-allow-bypassrls) or guards the process cannot be set in the database.
func ownParameters() []Parameter {
	return []Parameter{
		boolean("admin-config-enabled", func(c *Config) *bool { return &c.AdminConfigEnabled }, false,
			"Whether /config of the admin server shows the parameters in effect, where they come from, and no secrets.").
			own(),
		boolean("db-allow-bypassrls", func(c *Config) *bool { return &c.DBAllowBypassRLS }, false,
			"Whether a request may run as a role that row-level security does not bind: a superuser or one with BYPASSRLS.").
			own(),
		boolean("db-explain-enabled", func(c *Config) *bool { return &c.DBExplainEnabled }, false,
			"Whether members of db-explain-role may ask why rows are seen or not, with Accept: application/vnd.postern.explain+json. The answer has policies, grants, the SQL and its plan. If the login role may become the tables' owners it also has numbers of rows that the caller may not see, from which a caller who tries filters can find out what those rows hold: it is for development.").
			own(),
		text("db-explain-role", func(c *Config) *string { return &c.DBExplainRole }, "", nil,
			"The role whose members may ask for explanations. Nobody may without it.").
			own().example(`"developer"`),
		rolesByAction("db-role-by-action", func(c *Config) *RolesByAction { return &c.DBRoleByAction },
			"The role that runs an action in place of the token's role, for least privilege: web_user: read=web_user_ro, create=web_user_ins. Actions are read, create, update, delete and call; a PUT, or a POST that merges duplicates, is a create. What is not named runs as the token's role. Names with other characters are written as a JSON object of objects.").
			own().example(`"web_user: read=web_user_ro, create=web_user_ins"`),
		boolean("db-safe-update", func(c *Config) *bool { return &c.DBSafeUpdate }, false,
			"Whether to refuse PATCH and DELETE without a filter.").
			own().database(),
		text("audit-log", func(c *Config) *string { return &c.AuditLog }, "", nil,
			"Where a line for each request goes that says who did what: stdout, the path of a file, or table. It has the time, the request's id, the token's subject, issuer and id, the role, the action, the relation or function, the columns of filters (never values), the rows affected, the status and the duration.").
			own().restart().example(`"stdout"`),
		boolean("otel-traces-enabled", func(c *Config) *bool { return &c.OTelTracesEnabled }, false,
			"Whether traces of requests are exported to an OpenTelemetry collector by OTLP over HTTP, as OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318), OTEL_SERVICE_NAME (postern), OTEL_TRACES_SAMPLER and the other standard variables of the environment say.").
			own().restart(),
		boolean("openapi-ui", func(c *Config) *bool { return &c.OpenAPIUI }, false,
			"Whether a browser that asks for the root path gets a page to read and try the API.").
			own().database(),
		boolean("server-cors-allow-credentials", func(c *Config) *bool { return &c.ServerCORSAllowCredentials }, true,
			"Whether pages of server-cors-allowed-origins may send the browser's cookies along and read the answer. Where that is not set no page may, whatever is said here.").
			own().database(),
		integer("server-buffer-bytes", func(c *Config) *int64 { return &c.ServerBufferBytes }, 1<<20, bounds{0, 1 << 40},
			"How large an answer may be to be held back until it is complete, and so to have an exact Content-Length and Content-Range. Larger ones are streamed. Each request in work may take so much memory. 0 streams all.").
			own(),
		boolean("server-compression", func(c *Config) *bool { return &c.ServerCompression }, true,
			"Whether answers of 1 KiB and more are compressed, with zstd or gzip, for clients that accept it. Those to requests with the cookie of jwt-cookie never are.").
			own().database(),
		seconds("server-shutdown-timeout", func(c *Config) *time.Duration { return &c.ServerShutdownTimeout }, 30*time.Second,
			"How many seconds requests in work may take to finish after SIGTERM before they are cut. 0 waits for ever.").
			own().restart(),
	}
}

// limitParameters bound what a single request may cost. The operator sets them in
// the file or the environment; the database they protect cannot lift them.
func limitParameters() []Parameter {
	const most = 1<<31 - 1
	return []Parameter{
		integer("max-body-bytes", func(c *Config) *int64 { return &c.MaxBodyBytes }, 10<<20, bounds{0, 1 << 40},
			"The most bytes of a request's body. 0 is no limit.").
			own(),
		integer("max-embed-depth", func(c *Config) *int { return &c.MaxEmbedDepth }, 10, bounds{0, most},
			"How deep a select may embed resources in each other. Each level is another join. 0 is no limit but 50,000.").
			own(),
		integer("max-filters", func(c *Config) *int { return &c.MaxFilters }, 256, bounds{0, most},
			"The most filters of a request, those within and=() and or=() included. 0 is no limit.").
			own(),
		// The line and 64 KiB beside the longest URL.
		integer("max-header-bytes", func(c *Config) *int { return &c.MaxHeaderBytes }, 128<<10, bounds{0, 1 << 30},
			"The most bytes of a request's line and headers. Longer ones are answered with 431. 0 is no limit.").
			own().restart(),
		integer("max-json-depth", func(c *Config) *int { return &c.MaxJSONDepth }, 500, bounds{0, most},
			"How deep arrays and objects may stand in each other in a JSON body. 0 is no limit but 50,000; PostgreSQL's own follows from max_stack_depth.").
			own(),
		integer("max-json-path-steps", func(c *Config) *int { return &c.MaxJSONPathSteps }, 32, bounds{0, most},
			"The most arrows (-> and ->>) behind one column. 0 is no limit.").
			own(),
		integer("max-logic-depth", func(c *Config) *int { return &c.MaxLogicDepth }, 16, bounds{0, most},
			"How deep and=() and or=() may stand in each other. 0 is no limit but 50,000.").
			own(),
		integer("max-select-items", func(c *Config) *int { return &c.MaxSelectItems }, 1664, bounds{0, most},
			"The most items of a select. The default is as many columns as PostgreSQL can return. 0 is no limit.").
			own(),
		// PostgREST's HTTP library takes 50 KiB of request line and headers, so
		// that 64 KiB refuse no URL which works there.
		integer("max-url-bytes", func(c *Config) *int { return &c.MaxURLBytes }, 64<<10, bounds{0, most},
			"The most bytes of a request's path and query. 0 is no limit.").
			own(),
		costLimits("db-max-cost", func(c *Config) *CostLimits { return &c.DBMaxCost },
			"The highest cost that the planner may estimate for a read before it is refused with 400, by the role that runs it: anon=10000, web_user=100000, where * is any other role, or one number for all. The roles it holds for plan each read once more, in a round trip of its own. Names with other characters are written as a JSON object. 0 is no limit.").
			own().example(`"anon=10000, *=100000"`),
		rate("rate-limit", func(c *Config) *Rate { return &c.RateLimit },
			"How many requests of one client are let through, each second (100/s), minute (/m) or hour (/h); others are answered with 429. A client is the subject of a token, and without one an address, or an IPv6 network of 64 bits; behind a proxy server-trusted-proxies tells it. As many may come at once. Each process counts for itself. 0 is no limit.").
			own().example(`"100/s"`),
		integer("db-pool-max-waiting", func(c *Config) *int { return &c.DBPoolMaxWaiting }, 1000, bounds{0, most},
			"How many requests may wait for a free connection to the database. More are answered with 503 at once, before db-pool-acquisition-timeout. 0 is no limit.").
			own().restart(),
	}
}

// timeoutParameters bound how long a slow client may hold a connection.
func timeoutParameters() []Parameter {
	return []Parameter{
		seconds("server-header-timeout", func(c *Config) *time.Duration { return &c.ServerHeaderTimeout }, 10*time.Second,
			"How many seconds a client may take to send a request's line and headers before the connection is closed. 0 is no limit.").
			own().restart(),
		seconds("server-body-timeout", func(c *Config) *time.Duration { return &c.ServerBodyTimeout }, 30*time.Second,
			"For how many seconds the body of a request may pause before it is answered with 408. After that time it must also have come at 1 KiB a second on the whole; as long as it does, it may be as large as max-body-bytes. 0 is no limit.").
			own().restart(),
		seconds("server-write-timeout", func(c *Config) *time.Duration { return &c.ServerWriteTimeout }, 30*time.Second,
			"How many seconds a client may take to read 64 KiB of an answer before the connection is closed. 0 is no limit.").
			own().restart(),
		seconds("server-idle-timeout", func(c *Config) *time.Duration { return &c.ServerIdleTimeout }, 120*time.Second,
			"After how many seconds without a request a connection is closed. Behind a proxy it should be longer than the proxy's own. 0 is never.").
			own().restart(),
	}
}
