// Package explain tells why the rows of a request are seen or not: by grants and policies, each by itself, and by the plan.
//
// It works in one transaction that is read-only and rolled back, and makes nothing in the database: a function that a policy calls cannot
// write, and a standby can be asked. A write is explained, never done. Rows are found with the rights of the tables' owners, and then
// held against the policies as the caller, since what they say depends on who asks.
package explain

import "encoding/json"

// Explanation is why a request is answered as it is.
type Explanation struct {
	Method string          `json:"method"`
	Target string          `json:"target"`
	Role   string          `json:"role"`
	Claims json.RawMessage `json:"claims"`
	// Verdict says it in sentences, what matters most first.
	Verdict []string `json:"verdict"`
	// Error is what PostgreSQL answers, nil if the request works.
	Error *Error `json:"error"`
	// Rows is how many rows the caller gets of a read; nil for writes and errors.
	Rows      *int64     `json:"rows"`
	Relations []Relation `json:"relations"`
	SQL       string     `json:"sql"`
	Arguments []*string  `json:"arguments"`
	// Plan is PostgreSQL's plan as the caller, in its JSON format; nil if it could not be made.
	Plan json.RawMessage `json:"plan"`
	// Cost is the plan's total cost, in PostgreSQL's arbitrary units.
	Cost float64 `json:"cost"`
}

// Error is an error of PostgreSQL's.
type Error struct {
	Code    string `json:"code"` // SQLSTATE
	Message string `json:"message"`
}

// Relation is a relation that a request reads or writes, by one action.
type Relation struct {
	Name   string `json:"name"` // with its schema, quoted where SQL needs it
	Kind   string `json:"kind"`
	Action string `json:"action"` // create, read, update or delete
	// Role is whom PostgreSQL judges: the caller, or below a view its owner.
	Role  string `json:"role"`
	Owner string `json:"owner"`
	// Part says what it is to the request: "" for what the path names, else how it comes in.
	Part string `json:"part,omitempty"`
	// RLS says whether row-level security holds, and if not why.
	RLS     string  `json:"rls"`
	Missing []Grant `json:"missing_grants"`
	// Triggers may change what is written before the policies are held against it: those FOR EACH ROW that run BEFORE it.
	Triggers []string `json:"triggers"`
	// Policies are all of the relation's for the action, those that do not apply included.
	Policies []Policy `json:"policies"`
	// Asked is how many rows the request asks for, or would write; Pass how many of them pass. Nil if they could not be counted: Note
	// says why. At most MaxCounted are looked at.
	Asked *int64 `json:"asked"`
	Pass  *int64 `json:"pass"`
	Note  string `json:"note,omitempty"`
	// Scan is how the plan reads it, such as Seq Scan; "" if it does not.
	Scan string `json:"scan,omitempty"`
}

// MaxCounted is how many rows are looked at for one relation.
const MaxCounted = 10_000

// Grant is a privilege that is missing.
type Grant struct {
	Privilege string   `json:"privilege"`
	Columns   []string `json:"columns,omitempty"` // empty for the whole relation
	SQL       string   `json:"sql"`               // what would grant it
}

// Policy is a policy of a relation.
type Policy struct {
	Name        string   `json:"name"`
	Restrictive bool     `json:"restrictive"`
	Command     string   `json:"command"` // SELECT and so on, or ALL
	Roles       []string `json:"roles"`
	// Applies says whether it is for the role; else it is as if it were not there.
	Applies bool `json:"applies"`
	// Clause is USING or WITH CHECK, Expression what it says.
	Clause     string `json:"clause"`
	Expression string `json:"expression"`
	// Pass is how many of the rows asked for pass it, nil if that is not known.
	Pass  *int64 `json:"pass"`
	Error string `json:"error,omitempty"` // why it could not be evaluated
	// Index is the index by which the plan finds the policy's rows, "" if none.
	Index string `json:"index,omitempty"`

	columns []string // of its own table that its expression reads
}
