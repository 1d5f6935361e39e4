package config

import (
	"fmt"
	"strings"
)

// ValueError says that a parameter's value cannot be used, or, among
// [Config.Warnings], that it was not used. It never holds a secret's value.
type ValueError struct {
	// Key is the parameter, under its present name.
	Key string
	// Origin is where the value was found.
	Origin Origin
	// Problem says what is wrong with the value.
	Problem string
	// Allowed says what the parameter takes. It may be empty.
	Allowed string
	// Err is the cause, if there is one.
	Err error
}

// Error renders the place, the key, the problem and what is allowed in one line.
func (e *ValueError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", e.Origin, e.Key, e.Problem)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %s", e.Err)
	}
	if e.Allowed != "" {
		fmt.Fprintf(&b, "; allowed: %s", e.Allowed)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

// Reject blames the parameter called name for err and says where its value was
// set. It is for the rooms that understand a value better than this one does:
// the keys in jwt-secret, the path in jwt-role-claim-key. Neither problem nor err may
// hold a secret.
func (c *Config) Reject(name, problem string, err error) *ValueError {
	return &ValueError{Key: name, Origin: c.Origin(name), Problem: problem, Err: err}
}

// SyntaxError says where a configuration file cannot be read. It quotes no
// more than one character of the file, which may hold secrets.
type SyntaxError struct {
	File string
	// Line and Column count from 1, the column in characters.
	Line, Column int
	Message      string
}

// Error renders "file:line:column: message".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}
