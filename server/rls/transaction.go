package rls

import (
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Transaction is what one request runs.
type Transaction struct {
	// Role is the database role that the transaction runs as.
	Role string
	// SearchPath is the search path: quoted schema names, joined by commas.
	SearchPath string
	// Claims, Method, Path, Headers and Cookies become request.jwt.claims, request.method and so on (PostgREST reference,
	// Transactions, Request Headers, Cookies and JWT claims). Claims, Headers and Cookies are JSON objects.
	Claims  string
	Method  string
	Path    string
	Headers string
	Cookies string
	// LoginSettings are set before the role is taken on, with the rights of the login role; Settings after it.
	LoginSettings []Setting
	Settings      []Setting
	ReadOnly      bool
	// RunsCode is set if the transaction may run code that is not known to be harmless and so could leave something in the
	// session: settings, locks, temporary tables. The connection is then wiped before anybody else gets it. The caller does not
	// wait for that.
	RunsCode bool
	// Isolation is the isolation level; the zero value leaves the database's default.
	Isolation Isolation
	// Before is a statement that runs first of all, as the login role and free to write; its error ends the transaction.
	Before Query
	// PreRequest is a statement that runs before Main, as the role; empty for none.
	PreRequest string
	// Gate, if it has SQL, runs before Main, which runs only if Admit returns nil for the row that Gate gives, nil for none. Run
	// returns its error. Gate takes a round trip of its own.
	Gate  Query
	Admit func(row [][]byte) error
	Main  Query
	// After run after Main, each giving at most one row of text values.
	After []Query
	// Rollback undoes everything at the end, after deferred constraints were checked.
	Rollback bool
	// Waited is set by Run: how long it took to get a connection, all attempts together.
	Waited time.Duration
	// Check, if not nil, sees the outcome before the transaction is committed; if it returns an error, everything is undone and
	// Run returns that error.
	Check func(*Outcome) error
}

// Setting is a setting of the transaction.
type Setting struct{ Name, Value string }

// Query is a statement with its arguments.
type Query struct {
	SQL  string
	Args [][]byte
	// ArgFormats are 0 for text and 1 for binary; nil for all text.
	ArgFormats []int16
	// ResultFormats likewise; nil for all text.
	ResultFormats []int16
}

// Outcome is what a transaction did.
type Outcome struct {
	// Tag is Main's command tag, such as UPDATE 3.
	Tag pgconn.CommandTag
	// After holds the values of each of Transaction.After; a nil value is NULL, a nil row is no row.
	After [][][]byte
}

// Isolation is a transaction isolation level (PostgreSQL manual, 13.2 Transaction Isolation).
type Isolation string

// The isolation levels.
const (
	DefaultIsolation Isolation = ""
	ReadCommitted    Isolation = "read committed"
	RepeatableRead   Isolation = "repeatable read"
	Serializable     Isolation = "serializable"
)

// explicit reports whether the transaction needs BEGIN and COMMIT: where the level is not the default, which cannot be set
// within a transaction, and where the end depends on the result.
func (t *Transaction) explicit() bool {
	return t.Isolation == RepeatableRead || t.Isolation == Serializable || t.Rollback || t.Check != nil
}

// begin returns the statement that opens an explicit transaction.
func (t *Transaction) begin() string {
	sql := "BEGIN"
	switch t.Isolation {
	case RepeatableRead:
		sql += " ISOLATION LEVEL REPEATABLE READ"
	case Serializable:
		sql += " ISOLATION LEVEL SERIALIZABLE"
	}
	if t.ReadOnly && t.Before.SQL == "" { // the preamble makes it so after Before
		sql += " READ ONLY"
	}
	return sql
}
