package rls

import "github.com/jackc/pgx/v5/pgconn"

// Rows are the rows of a transaction's main statement, read while they arrive.
type Rows struct {
	reader *pgconn.ResultReader
	sent   bool
}

// Next reads the next row, if there is one.
func (r *Rows) Next() bool { return r.reader.NextRow() }

// Sent says that rows have been passed on, so that the transaction must not be run again should its connection break.
func (r *Rows) Sent() { r.sent = true }

// Values returns the values of the row in the formats that were asked for; nil is NULL. They are valid until the next call of
// Next.
func (r *Rows) Values() [][]byte { return r.reader.Values() }

// Names returns the names of the columns, nil if the statement returns no rows at all, as an UPDATE without RETURNING.
func (r *Rows) Names() []string {
	fields := r.reader.FieldDescriptions()
	if fields == nil {
		return nil
	}
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}
