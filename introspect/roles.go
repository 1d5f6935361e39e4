package introspect

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/postern-db/postern/schema"
)

//go:embed roles.sql
var rolesSQL string

//go:embed settable_14.sql
var settable14SQL string

//go:embed settable_15.sql
var settable15SQL string

// LoadRoles reads the roles of a catalog anew, with their settings, from the database that conn is connected to. It returns the
// catalog with them; all else stays. Like Load it takes one read-only transaction.
func LoadRoles(ctx context.Context, conn *pgx.Conn, catalog *schema.Catalog) (*schema.Catalog, error) {
	l := &loader{conn: conn.PgConn(), names: make(interner), def: &schema.Definition{ServerVersion: catalog.ServerVersion}}
	if err := l.begin(ctx); err != nil {
		return nil, fmt.Errorf("introspect: begin a transaction: %w", err)
	}
	err := l.readRoles(ctx)
	if err == nil {
		var names map[uint32]string
		if names, err = l.roleNames(ctx); err == nil {
			err = l.readMemberships(ctx, names)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("introspect: load roles: %w", err), l.end(ctx, "rollback"))
	}
	if err := l.end(ctx, "commit"); err != nil {
		return nil, fmt.Errorf("introspect: end the transaction: %w", err)
	}
	return catalog.WithRoles(l.def.Roles), nil
}

// readRoles reads the roles that the login role may become, with those of their settings that may be applied to a transaction.
func (l *loader) readRoles(ctx context.Context) error {
	privilege := "MEMBER"
	if l.def.ServerVersion >= 160000 {
		privilege = "SET"
	}
	configured := false
	err := l.query(ctx, rolesSQL, [][]byte{[]byte(privilege)}, func(r *row) {
		role := schema.Role{Name: r.text(), Superuser: r.bool(), BypassRLS: r.bool(), Settings: settings(r.texts())}
		configured = configured || len(role.Settings) > 0
		l.def.Roles = append(l.def.Roles, role)
	})
	if err != nil || !configured {
		return err
	}
	settable, err := l.settable(ctx)
	if err != nil {
		return err
	}
	for i := range l.def.Roles {
		role := &l.def.Roles[i]
		var kept []schema.Setting
		for _, s := range role.Settings {
			switch {
			case !settable[s.Name]:
			case s.Name == "default_transaction_isolation":
				role.IsolationLevel = strings.ToLower(s.Value)
			default:
				kept = append(kept, s)
			}
		}
		role.Settings = kept
	}
	return nil
}

// settable returns the names of the settings that the login role may change.
func (l *loader) settable(ctx context.Context) (map[string]bool, error) {
	sql := settable14SQL
	if l.def.ServerVersion >= 150000 {
		sql = settable15SQL
	}
	out := make(map[string]bool)
	err := l.query(ctx, sql, nil, func(r *row) { out[r.text()] = true })
	return out, err
}
