// Package policy knows who may do what in a database: roles, grants, row-level security, views and functions as pure data,
// and the answer to "may this role read that relation, and which of its rows".
//
// Load reads pg_catalog in one read-only transaction. Database.Access then answers for a relation, a role and an action,
// without asking PostgreSQL again: by grants on tables and columns, PUBLIC, ownership, inheritance of roles, superusers,
// BYPASSRLS, FORCE ROW LEVEL SECURITY, permissive and restrictive policies, and the relations below a view, as the view's owner or
// its user. No expression of a policy is ever run. (PostgreSQL manual, 5.7 Privileges, 5.8 Row Security Policies, 41.5 Rules
// and Privileges.)
package policy
