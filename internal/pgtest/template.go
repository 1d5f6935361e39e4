package pgtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/embedpg"
)

// setup is a database that setup scripts have run in, or the error they ended with.
type setup struct {
	database string
	err      error
}

// template returns the database to clone for these scripts, making it if it is the first time. One setup runs at a
// time, so scripts need no care for others that change roles at the same moment.
func (s *shared) template(tb testing.TB, scripts []string) (string, error) {
	tb.Helper()
	if len(scripts) == 0 {
		return "template1", nil
	}
	server := Server(tb)
	hash := sha256.New()
	for _, script := range scripts {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(script), script) // a hash does not fail
	}
	key := string(hash.Sum(nil))

	s.setupMu.Lock()
	defer s.setupMu.Unlock()
	if done, ok := s.setups[key]; ok {
		return done.database, done.err
	}
	database := s.next("template")
	done := setup{database: database, err: runSetup(server, database, scripts)}
	if s.setups == nil {
		s.setups = make(map[string]setup)
	}
	s.setups[key] = done
	return done.database, done.err
}

func runSetup(server *embedpg.Server, database string, scripts []string) error {
	if err := admin(server, "postgres", "create database "+database); err != nil {
		return err
	}
	if err := admin(server, database, scripts...); err != nil {
		return err
	}
	// A template that someone is connected to cannot be cloned, and autovacuum connects too.
	return admin(server, "postgres", "alter database "+database+" allow_connections false")
}

// admin runs scripts of any number of statements as superuser, each script in one implicit transaction.
func admin(server *embedpg.Server, database string, scripts ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URI(embedpg.Superuser, database))
	if err != nil {
		return fmt.Errorf("connect to database %s: %w", database, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, script := range scripts {
		if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return explain(script, err)
		}
	}
	return nil
}

// explain adds to PostgreSQL's error the line of the script and what the server says beside the message.
func explain(script string, err error) error {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) {
		return fmt.Errorf("run script: %w", err)
	}
	var where strings.Builder
	if characters := []rune(script); pgErr.Position > 0 && int(pgErr.Position) <= len(characters) {
		before := string(characters[:pgErr.Position-1])
		line := strings.Split(script, "\n")[strings.Count(before, "\n")]
		fmt.Fprintf(&where, " in line %d: %s", strings.Count(before, "\n")+1, strings.TrimSpace(line))
	}
	for _, more := range []string{pgErr.Detail, pgErr.Hint, pgErr.Where} {
		if more != "" {
			where.WriteString("; " + more)
		}
	}
	return fmt.Errorf("run script: %w%s", err, where.String())
}

// Role is a setup script that makes a role unless it exists, then gives it the attributes: those of ALTER ROLE, such
// as "login noinherit". Roles belong to the server, which all tests of a package share, so scripts that create roles must
// bear finding them there. Give it to New, which runs one setup at a time; attributes are SQL, name is quoted.
func Role(name, attributes string) string {
	role := pgx.Identifier{name}.Sanitize()
	script := "do $pgtest$ begin create role " + role + "; exception when duplicate_object then null; end $pgtest$;\n"
	if attributes != "" {
		script += "alter role " + role + " " + attributes + ";\n"
	}
	return script
}
