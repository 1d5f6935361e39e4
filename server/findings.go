package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
)

//go:embed findings.sql
var findingsSQL string

// findings are the things that were found unsafe in the database, each of which is logged once.
type findings struct {
	mu    sync.Mutex
	known map[string]bool
}

// news keeps of a list what was not in one before.
func (f *findings) news(kind string, names []string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = map[string]bool{}
	}
	var out []string
	for _, name := range names {
		if key := kind + " " + name; !f.known[key] {
			f.known[key] = true
			out = append(out, name)
		}
	}
	return out
}

// findingKinds say what is wrong with each kind that findings.sql yields.
var findingKinds = []struct{ kind, message string }{
	{"table", "anybody can read all rows of these tables: db-anon-role may select from them, and row-level security is not enabled"},
	{"view", "these views show rows of tables with row-level security as their owners see them, not their readers: set security_invoker where there is (PostgreSQL 15)"},
	{"function", "anybody can call these functions, which run with the rights of their owners (SECURITY DEFINER): revoke execute from public"},
}

// warnUnsafe logs what in the database lets callers past row-level security, as far as it was not logged before. It is no
// judge: all of it may be meant. `postern lint` tells more.
func (s *Server) warnUnsafe(ctx context.Context, conn *pgx.Conn, c *config.Config, catalog *schema.Catalog) {
	s.warnAnonymous(c, catalog)
	version := catalog.ServerVersion
	if holes := knownHoles(version); len(holes) > 0 {
		if holes = s.findings.news("hole", holes); len(holes) > 0 {
			s.logger.Warn("this PostgreSQL has known holes in row-level security or its plans: install its newest minor release",
				"version", strconv.Itoa(version/10000)+"."+strconv.Itoa(version%10000), "holes", strings.Join(holes, ", "))
		}
	}
	found, err := findUnsafe(ctx, conn, c)
	switch {
	case errors.Is(ctx.Err(), context.Canceled): // the server ends
		return
	case err != nil:
		s.logger.Warn("what is unsafe in the database could not be found out", "error", err)
		return
	}
	for _, k := range findingKinds {
		if names := s.findings.news(k.kind, found[k.kind]); len(names) > 0 {
			s.logger.Warn(k.message, "names", strings.Join(shorten(names), ", "))
		}
	}
}

// warnAnonymous logs what is wrong with the anonymous role.
func (s *Server) warnAnonymous(c *config.Config, catalog *schema.Catalog) {
	role, message := catalog.Role(c.DBAnonRole), ""
	switch {
	case c.DBAnonRole == "":
	case role == nil:
		message = "requests without a token are refused: the login role may not become db-anon-role"
	case role.Superuser:
		message = "requests without a token are refused: db-anon-role is a superuser"
	case role.BypassRLS && !c.DBAllowBypassRLS:
		message = "requests without a token are refused: db-anon-role bypasses row-level security"
	case role.Name == catalog.LoginRole:
		message = "anybody has all rights of the role that the server logs in as, since that is db-anon-role: give it a role of its own"
	}
	if message != "" && len(s.findings.news("anonymous", []string{c.DBAnonRole + " " + message})) > 0 {
		s.logger.Warn(message, "db-anon-role", c.DBAnonRole)
	}
}

func findUnsafe(ctx context.Context, conn *pgx.Conn, c *config.Config) (map[string][]string, error) {
	rows, err := conn.Query(ctx, findingsSQL, c.DBSchemas, c.DBAnonRole)
	if err != nil {
		return nil, fmt.Errorf("look for what is unsafe: %w", err)
	}
	out := map[string][]string{}
	var kind, name string
	if _, err := pgx.ForEachRow(rows, []any{&kind, &name}, func() error {
		out[kind] = append(out[kind], name)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look for what is unsafe: %w", err)
	}
	return out, nil
}

// maxFindings bounds the names in a line of the log.
const maxFindings = 20

func shorten(names []string) []string {
	if len(names) <= maxFindings {
		return names
	}
	return append(names[:maxFindings:maxFindings], "and "+strconv.Itoa(len(names)-maxFindings)+" more")
}

// hole is a fault of PostgreSQL's, with the minor releases of each major version that mend it. Majors that are not named never
// had it.
type hole struct {
	name   string
	mended map[int]int
}

// holes are those that let a caller see rows or plans of another (https://www.postgresql.org/support/security).
var holes = []hole{
	{"CVE-2023-2455", map[int]int{14: 8, 15: 3}},
	{"CVE-2024-10976", map[int]int{14: 14, 15: 9, 16: 5, 17: 1}},
	{"CVE-2024-10978", map[int]int{14: 14, 15: 9, 16: 5, 17: 1}},
	{"CVE-2025-8713", map[int]int{14: 19, 15: 14, 16: 10, 17: 6}},
}

// knownHoles names the holes of a PostgreSQL, by its server_version_num.
func knownHoles(version int) []string {
	var out []string
	for _, h := range holes {
		if minor, had := h.mended[version/10000]; had && version%10000 < minor {
			out = append(out, h.name+" (mended in "+strconv.Itoa(version/10000)+"."+strconv.Itoa(minor)+")")
		}
	}
	return out
}
