package policy

import "strings"

// FunctionKind is PostgreSQL's prokind.
type FunctionKind string

// The kinds of functions.
const (
	FunctionPlain     FunctionKind = "f"
	FunctionProcedure FunctionKind = "p"
	FunctionAggregate FunctionKind = "a"
	FunctionWindow    FunctionKind = "w"
)

// Volatility is PostgreSQL's provolatile.
type Volatility string

// What a function's result depends on (PostgreSQL manual, 36.7 Function Volatility Categories).
const (
	Immutable Volatility = "i"
	Stable    Volatility = "s"
	Volatile  Volatility = "v"
)

// Function is a function, procedure or aggregate.
type Function struct {
	// Schema is nil for functions of the system; SchemaName is never "".
	Schema     *Schema
	SchemaName string
	Name       string
	// Arguments identify it among those of its name, as in DROP FUNCTION.
	Arguments       string
	Owner           *Role
	Kind            FunctionKind
	SecurityDefiner bool
	Leakproof       bool
	Volatility      Volatility
	// Settings are those of SET in its definition, name=value.
	Settings []string
	Language string
	Returns  string
	// Source is the body as text, Body that in SQL-standard form, with all names qualified (PostgreSQL manual, CREATE FUNCTION,
	// sql_body). One of them is "".
	Source, Body string
	Grants       []Grant
	// Extension is the extension that made it, "" if none did.
	Extension string

	oid uint32
}

// String is the function's signature, quoted where SQL needs it.
func (f *Function) String() string {
	return QuoteName(f.SchemaName, f.Name) + "(" + f.Arguments + ")"
}

// IsTrigger says whether it can be called by triggers only.
func (f *Function) IsTrigger() bool { return f.Returns == "trigger" || f.Returns == "event_trigger" }

// Setting returns the value that the function's definition sets, ok false if it sets none.
func (f *Function) Setting(name string) (value string, ok bool) {
	for _, s := range f.Settings {
		if n, v, _ := strings.Cut(s, "="); n == name {
			return v, true
		}
	}
	return "", false
}
