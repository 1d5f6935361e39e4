package introspect

import (
	"context"
	_ "embed"
	"encoding/binary"
	"slices"

	"github.com/postern-db/postern/schema"
)

//go:embed memberships.sql
var membershipsSQL string

//go:embed role_names.sql
var roleNamesSQL string

// readGrantees names the roles that may use schemas, relations and routines, which were read by their oids, and adds to each
// role those that it inherits from. Catalogs have few different lists of grantees, so each is kept once.
func (l *loader) readGrantees(ctx context.Context) error {
	names, err := l.roleNames(ctx)
	if err != nil {
		return err
	}
	lists := make(map[string][]string)
	var key []byte
	list := func(oids []uint32) []string {
		key = key[:0]
		for _, oid := range oids {
			key = binary.BigEndian.AppendUint32(key, oid)
		}
		if known, ok := lists[string(key)]; ok {
			return known
		}
		out := make([]string, 0, len(oids))
		for _, oid := range oids {
			if name := names[oid]; name != "" { // else the role was dropped meanwhile
				out = append(out, name)
			}
		}
		slices.Sort(out)
		out = slices.Compact(out)
		lists[string(key)] = out
		return out
	}
	l.def.SchemaGrantees = make(map[string][]string, len(l.schemaGrantees))
	for name, oids := range l.schemaGrantees {
		l.def.SchemaGrantees[name] = list(oids)
	}
	for _, rel := range l.relations {
		if rel.exposed {
			rel.Grantees = list(rel.grantees)
		}
	}
	for _, f := range l.routines {
		f.Grantees = list(f.grantees)
	}
	return l.readMemberships(ctx, names)
}

// roleNames returns the names of all roles by their oids.
func (l *loader) roleNames(ctx context.Context) (map[uint32]string, error) {
	names := map[uint32]string{0: schema.Public}
	err := l.query(ctx, roleNamesSQL, nil, func(r *row) { names[r.oid()] = r.text() })
	return names, err
}

// readMemberships sets which roles' privileges each role has. Memberships form no cycles, but may meet again.
func (l *loader) readMemberships(ctx context.Context, names map[uint32]string) error {
	perMembership := "false"
	if l.def.ServerVersion >= 160000 {
		perMembership = "true"
	}
	parents := make(map[string][]string)
	err := l.query(ctx, membershipsSQL, [][]byte{[]byte(perMembership)}, func(r *row) {
		member, of := names[r.oid()], names[r.oid()]
		parents[member] = append(parents[member], of)
	})
	if err != nil {
		return err
	}
	for i := range l.def.Roles {
		role := &l.def.Roles[i]
		seen := map[string]bool{role.Name: true}
		all := []string{role.Name}
		for next := 0; next < len(all); next++ {
			for _, p := range parents[all[next]] {
				if !seen[p] {
					seen[p] = true
					all = append(all, p)
				}
			}
		}
		slices.Sort(all)
		role.MemberOf = all
	}
	return nil
}
