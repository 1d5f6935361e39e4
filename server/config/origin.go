package config

import "strconv"

// Source is the kind of place a value came from.
type Source string

// The places a value can come from, the weakest first.
const (
	SourceDefault     Source = "default"
	SourceFile        Source = "file"
	SourceEnvironment Source = "environment"
	SourceDatabase    Source = "database"
	SourceProgram     Source = "program"
)

// Origin is the place a value came from.
type Origin struct {
	Source Source
	// File and Line (from 1) are set for SourceFile.
	File string
	Line int
	// Name is the key in the file (an alias, perhaps), the environment
	// variable, or the setting in the database. Empty for SourceDefault.
	Name string
}

// String renders the place for people: "postgrest.conf:12", "PGRST_DB_URI",
// "pgrst.db_schemas in the database", "the program" or "default".
func (o Origin) String() string {
	switch o.Source {
	case SourceFile:
		return o.File + ":" + strconv.Itoa(o.Line)
	case SourceEnvironment:
		return o.Name
	case SourceDatabase:
		return o.Name + " in the database"
	case SourceProgram:
		return "the program"
	default:
		return string(SourceDefault)
	}
}
