package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/internal/sqlscript"
)

// migrationError is a migration that the database refused, with the place in its file.
type migrationError struct {
	File string
	// Line and Column count from 1, Column in characters. They are 0 where the place is not known.
	Line, Column int
	// Generated says that they count in the SQL that the file's template gave, not in the file.
	Generated bool
	Err       error
}

// Error gives file:line:column, as compilers do, then the message, the SQLSTATE and what the server adds to it.
func (e *migrationError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	if e.Generated {
		b.WriteString(" (counted after its template was filled in)")
	}
	var pgErr *pgconn.PgError
	if !errors.As(e.Err, &pgErr) {
		return b.String() + ": " + e.Err.Error()
	}
	fmt.Fprintf(&b, ": %s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
	for _, more := range []struct{ name, text string }{{"detail", pgErr.Detail}, {"hint", pgErr.Hint}, {"in", pgErr.Where}} {
		if more.text != "" {
			fmt.Fprintf(&b, "; %s: %s", more.name, more.text)
		}
	}
	return b.String()
}

// locate finds the place of an error in the file that the script was taken from.
func (e *migrationError) locate(file, direction string, failed *scriptError) {
	offset, ok := failed.offset()
	if !ok {
		return
	}
	base := strings.Index(file, failed.Script)
	if direction == "down" { // which is the second half
		base = strings.LastIndex(file, failed.Script)
	}
	if base < 0 {
		file, base, e.Generated = failed.Script, 0, true
	}
	e.Line, e.Column = sqlscript.LineAndColumn(file, base+offset)
}

// Unwrap gives the database's error.
func (e *migrationError) Unwrap() error { return e.Err }

// scriptError is an error of a script: Done statements of it were carried out before.
type scriptError struct {
	Script string
	Done   int
	Err    error
}

func (e *scriptError) Error() string { return e.Err.Error() }

func (e *scriptError) Unwrap() error { return e.Err }

// offset is the byte of the script where the error happened: where the server points to, else where the statement begins
// that failed.
func (e *scriptError) offset() (offset int, ok bool) {
	var pgErr *pgconn.PgError
	if errors.As(e.Err, &pgErr) && pgErr.Position > 0 {
		return sqlscript.Offset(e.Script, int(pgErr.Position)), true // or the end, if it ends too early
	}
	if starts := sqlscript.Statements(e.Script); e.Done < len(starts) {
		return starts[e.Done], true
	}
	return 0, false
}
