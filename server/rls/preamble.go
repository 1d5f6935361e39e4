package rls

import "strconv"

// fixedSettings is the number of settings that every transaction has a value for.
const fixedSettings = 7

// preamble returns the statement that makes the transaction the caller's, with its arguments. It is the one place that decides
// how the role and the claims are set. PostgreSQL evaluates the items in order: the search path and the login role's settings
// come before the role.
//
// One that only reads is made so. One that writes is left as it begins: on a standby, or where default_transaction_read_only is on, it
// may not write, and to ask for it would be the error.
func (t *Transaction) preamble() Query {
	before, after := len(t.LoginSettings), len(t.Settings)
	fixed := [fixedSettings]string{t.SearchPath, t.Role, t.Claims, t.Method, t.Path, t.Headers, t.Cookies}
	size := 0
	for _, v := range fixed {
		size += len(v)
	}
	args := arguments{list: make([][]byte, 0, fixedSettings+2*(before+after)), text: make([]byte, 0, size)}
	for _, s := range t.LoginSettings {
		args.add(s.Name)
		args.add(s.Value)
	}
	for _, v := range fixed {
		args.add(v)
	}
	for _, s := range t.Settings {
		args.add(s.Name)
		args.add(s.Value)
	}
	switch {
	case before > 0 || after > 0:
		return Query{SQL: preambleSQL(before, after, t.ReadOnly), Args: args.list}
	case t.ReadOnly:
		return Query{SQL: plainReadPreamble, Args: args.list}
	default:
		return Query{SQL: plainPreamble, Args: args.list}
	}
}

// arguments are the arguments of a statement, whose texts stand in one piece of memory as far as it reaches.
type arguments struct {
	list [][]byte
	text []byte
}

func (a *arguments) add(value string) {
	start := len(a.text)
	a.text = append(a.text, value...)
	a.list = append(a.list, a.text[start:len(a.text):len(a.text)])
}

// maxArguments is below the number of arguments that PostgreSQL allows in one call (100).
const maxArguments = 90

var plainPreamble, plainReadPreamble = preambleSQL(0, 0, false), preambleSQL(0, 0, true)

var settingNames = [fixedSettings]string{
	"search_path", "role", "request.jwt.claims", "request.method", "request.path", "request.headers", "request.cookies",
}

// preambleSQL writes the statement for a number of settings before and after the fixed ones. It returns one short value
// rather than the settings, which would travel back for nothing.
func preambleSQL(before, after int, readOnly bool) string {
	sql, n, items := "select pg_catalog.num_nulls(", 0, 0
	item := func(name string) {
		switch {
		case items >= maxArguments:
			sql += ") + pg_catalog.num_nulls("
			items = 0
		case items > 0:
			sql += ", "
		}
		items++
		if name == "" {
			n++
			name = "$" + strconv.Itoa(n)
		} else {
			name = "'" + name + "'"
		}
		n++
		sql += "pg_catalog.set_config(" + name + ", $" + strconv.Itoa(n) + ", true)"
	}
	for range before {
		item("")
	}
	for _, name := range settingNames {
		item(name)
	}
	if readOnly {
		sql += ", pg_catalog.set_config('transaction_read_only', 'on', true)"
		items++
	}
	for range after {
		item("")
	}
	return sql + ")"
}
