package server

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strings"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/sql"
)

// state is what requests are served with until the next reload. It is immutable: a request uses the one it began with.
type state struct {
	// id tells this state from all others, also of other processes.
	id       string
	config   *config.Config
	verifier *auth.Verifier
	parse    sql.Options
	plan     sql.Settings
	// templates are what requests became with this state.
	templates *templates
	// catalog is nil until it was read for the first time.
	catalog *schema.Catalog
	// extraSearchPath is db-extra-search-path, quoted and with a leading comma.
	extraSearchPath string
	preRequest      string       // the statement that calls db-pre-request, or ""
	varies          string       // the Vary of responses
	limiter         *rateLimiter // nil without rate-limit
	// tags are those of the documents that describe the API.
	tags *documentTags
	// endVerifier ends what the verifier does in the background.
	endVerifier context.CancelFunc
}

func newState(c *config.Config, catalog *schema.Catalog, logger *slog.Logger) (*state, error) {
	issuers, err := auth.ParseIssuers(c.JWTIssuers)
	if err != nil {
		return nil, c.Reject("jwt-issuers", "it cannot be read", err)
	}
	verifier, err := auth.New(auth.Config{
		Secret: string(c.JWTSecret), Audience: c.JWTAudience, RoleClaimKey: c.JWTRoleClaimKey, AnonRole: c.DBAnonRole,
		CacheMaxEntries: c.JWTCacheMaxEntries, Issuers: issuers, Require: c.JWTRequire, Cookie: c.JWTCookie,
		ExchangeSecret: string(c.JWTExchangeSecret), ExchangeIssuer: c.JWTExchangeIssuer,
		ExchangeLifetime: c.JWTExchangeLifetime, Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	s := &state{
		id: rand.Text(), config: c, verifier: verifier, catalog: catalog, tags: &documentTags{}, templates: newTemplates(),
		limiter: newRateLimiter(c.RateLimit), varies: varies(c),
		parse: sql.Options{
			Schemas: c.DBSchemas, RootRoutine: c.DBRootSpec.Name,
			DescribeDisabled: c.OpenAPIMode == config.OpenAPIDisabled,
			AllowTransaction: c.DBTxEnd.AllowOverride(),
			Limits: sql.Limits{
				EmbedDepth: c.MaxEmbedDepth, LogicDepth: c.MaxLogicDepth, SelectItems: c.MaxSelectItems, Filters: c.MaxFilters,
				JSONPathSteps: c.MaxJSONPathSteps, JSONDepth: c.MaxJSONDepth,
			},
		},
		plan: sql.Settings{
			Aggregates: c.DBAggregatesEnabled, Plans: c.DBPlanEnabled, LegacyTargetNames: c.URLUseLegacyTargetNames,
			SafeUpdate: c.DBSafeUpdate,
		},
	}
	if c.DBMaxRows != nil {
		s.plan.MaxRows = *c.DBMaxRows
	}
	var path strings.Builder
	for _, name := range c.DBExtraSearchPath {
		path.WriteString(", " + schema.QuoteIdentifier(name))
	}
	s.extraSearchPath = path.String()
	if !c.DBPreRequest.IsZero() {
		s.preRequest = "select " + c.DBPreRequest.SQL() + "()"
	}
	return s, nil
}

// withCatalog returns the state with another catalog.
func (s *state) withCatalog(c *schema.Catalog) *state {
	next := *s
	next.id, next.catalog, next.tags, next.templates = rand.Text(), c, &documentTags{}, newTemplates()
	return &next
}
