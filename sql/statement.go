package sql

import "github.com/postern-db/postern/schema"

// Statement is what is sent to PostgreSQL, and how its rows are to be read.
type Statement struct {
	SQL  string
	Args []Arg
	// Shape tells what the rows are.
	Shape Shape
	// Columns describe the values of each row of ShapeRows and ShapeScalar; nil if the names are only known from the result
	// itself, as with the rows of a function that the catalog cannot describe.
	Columns []OutputColumn
	// HasTotal is set if two values come before those of Columns: the number of all rows, whatever the page, and a boolean that
	// is null if there is no row, so that the number comes even with an empty page.
	HasTotal bool
	// PlanRows, if not nil, is an EXPLAIN (FORMAT JSON) whose top node tells the planner's estimate of the number of rows.
	PlanRows *Query
	// ReadsResponse is set if code that ran in the transaction may have set response.headers or response.status, or if it counts
	// the rows that an upsert inserts. What is known to be harmless (schema.Relation.RunsCode) sets nothing.
	ReadsResponse bool
}

// Query is SQL text with its arguments.
type Query struct {
	SQL  string
	Args []Arg
}

// Arg is an argument in PostgreSQL's text format, or a bytea's bytes if Binary. Its type is left to PostgreSQL to infer.
type Arg struct {
	Value  []byte // nil is NULL
	Binary bool
}

// Shape tells what the rows of a statement are.
type Shape uint8

// The shapes.
const (
	ShapeRows      Shape = iota // each row has the values of Columns
	ShapeScalar                 // each row has one value, which is not wrapped into an object
	ShapeDocuments              // each row has one value: its JSON text
	ShapeBody                   // one row: the number of rows, and the body, whose bytes are binary
	ShapeLines                  // each row has one value: a line of an EXPLAIN
	ShapeCount                  // one row: the number of rows, and the number of all rows or null
	ShapeNone                   // no rows; the command tag tells how many were written
	ShapeLocation               // at most one row: the number of rows written, and the values of Columns for Location
)

// OutputColumn is a column of the result.
type OutputColumn struct {
	Key      string
	Encoding schema.Encoding
}
