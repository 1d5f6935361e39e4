package encode_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"pgregory.net/rapid"

	"github.com/postern-db/postern/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// statement is a prepared statement that takes one value of each type and returns columns.
type statement struct {
	conn  *pgconn.PgConn
	name  string
	types []pgType
}

// prepare prepares "select <selected> from t", where t has a column of each type, filled from the parameters.
func prepare(t *testing.T, conn *pgx.Conn, types []pgType, selected string) statement {
	t.Helper()
	columns := make([]string, len(types))
	for i, typ := range types {
		columns[i] = typ.expression(i+1) + " as " + quote(typ.name)
	}
	// OFFSET keeps the planner from evaluating the casts anew for each use of a column.
	sql := "select " + selected + " from (select " + strings.Join(columns, ", ") + " offset 0) t"
	if _, err := conn.PgConn().Prepare(t.Context(), "s", sql, nil); err != nil {
		t.Fatalf("%v in %s", err, sql)
	}
	return statement{conn: conn.PgConn(), name: "s", types: types}
}

// run returns the one row for random values, and the values.
func (s statement) run(ctx context.Context, t *rapid.T) (row, input [][]byte) {
	input = make([][]byte, len(s.types))
	for i, typ := range s.types {
		if rapid.IntRange(0, 9).Draw(t, "NULL if 0") > 0 {
			input[i] = []byte(typ.values.Draw(t, typ.name))
		}
	}
	result := s.conn.ExecPrepared(ctx, s.name, input, nil, nil).Read()
	if result.Err != nil {
		t.Fatalf("%v; input: %s", result.Err, strings.Join(texts(input), " | "))
	}
	return result.Rows[0], input
}

func texts(values [][]byte) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// sessions are settings that change how PostgreSQL writes values as text.
var sessions = map[string]string{
	"default":  "",
	"german":   "set datestyle = 'German, DMY'; set intervalstyle = 'postgres_verbose'; set timezone = 'Asia/Kathmandu'",
	"sql":      "set datestyle = 'SQL, MDY'; set intervalstyle = 'sql_standard'; set bytea_output = 'escape'; set extra_float_digits = -15",
	"postgres": "set datestyle = 'Postgres, DMY'; set intervalstyle = 'iso_8601'; set extra_float_digits = 3; set timezone = 'America/St_Johns'",
	"rounded":  "set datestyle = 'ISO, YMD'; set extra_float_digits = 0; set quote_all_identifiers = on; set search_path = ''",
}

// session connects to a database that has the types, with the settings. xml tells whether this PostgreSQL knows it.
func session(t *testing.T, settings string) (conn *pgx.Conn, xml bool, version int) {
	t.Helper()
	conn = pgtest.New(t, userTypes).Conn(t, "postgres")
	err := conn.QueryRow(t.Context(), `select current_setting('server_version_num')::int / 10000`).Scan(&version)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `select '<a/>'::xml`)
	xml = err == nil
	if _, err := conn.PgConn().Exec(t.Context(), settings).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return conn, xml, version
}
