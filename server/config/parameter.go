package config

import (
	"slices"
	"strings"
)

// Parameter describes one parameter: everything that reading, printing and
// documenting it needs.
type Parameter struct {
	// Name is the key in the file: words joined by "-".
	Name string
	// Aliases are former names of the same parameter.
	Aliases []string
	// Doc says what the parameter does, in plain sentences. The first may stand alone.
	Doc string
	// Default is the default as a file would write it, "" in quotes if unset.
	Default string
	// Example is a value worth showing where the default is to be unset.
	Example string
	// Reloadable tells whether a reload changes it; else it takes a restart.
	Reloadable bool
	// InDatabase tells whether the database may set it as pgrst.NAME.
	InDatabase bool
	// Postern tells that the parameter is Postern's own, unknown to PostgREST.
	Postern bool
	// Secret tells that the value, or a part of it, must not be shown.
	Secret bool

	// aliasFirst makes the aliases win over the name where both are set.
	aliasFirst bool
	// emptyable makes an empty text a value. Else it means: not set.
	emptyable bool
	// textual makes values of other kinds become text before set sees them.
	textual bool
	// reset gives c the default.
	reset func(c *Config)
	// set gives c the value, or says why not.
	set func(c *Config, v value) *problem
	// get gives c's value as a file would write it.
	get func(c *Config) string
}

// problem says what is wrong with a value.
type problem struct {
	what    string
	allowed string
	// tolerated means that PostgREST takes such a value for not set.
	tolerated bool
}

// Environment gives the variable that sets the parameter, PGRST_NAME, or
// POSTERN_NAME for Postern's own. All parameters can be set with either prefix.
func (p Parameter) Environment() string {
	if p.Postern {
		return prefixPostern + environmentName(p.Name)
	}
	return prefixPostgREST + environmentName(p.Name)
}

// Setting gives the name of the setting in the database, or "" if there is none.
func (p Parameter) Setting() string {
	if !p.InDatabase {
		return ""
	}
	return settingPrefix + settingName(p.Name)
}

// names gives the name and the aliases in the order in which they are looked up.
func (p Parameter) names() []string {
	if p.aliasFirst {
		return append(slices.Clone(p.Aliases), p.Name)
	}
	return append([]string{p.Name}, p.Aliases...)
}

func (p Parameter) alias(name string) Parameter {
	p.Aliases = append(p.Aliases, name)
	return p
}

// olderFirst makes the aliases win, which PostgREST does for one parameter.
func (p Parameter) olderFirst() Parameter {
	p.aliasFirst = true
	return p
}

// restart marks what cannot change while the server runs.
func (p Parameter) restart() Parameter {
	p.Reloadable = false
	return p
}

// database marks what the database may set.
func (p Parameter) database() Parameter {
	p.InDatabase = true
	return p
}

func (p Parameter) own() Parameter {
	p.Postern = true
	return p
}

func (p Parameter) secret() Parameter {
	p.Secret = true
	return p
}

func (p Parameter) example(text string) Parameter {
	p.Example = text
	return p
}

// environmentName turns db-pool into DB_POOL.
func environmentName(name string) string { return strings.ToUpper(settingName(name)) }

// settingName turns db-pool into db_pool.
func settingName(name string) string { return strings.ReplaceAll(name, "-", "_") }
