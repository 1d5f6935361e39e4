package policy

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/internal/nodetree"
)

//go:embed *.sql
var queries embed.FS

// Config says what of a database to look at.
type Config struct {
	// Schemas are the exposed schemas, at least one.
	Schemas []string
	// Login is the role that the API's server logs in as. Defaults to the role of the connection.
	Login string
	// Anonymous is the role of callers without a token. Defaults to none.
	Anonymous string
	// PreConfig is the function that the server asks for settings as the login role, with its schema and without
	// quotes, as db-pre-config has it. Defaults to none.
	PreConfig string
}

// Load reads a database in one read-only transaction. Any role may read what it needs; conn must not be in a transaction.
// It is an error if a schema or role of cfg does not exist.
func Load(ctx context.Context, conn *pgx.Conn, cfg Config) (*Database, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, fmt.Errorf("policy: begin a transaction: %w", err)
	}
	d, err := Read(ctx, tx, cfg)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if rollback := tx.Rollback(end); err == nil && rollback != nil && !errors.Is(rollback, pgx.ErrTxClosed) {
		err = fmt.Errorf("policy: end the transaction: %w", rollback)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Read is Load inside a transaction of the caller's. It leaves the transaction with an empty search_path.
func Read(ctx context.Context, tx pgx.Tx, cfg Config) (*Database, error) {
	if len(cfg.Schemas) == 0 {
		return nil, errors.New("policy: no exposed schemas")
	}
	l := &loader{
		ctx: ctx, tx: tx, cfg: cfg,
		d: &Database{
			Exposed: slices.Clone(cfg.Schemas), preConfig: cfg.PreConfig, roles: map[string]*Role{}, relations: map[[2]string]*Relation{},
			functions: map[uint32]*Function{}, operators: map[uint32]*Operator{}, byOID: map[uint32]*Relation{},
		},
		roles: map[uint32]*Role{}, schemas: map[uint32]*Schema{}, sequences: map[uint32]*Sequence{}, policies: map[uint32]*Policy{},
	}
	// Without a search path all names come out qualified. JIT would cost far more than these queries take.
	if _, err := tx.Exec(ctx, "select set_config('search_path', '', true), set_config('jit', 'off', true)", pgx.QueryExecModeExec); err != nil {
		return nil, fmt.Errorf("policy: prepare the transaction: %w", err)
	}
	steps := []struct {
		concern string
		read    func() error
	}{
		{"roles", l.readRoles},
		{"the database", l.readDatabase},
		{"memberships", l.readMemberships},
		{"schemas", l.readSchemas},
		{"relations", l.readRelations},
		{"columns", l.readColumns},
		{"indexes", l.readIndexes},
		{"constraints", l.readConstraints},
		{"policies", l.readPolicies},
		{"dependencies", l.readDependencies},
		{"functions", l.readFunctions},
		{"operators", l.readOperators},
		{"what policies come to", l.foldPolicies},
		{"settings", l.readSettings},
		{"triggers", l.readTriggers},
		{"sequences", l.readSequences},
		{"extensions", l.readExtensions},
		{"grants", l.readGrants},
	}
	for _, s := range steps {
		if err := s.read(); err != nil {
			return nil, fmt.Errorf("policy: load %s: %w", s.concern, err)
		}
	}
	l.sort()
	return l.d, nil
}

// loader holds what one step leaves for the next; objects are known by their oid.
type loader struct {
	ctx context.Context // of the one call of Read
	tx  pgx.Tx
	cfg Config
	d   *Database

	roles     map[uint32]*Role
	schemas   map[uint32]*Schema
	sequences map[uint32]*Sequence
	policies  map[uint32]*Policy
	owner     *Role // of the database
}

// query runs a file's statement and calls each for its rows, which it scans into targets. The statement is not kept, since it runs
// once, and a pooler may be in between.
func (l *loader) query(file string, targets []any, each func() error, args ...any) error {
	text, err := queries.ReadFile(file)
	if err != nil {
		return err
	}
	rows, err := l.tx.Query(l.ctx, string(text), append([]any{pgx.QueryExecModeExec}, args...)...)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, targets, each)
	return err
}

func (l *loader) readRoles() error {
	var r Role
	targets := []any{&r.oid, &r.Name, &r.Login, &r.Inherit, &r.Superuser, &r.BypassRLS, &r.CreateRole, &r.CreateDB, &r.Replication, &r.Settings}
	return l.query("roles.sql", targets, func() error {
		role := r
		role.Settings = slices.Clone(r.Settings)
		l.roles[role.oid] = &role
		l.d.roles[role.Name] = &role
		l.d.Roles = append(l.d.Roles, &role)
		return nil
	})
}

func (l *loader) readDatabase() error {
	var login string
	var owner uint32
	err := l.query("database.sql", []any{&l.d.Name, &l.d.Version, &l.d.VersionText, &login, &owner}, func() error { return nil })
	if err != nil {
		return err
	}
	l.owner = l.roles[owner]
	if l.cfg.Login != "" {
		login = l.cfg.Login
	}
	if l.d.Login = l.d.roles[login]; l.d.Login == nil {
		return fmt.Errorf("there is no role %q to log in as", login)
	}
	if l.cfg.Anonymous == "" {
		return nil
	}
	if l.d.Anonymous = l.d.roles[l.cfg.Anonymous]; l.d.Anonymous == nil {
		return fmt.Errorf("there is no role %q for callers without a token", l.cfg.Anonymous)
	}
	return nil
}

func (l *loader) readMemberships() error {
	var member, of uint32
	var m Membership
	err := l.query("memberships.sql", []any{&member, &of, &m.Inherit, &m.Set, &m.Admin}, func() error {
		if role, other := l.roles[member], l.roles[of]; role != nil && other != nil {
			m.Role = other
			role.Memberships = append(role.Memberships, m)
		}
		return nil
	}, l.d.Version >= 160000)
	link(l.d.Roles, l.owner, l.d.roles[databaseOwner])
	return err
}

func (l *loader) readSchemas() error {
	var oid, owner uint32
	var name string
	err := l.query("schemas.sql", []any{&oid, &name, &owner}, func() error {
		s := &Schema{Name: name, Owner: l.roles[owner], Exposed: slices.Contains(l.cfg.Schemas, name)}
		l.schemas[oid] = s
		l.d.Schemas = append(l.d.Schemas, s)
		return nil
	})
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range l.cfg.Schemas {
		if !slices.ContainsFunc(l.d.Schemas, func(s *Schema) bool { return s.Name == name }) {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	if missing != nil {
		return fmt.Errorf("database %q has no schema %s", l.d.Name, strings.Join(missing, ", "))
	}
	return nil
}

// schema returns the schema of that name, nil for the system's.
func (l *loader) schema(name string) *Schema {
	for _, s := range l.d.Schemas {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// parse reads the tree of an expression, nil if there is none. A tree that cannot be read is an error: nothing may look safe
// because it was not understood.
func parse(tree string) (*nodetree.Node, error) {
	if tree == "" {
		return nil, nil
	}
	return nodetree.Parse(tree)
}
