package introspect

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Config says what Load reads.
type Config struct {
	// Schemas are the exposed schemas, the first being the default. At least one is required and all must exist.
	Schemas []string
	// ExtraSearchPath are schemas that requests can see without their being exposed, such as "public" or those of
	// extensions. Views and computed fields in them are taken into account. Those that do not exist are ignored, as PostgreSQL
	// does.
	ExtraSearchPath []string
	// HoistedSettings are regular expressions (PostgreSQL manual, 9.7.3 POSIX Regular Expressions), not anchored, of the SET
	// clauses of a function, in the form name=value, that are to hold for its whole transaction. Defaults to none.
	HoistedSettings []string
	// Logger, if not nil, is told at level debug how long each part took.
	Logger *slog.Logger
}

func (c *Config) validate() error {
	if len(c.Schemas) == 0 {
		return errors.New("introspect: no schema to expose: name at least one")
	}
	if i := slices.Index(c.Schemas, ""); i >= 0 {
		return fmt.Errorf("introspect: the name of exposed schema %d is empty", i+1)
	}
	return nil
}

// MissingSchemasError says that schemas to be exposed do not exist in the database.
type MissingSchemasError struct {
	Schemas  []string
	Database string
}

func (e *MissingSchemasError) Error() string {
	quoted := make([]string, len(e.Schemas))
	for i, s := range e.Schemas {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	verb, noun := "does", "schema"
	if len(quoted) > 1 {
		verb, noun = "do", "schemas"
	}
	return fmt.Sprintf("%s %s %s not exist in database %q", noun, strings.Join(quoted, ", "), verb, e.Database)
}
