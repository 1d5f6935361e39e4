package auth

import "strings"

// maxRoleBytes is the longest name PostgreSQL keeps (NAMEDATALEN - 1). It cuts
// longer ones, so that they could name another role than the one meant.
const maxRoleBytes = 63

// refuseRole says why a name can never be the role of a request, or returns
// "". It holds only what is known without a catalog. See PostgreSQL's manual,
// SET ROLE ("none" means the login role there) and CREATE ROLE (names that
// begin with pg_ are the server's own).
func refuseRole(role string) string {
	switch {
	case role == "":
		return "the name is empty"
	case len(role) > maxRoleBytes:
		return "the name is longer than 63 bytes"
	case strings.ContainsFunc(role, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "the name has a control character"
	case strings.EqualFold(role, "none"), strings.EqualFold(role, "public"), strings.HasPrefix(role, "pg_"):
		return "the name is reserved by PostgreSQL"
	}
	return ""
}
