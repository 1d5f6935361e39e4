// Package config turns a configuration file, the environment and the
// database's settings into one Config.
//
// Every parameter of PostgREST 16.2 is read under its own name, alias and
// default, so that an existing postgrest.conf, PGRST_* environment or pgrst.*
// role setting works unchanged. Postern's own parameters follow the same rules.
// The table in [Parameters] is the only list of them: reading, dumping, the
// example file, the reference and the detection of unknown keys all walk it.
//
// A parameter is looked up, in this order, in the database, in the environment
// as POSTERN_NAME, in the environment as PGRST_NAME, and in the file. See
// https://docs.postgrest.org/en/stable/references/configuration.html.
package config

import (
	"io/fs"
	"time"
)

// Config holds the value of every parameter. It is read-only once [Load] has
// returned it, and safe for use by several goroutines. The comments name the
// parameter and its default; [Parameters] has the rules.
type Config struct {
	// AdminServerHost is admin-server-host. Defaults to ServerHost.
	AdminServerHost string
	// AdminServerPort is admin-server-port, 0 to 65535. Defaults to nil: no
	// admin server on TCP.
	AdminServerPort *int
	// AdminServerUnixSocket is admin-server-unix-socket, a path that goes
	// before AdminServerPort. Defaults to none ("").
	AdminServerUnixSocket string
	// AdminServerUnixSocketMode is admin-server-unix-socket-mode. Defaults to 0660.
	AdminServerUnixSocketMode fs.FileMode
	// AppSettings is app.settings.*: full setting name to value. Defaults to none.
	AppSettings AppSettings
	// ClientErrorVerbosity is client-error-verbosity. Defaults to Verbose.
	ClientErrorVerbosity Verbosity

	// DBAggregatesEnabled is db-aggregates-enabled. Defaults to false.
	DBAggregatesEnabled bool
	// DBAnonRole is db-anon-role. Defaults to none (""): no anonymous access.
	DBAnonRole string
	// DBChannel is db-channel. Defaults to pgrst.
	DBChannel string
	// DBChannelEnabled is db-channel-enabled. Defaults to true.
	DBChannelEnabled bool
	// DBConfig is db-config. Defaults to true.
	DBConfig bool
	// DBExtraSearchPath is db-extra-search-path. Defaults to public.
	DBExtraSearchPath []string
	// DBHoistedTxSettings is db-hoisted-tx-settings. Defaults to
	// statement_timeout, plan_filter.statement_cost_limit and
	// default_transaction_isolation.
	DBHoistedTxSettings []string
	// DBMaxRows is db-max-rows, 0 or more. Defaults to nil: no limit.
	DBMaxRows *int64
	// DBPlanEnabled is db-plan-enabled. Defaults to false.
	DBPlanEnabled bool
	// DBPool is db-pool, the most connections of the pool. Defaults to 10.
	DBPool int
	// DBPoolAcquisitionTimeout is db-pool-acquisition-timeout; 0 is no limit. Defaults to 10 s.
	DBPoolAcquisitionTimeout time.Duration
	// DBPoolAutomaticRecovery is db-pool-automatic-recovery. Defaults to true.
	DBPoolAutomaticRecovery bool
	// DBPoolMaxIdletime is db-pool-max-idletime; 0 is no limit. Defaults to 30 s.
	DBPoolMaxIdletime time.Duration
	// DBPoolMaxLifetime is db-pool-max-lifetime; 0 is no limit. Defaults to 30 min.
	DBPoolMaxLifetime time.Duration
	// DBPreConfig is db-pre-config. Defaults to none.
	DBPreConfig FunctionName
	// DBPreRequest is db-pre-request. Defaults to none.
	DBPreRequest FunctionName
	// DBPreparedStatements is db-prepared-statements. Defaults to true.
	DBPreparedStatements bool
	// DBRootSpec is db-root-spec. Defaults to none.
	DBRootSpec FunctionName
	// DBSchemas is db-schemas, at least one. Defaults to public.
	DBSchemas []string
	// DBTxEnd is db-tx-end. Defaults to TxCommit.
	DBTxEnd TxEnd
	// DBURI is db-uri, with the contents of its @file. Defaults to
	// postgresql://, which leaves all to libpq's PG* variables.
	DBURI ConnString

	// JWTAudience is jwt-aud. Defaults to none ("").
	JWTAudience string
	// JWTCacheMaxEntries is jwt-cache-max-entries, 0 switches it off. Defaults to 1000.
	JWTCacheMaxEntries int
	// JWTRoleClaimKey is jwt-role-claim-key: an RFC 9535 path that begins with
	// "$", or the older path that does not. Defaults to $.role.
	JWTRoleClaimKey string
	// JWTSecret is jwt-secret after its @file was read and its base64 decoded.
	// It is a JSON Web Key, a key set, or at least 32 bytes. Defaults to none (nil).
	JWTSecret Secret
	// JWTSecretIsBase64 is jwt-secret-is-base64. Defaults to false.
	JWTSecretIsBase64 bool

	// LogLevel is log-level. Defaults to LogError.
	LogLevel LogLevel
	// LogQuery is log-query. Defaults to false.
	LogQuery bool

	// OpenAPIMode is openapi-mode. Defaults to OpenAPIFollowPrivileges.
	OpenAPIMode OpenAPIMode
	// OpenAPISecurityActive is openapi-security-active. Defaults to false.
	OpenAPISecurityActive bool
	// OpenAPIServerProxyURI is openapi-server-proxy-uri. Defaults to none ("").
	OpenAPIServerProxyURI string

	// ServerCORSAllowedOrigins is server-cors-allowed-origins. Defaults to
	// none: every origin is accepted.
	ServerCORSAllowedOrigins []string
	// ServerHost is server-host, as text; see ListenAddresses. Defaults to !4.
	ServerHost string
	// ServerPort is server-port, 0 to 65535. Defaults to 3000.
	ServerPort int
	// ServerReusePort is server-reuseport. Defaults to false.
	ServerReusePort bool
	// ServerTimingEnabled is server-timing-enabled. Defaults to false.
	ServerTimingEnabled bool
	// ServerTraceHeader is server-trace-header. Defaults to none ("").
	ServerTraceHeader string
	// ServerUnixSocket is server-unix-socket, a path that goes before
	// ServerPort. Defaults to none ("").
	ServerUnixSocket string
	// ServerUnixSocketMode is server-unix-socket-mode. Defaults to 0660.
	ServerUnixSocketMode fs.FileMode
	// URLUseLegacyTargetNames is url-use-legacy-target-names. Defaults to true.
	URLUseLegacyTargetNames bool

	// DBAllowBypassRLS is db-allow-bypassrls. Defaults to false.
	DBAllowBypassRLS bool
	// DBExplainEnabled is db-explain-enabled. Defaults to false.
	DBExplainEnabled bool
	// DBExplainRole is db-explain-role. Defaults to none (""): nobody may ask for explanations.
	DBExplainRole string
	// DBMaxCost is db-max-cost. Defaults to none (nil): no read is refused for its cost.
	DBMaxCost CostLimits
	// DBPoolMaxWaiting is db-pool-max-waiting; 0 is no limit. Defaults to 1000.
	DBPoolMaxWaiting int
	// DBRoleByAction is db-role-by-action. Defaults to none (nil): every action runs as the token's role.
	DBRoleByAction RolesByAction
	// AuditLog is audit-log: stdout, a path, or table. Defaults to none ("").
	AuditLog string
	// DBSafeUpdate is db-safe-update. Defaults to false.
	DBSafeUpdate bool
	// JWTCookie is jwt-cookie. Defaults to none (""): cookies are not read.
	JWTCookie string
	// JWTExchangeIssuer is jwt-exchange-issuer. Defaults to postern.
	JWTExchangeIssuer string
	// JWTExchangeLifetime is jwt-exchange-lifetime, at least 1 s. Defaults to 1 h.
	JWTExchangeLifetime time.Duration
	// JWTExchangeSecret is jwt-exchange-secret after its @file was read, in the
	// forms of JWTSecret. Defaults to none (nil): no token exchange.
	JWTExchangeSecret Secret
	// JWTIssuers is jwt-issuers after its @file was read: a JSON array, to be
	// read by auth.ParseIssuers. Defaults to none ("").
	JWTIssuers string
	// JWTRequire is jwt-require, names of claims that tokens must have. Defaults
	// to none.
	JWTRequire []string
	// MaxBodyBytes is max-body-bytes; 0 is no limit. Defaults to 10 MiB.
	MaxBodyBytes int64
	// MaxEmbedDepth is max-embed-depth; 0 is no limit. Defaults to 10.
	MaxEmbedDepth int
	// MaxFilters is max-filters; 0 is no limit. Defaults to 256.
	MaxFilters int
	// MaxHeaderBytes is max-header-bytes; 0 is no limit. Defaults to 128 KiB.
	MaxHeaderBytes int
	// MaxJSONDepth is max-json-depth; 0 is no limit. Defaults to 500.
	MaxJSONDepth int
	// MaxJSONPathSteps is max-json-path-steps; 0 is no limit. Defaults to 32.
	MaxJSONPathSteps int
	// MaxLogicDepth is max-logic-depth; 0 is no limit. Defaults to 16.
	MaxLogicDepth int
	// MaxSelectItems is max-select-items; 0 is no limit. Defaults to 1664.
	MaxSelectItems int
	// MaxURLBytes is max-url-bytes; 0 is no limit. Defaults to 64 KiB.
	MaxURLBytes int
	// AdminConfigEnabled is admin-config-enabled. Defaults to false.
	AdminConfigEnabled bool
	// OTelTracesEnabled is otel-traces-enabled. Defaults to false.
	OTelTracesEnabled bool
	// OpenAPIUI is openapi-ui. Defaults to false.
	OpenAPIUI bool
	// ServerBasePath is server-base-path, such as /api. Defaults to none ("").
	ServerBasePath string
	// ServerCompression is server-compression.
	ServerCompression bool
	// ServerBufferBytes is server-buffer-bytes; 0 streams every answer.
	// Defaults to 1 MiB.
	ServerBufferBytes int64
	// RateLimit is rate-limit. Defaults to no limit.
	RateLimit Rate
	// ServerCORSAllowCredentials is server-cors-allow-credentials. Defaults to true.
	ServerCORSAllowCredentials bool
	// ServerBodyTimeout is server-body-timeout; 0 is no limit. Defaults to 30 s.
	ServerBodyTimeout time.Duration
	// ServerHeaderTimeout is server-header-timeout; 0 is no limit. Defaults to 10 s.
	ServerHeaderTimeout time.Duration
	// ServerIdleTimeout is server-idle-timeout; 0 is no limit. Defaults to 120 s.
	ServerIdleTimeout time.Duration
	// ServerWriteTimeout is server-write-timeout; 0 is no limit. Defaults to 30 s.
	ServerWriteTimeout time.Duration
	// ServerShutdownTimeout is server-shutdown-timeout; 0 waits for ever.
	// Defaults to 30 s.
	ServerShutdownTimeout time.Duration
	// ServerStaticCSP is server-static-csp. Defaults to what allows the files of
	// the own origin and data: images.
	ServerStaticCSP string
	// ServerStaticDir is server-static-dir. Defaults to none ("").
	ServerStaticDir string
	// ServerTrustedProxies is server-trusted-proxies. Defaults to nobody.
	ServerTrustedProxies TrustedProxies

	// Warnings lists the values that PostgREST passes over in silence and the
	// syntax it calls deprecated. To be logged, never a reason to stop.
	Warnings []*ValueError
	// Unknown lists keys and variables that are no parameter. PostgREST
	// ignores them, and so does Load.
	Unknown []UnknownKey

	origins    map[string]Origin
	references map[string]reference
}

// Origin tells where the value of the parameter called name came from.
func (c *Config) Origin(name string) Origin {
	if o, ok := c.origins[name]; ok {
		return o
	}
	return Origin{Source: SourceDefault}
}
