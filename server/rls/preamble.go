package rls

import "strconv"

// fixedSettings is the number of settings that every transaction has.
const fixedSettings = 8

// preamble returns the statement that makes the transaction the caller's, with its arguments. It is the one place that decides
// how the role and the claims are set. PostgreSQL evaluates the items in order: the search path and the login role's settings
// come before the role.
func (t *Transaction) preamble() Query {
	before, after := len(t.LoginSettings), len(t.Settings)
	args := make([][]byte, 0, fixedSettings+2*(before+after))
	for _, s := range t.LoginSettings {
		args = append(args, []byte(s.Name), []byte(s.Value))
	}
	readOnly := "off"
	if t.ReadOnly {
		readOnly = "on"
	}
	args = append(args, []byte(t.SearchPath), []byte(t.Role), []byte(t.Claims), []byte(t.Method), []byte(t.Path),
		[]byte(t.Headers), []byte(t.Cookies), []byte(readOnly))
	for _, s := range t.Settings {
		args = append(args, []byte(s.Name), []byte(s.Value))
	}
	if before == 0 && after == 0 {
		return Query{SQL: plainPreamble, Args: args}
	}
	return Query{SQL: preambleSQL(before, after), Args: args}
}

// maxArguments is below the number of arguments that PostgreSQL allows in one call (100).
const maxArguments = 90

var plainPreamble = preambleSQL(0, 0)

var settingNames = [fixedSettings]string{
	"search_path", "role", "request.jwt.claims", "request.method", "request.path", "request.headers", "request.cookies",
	"transaction_read_only",
}

// preambleSQL writes the statement for a number of settings before and after the fixed ones. It returns one short value
// rather than the settings, which would travel back for nothing.
func preambleSQL(before, after int) string {
	sql, n, items := "select pg_catalog.num_nulls(", 0, 0
	item := func(name string) {
		switch {
		case items == maxArguments:
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
	for range after {
		item("")
	}
	return sql + ")"
}
