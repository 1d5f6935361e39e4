package introspect

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/schema"
)

// Load reads the catalog of the database that conn is connected to. It takes one read-only transaction and leaves the
// session as it was; conn must not be in a transaction. If an exposed schema does not exist the error wraps a
// MissingSchemasError.
func Load(ctx context.Context, conn *pgx.Conn, cfg Config) (*schema.Catalog, error) {
	d, err := readDefinition(ctx, conn, cfg)
	if err != nil {
		return nil, err
	}
	return schema.New(d), nil
}

// readDefinition is Load without its last step: it returns what was read, before relationships are derived from it.
func readDefinition(ctx context.Context, conn *pgx.Conn, cfg Config) (*schema.Definition, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	l := &loader{
		conn:       conn.PgConn(),
		cfg:        cfg,
		names:      make(interner),
		def:        &schema.Definition{Schemas: slices.Clone(cfg.Schemas), Comments: map[string]string{}},
		types:      make(map[uint32]*typ),
		partitions: make(map[uint32]*relation),
		code:       newCode(),
	}
	if err := l.begin(ctx); err != nil {
		return nil, fmt.Errorf("introspect: begin a transaction: %w", err)
	}
	if err := l.read(ctx); err != nil {
		return nil, errors.Join(err, l.end(ctx, "rollback"))
	}
	if err := l.end(ctx, "commit"); err != nil {
		return nil, fmt.Errorf("introspect: end the transaction: %w", err)
	}
	return l.def, nil
}

// loader holds what one concern leaves for the next; objects are known by their oid.
type loader struct {
	conn  *pgconn.PgConn
	cfg   Config
	names interner
	def   *schema.Definition

	exposed   []uint32 // the exposed schemas' oids
	visible   []uint32 // the oids of these and of the extra search path
	relations map[uint32]*relation
	rowTypes  map[uint32]*relation // composite types and unexposed relations that routines return
	routines  []*routine
	keys      []constraint
	// partitions have only the names of their key columns.
	partitions map[uint32]*relation
	types      map[uint32]*typ
	typeNames  map[typeName]string
	// computedTypes are the types of computed fields.
	computedTypes []uint32
	// schemaGrantees are the roles that may use each exposed schema.
	schemaGrantees map[string][]uint32
	code           *code
}

// begin starts the transaction. Without a search path all names come out qualified. JIT compilation would cost far more than
// these queries take, and with the usual work_mem the joins of a large catalog would go through files.
func (l *loader) begin(ctx context.Context) error {
	if err := l.exec(ctx, "begin isolation level repeatable read read only"); err != nil {
		return err
	}
	err := l.exec(ctx, "select set_config('search_path', '', true), set_config('jit', 'off', true), set_config('work_mem', '32MB', true)")
	if err != nil {
		return errors.Join(err, l.end(ctx, "rollback"))
	}
	return nil
}

// end ends the transaction, also after ctx was cancelled, unless the connection is lost and the transaction with it.
func (l *loader) end(ctx context.Context, command string) error {
	if l.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return l.exec(ctx, command)
}

func (l *loader) exec(ctx context.Context, sql string) error {
	_, err := l.conn.ExecParams(ctx, sql, nil, nil, nil, nil).Close()
	return err
}

// read runs one query after the other. Routines come before columns because they tell which composite types are needed, and
// types come last of the three since all of them refer to types.
func (l *loader) read(ctx context.Context) error {
	steps := []struct {
		concern string
		read    func(context.Context) error
	}{
		{"schemas", l.readSchemas},
		{"relations", l.readRelations},
		{"routines", l.readRoutines},
		{"columns", l.readColumns},
		{"keys", l.readKeys},
		{"functions", l.readCodeFunctions},
		{"defaults", l.readDefaults},
		{"view keys", l.readViewKeys},
		{"uses of functions", l.readCode},
		{"computed columns", l.readComputed},
		{"data types", l.readDataTypes},
		{"representations", l.readRepresentations},
		{"media type handlers", l.readMediaHandlers},
		{"roles", l.readRoles},
		{"grantees", l.readGrantees},
	}
	for _, s := range steps {
		began := time.Now()
		if err := s.read(ctx); err != nil {
			return fmt.Errorf("introspect: load %s: %w", s.concern, err)
		}
		if l.cfg.Logger != nil {
			l.cfg.Logger.DebugContext(ctx, "schema cache: read "+s.concern, "took", time.Since(began).Round(time.Microsecond))
		}
	}
	return nil
}

// query runs sql and calls each for its rows. Arguments are in text form, results in binary.
func (l *loader) query(ctx context.Context, sql string, args [][]byte, each func(r *row)) error {
	return query(ctx, l.conn, l.names, sql, args, each)
}

func query(ctx context.Context, conn *pgconn.PgConn, names interner, sql string, args [][]byte, each func(r *row)) error {
	result := conn.ExecParams(ctx, sql, args, nil, nil, []int16{pgx.BinaryFormatCode})
	r := row{names: names}
	for result.NextRow() {
		r.values, r.next = result.Values(), 0
		each(&r)
	}
	if _, err := result.Close(); err != nil {
		return err
	}
	return r.err
}

//go:embed server.sql
var serverSQL string

//go:embed schemas.sql
var schemasSQL string

func (l *loader) readSchemas(ctx context.Context) error {
	var database string
	err := l.query(ctx, serverSQL, nil, func(r *row) {
		l.def.ServerVersion = int(r.int4())
		l.def.LoginRole = r.text()
		database = r.text()
	})
	if err != nil {
		return err
	}
	oids := make(map[string]uint32)
	comments := make(map[string]string)
	grantees := make(map[string][]uint32)
	wanted := append(slices.Clone(l.cfg.Schemas), l.cfg.ExtraSearchPath...)
	err = l.query(ctx, schemasSQL, [][]byte{textArray(wanted)}, func(r *row) {
		oid, name := r.oid(), r.text()
		oids[name] = oid
		comments[name] = r.text()
		grantees[name] = r.oids()
	})
	if err != nil {
		return err
	}
	var missing []string
	l.schemaGrantees = make(map[string][]uint32)
	for _, s := range l.cfg.Schemas {
		oid, ok := oids[s]
		if !ok {
			missing = append(missing, s)
			continue
		}
		l.exposed = append(l.exposed, oid)
		l.schemaGrantees[s] = grantees[s]
		if comments[s] != "" {
			l.def.Comments[s] = comments[s]
		}
	}
	if missing != nil {
		return &MissingSchemasError{Schemas: missing, Database: database}
	}
	for _, s := range wanted {
		if oid, ok := oids[s]; ok && !slices.Contains(l.visible, oid) {
			l.visible = append(l.visible, oid)
		}
	}
	return nil
}
