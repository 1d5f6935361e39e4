package config

// Verbosity is how much of an error a client is told.
type Verbosity string

// The verbosities of client-error-verbosity.
const (
	// Minimal answers with code and message.
	Minimal Verbosity = "minimal"
	// Verbose adds details and hint.
	Verbose Verbosity = "verbose"
)

// LogLevel is how much is logged. A greater level logs more.
type LogLevel int

// The levels of log-level.
const (
	// LogCrit logs start-up and the recovery of lost connections.
	LogCrit LogLevel = iota
	// LogError adds requests answered with 5xx.
	LogError
	// LogWarn adds requests answered with 4xx.
	LogWarn
	// LogInfo adds all other requests.
	LogInfo
	// LogDebug adds events of the pool and of the schema cache.
	LogDebug
)

// String gives the name that the configuration uses.
func (l LogLevel) String() string {
	for _, c := range logLevels() {
		if c.value == l {
			return c.text
		}
	}
	return "error"
}

// OpenAPIMode is what the OpenAPI document shows.
type OpenAPIMode string

// The modes of openapi-mode.
const (
	// OpenAPIFollowPrivileges shows what the caller's role may use.
	OpenAPIFollowPrivileges OpenAPIMode = "follow-privileges"
	// OpenAPIIgnorePrivileges shows all that is exposed.
	OpenAPIIgnorePrivileges OpenAPIMode = "ignore-privileges"
	// OpenAPIDisabled answers the root path with 404.
	OpenAPIDisabled OpenAPIMode = "disabled"
)

// TxEnd is how a request's transaction ends.
type TxEnd string

// The endings of db-tx-end.
const (
	TxCommit                TxEnd = "commit"
	TxCommitAllowOverride   TxEnd = "commit-allow-override"
	TxRollback              TxEnd = "rollback"
	TxRollbackAllowOverride TxEnd = "rollback-allow-override"
)

// RollbackAll tells whether transactions are rolled back unless a request
// overrides it.
func (t TxEnd) RollbackAll() bool { return t == TxRollback || t == TxRollbackAllowOverride }

// AllowOverride tells whether a request may choose with Prefer: tx=.
func (t TxEnd) AllowOverride() bool {
	return t == TxCommitAllowOverride || t == TxRollbackAllowOverride
}

// choice is one of the texts that a parameter takes, with its meaning.
type choice[T any] struct {
	text  string
	value T
}

// same makes choices of constants that are their own text.
func same[T ~string](values ...T) []choice[T] {
	var out []choice[T]
	for _, v := range values {
		out = append(out, choice[T]{string(v), v})
	}
	return out
}

func logLevels() []choice[LogLevel] {
	return []choice[LogLevel]{
		{"crit", LogCrit},
		{"error", LogError},
		{"warn", LogWarn},
		{"info", LogInfo},
		{"debug", LogDebug},
	}
}
