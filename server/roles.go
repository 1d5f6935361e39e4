package server

import (
	"net/http"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/auth"
	"github.com/postern-db/postern/sql"
)

// checkRole refuses roles that would escape row-level security, whatever the token says: superusers, roles with BYPASSRLS
// and the login role itself, unless the operator has made that the anonymous role. All others PostgreSQL judges when the role is
// taken on.
func (x *exchange) checkRole(name string) error {
	why := ""
	var role *schema.Role
	if x.state.catalog != nil {
		role = x.state.catalog.Role(name)
	}
	switch {
	case name == "" || name == "none": // to PostgreSQL, the role that the server logs in as
		why = "It stands for no role"
	case role == nil:
		return nil
	case role.Superuser:
		why = "It is a superuser"
	case role.BypassRLS && !x.state.config.DBAllowBypassRLS:
		why = "It bypasses row-level security"
	case role.Name == x.state.catalog.LoginRole && role.Name != x.state.config.DBAnonRole:
		why = "It is the role that the server logs in as"
	default:
		return nil
	}
	return &apiError{
		Status: http.StatusForbidden, Code: auth.CodeRole, Message: "The role '" + name + "' may not be assumed",
		Details: text(why),
	}
}

// chooseRole finds the role that runs the request's action (db-role-by-action).
func (x *exchange) chooseRole() error {
	x.role = x.state.config.DBRoleByAction.Role(x.caller.Role, actionName(x.request.Action))
	if x.role == x.caller.Role {
		return nil
	}
	return x.checkRole(x.role)
}

// actionName returns the action as db-role-by-action and the audit log call it.
func actionName(a sql.Action) string {
	switch a {
	case sql.Create, sql.Upsert:
		return "create"
	case sql.Update:
		return "update"
	case sql.Delete:
		return "delete"
	case sql.Call:
		return "call"
	default:
		return "read"
	}
}
