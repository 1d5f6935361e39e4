package policy

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/nodetree"
)

func byName(a, b *Role) int { return strings.Compare(a.Name, b.Name) }

// readFunctions reads the functions of all schemas and those of the system that expressions call.
func (l *loader) readFunctions() error {
	var f Function
	var kind, volatility string
	var owner uint32
	targets := []any{
		&f.oid, &f.SchemaName, &f.Name, &f.Arguments, &owner, &kind, &f.SecurityDefiner, &f.Leakproof, &volatility, &f.Settings,
		&f.Language, &f.Returns, &f.Source, &f.Body, &f.Extension,
	}
	return l.query("functions.sql", targets, func() error {
		fn := f
		fn.Schema, fn.Owner = l.schema(f.SchemaName), l.roles[owner]
		fn.Kind, fn.Volatility, fn.Settings = FunctionKind(kind), Volatility(volatility), slices.Clone(f.Settings)
		l.d.Functions = append(l.d.Functions, &fn)
		l.d.functions[fn.oid] = &fn
		return nil
	}, l.named("funcid", "opfuncid", "aggfnoid", "winfnoid"))
}

func (l *loader) readOperators() error {
	var oid uint32
	var o Operator
	return l.query("operators.sql", []any{&oid, &o.Name, &o.Equality, &o.Commutator, &o.strategy}, func() error {
		operator := o
		l.d.operators[oid] = &operator
		return nil
	}, l.named("opno"))
}

// foldPolicies finds out which policies come to the same for every row.
func (l *loader) foldPolicies() error {
	for _, rel := range l.d.Relations {
		f, planner := folder{d: l.d, rel: rel}, folder{d: l.d, rel: rel, constants: true}
		for _, p := range rel.Policies {
			for _, e := range []*Expression{&p.Using, &p.Check} {
				if e.Tree != nil {
					e.values, e.planned = f.fold(e.Tree, 0), planner.fold(e.Tree, 0)
				}
			}
		}
	}
	return nil
}

func (l *loader) readSettings() error {
	return l.query("settings.sql", []any{&l.d.Settings, &l.d.StatementTimeout}, func() error { return nil })
}

// named returns the oids that stand in these fields of the trees of policies and views.
func (l *loader) named(fields ...string) []uint32 {
	seen := map[uint32]bool{}
	visit := func(n *nodetree.Node) bool {
		for _, field := range fields {
			if oid := n.OID(field); oid != 0 {
				seen[oid] = true
			}
		}
		return true
	}
	for _, rel := range l.d.Relations {
		rel.Query.Walk(visit)
		for _, p := range rel.Policies {
			p.Using.Tree.Walk(visit)
			p.Check.Tree.Walk(visit)
		}
	}
	oids := make([]uint32, 0, len(seen))
	for oid := range seen {
		oids = append(oids, oid)
	}
	slices.Sort(oids)
	return oids
}

func (l *loader) readSequences() error {
	var oid, owner, relation uint32
	var schema, name, dependency string
	var column int
	err := l.query("sequences.sql", []any{&oid, &schema, &name, &owner, &relation, &column, &dependency}, func() error {
		s := &Sequence{Schema: l.schema(schema), Name: name, Owner: l.roles[owner], Identity: dependency == "i"}
		if s.Schema != nil {
			l.sequences[oid] = s
			l.d.Sequences = append(l.d.Sequences, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var sequence uint32
	return l.query("default_sequences.sql", []any{&relation, &column, &sequence}, func() error {
		s, rel := l.sequences[sequence], l.d.byOID[relation]
		if s != nil && rel != nil {
			s.Columns = append(s.Columns, SequenceUse{Relation: rel, Column: rel.ColumnNumber(column)})
		}
		return nil
	})
}

func (l *loader) readExtensions() error {
	var e Extension
	return l.query("extensions.sql", []any{&e.Name, &e.Schema, &e.Relocatable}, func() error {
		l.d.Extensions = append(l.d.Extensions, e)
		return nil
	})
}

// readGrants adds the grants to all that was read before.
func (l *loader) readGrants() error {
	var kind, privilege string
	var object, grantee uint32
	var part int
	var grantable bool
	return l.query("grants.sql", []any{&kind, &object, &part, &grantee, &privilege, &grantable}, func() error {
		g := Grant{Role: l.roles[grantee], Privilege: Privilege(privilege), Grantable: grantable}
		if grantee != 0 && g.Role == nil {
			return nil // the role was dropped by force
		}
		if grants := l.grantsOf(kind, object, part); grants != nil {
			*grants = append(*grants, g)
		}
		return nil
	})
}

// grantsOf returns where the grants of an object are kept, nil if it was not read.
func (l *loader) grantsOf(kind string, object uint32, part int) *[]Grant {
	switch kind {
	case "n":
		if s := l.schemas[object]; s != nil {
			return &s.Grants
		}
	case "r":
		if r := l.d.byOID[object]; r != nil {
			return &r.Grants
		}
	case "c":
		if r := l.d.byOID[object]; r != nil {
			if c := r.ColumnNumber(part); c != nil {
				return &c.Grants
			}
		}
	case "S":
		if s := l.sequences[object]; s != nil {
			return &s.Grants
		}
	case "f":
		if f := l.d.functions[object]; f != nil {
			return &f.Grants
		}
	}
	return nil
}

// sort puts the lists in the order of names, whatever the server's collation is.
func (l *loader) sort() {
	slices.SortFunc(l.d.Roles, byName)
	slices.SortFunc(l.d.Schemas, func(a, b *Schema) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(l.d.Relations, func(a, b *Relation) int {
		return compare(a.Schema.Name, b.Schema.Name, a.Name, b.Name)
	})
	slices.SortFunc(l.d.Functions, func(a, b *Function) int {
		return compare(a.SchemaName, b.SchemaName, a.Name, b.Name, a.Arguments, b.Arguments)
	})
	slices.SortFunc(l.d.Sequences, func(a, b *Sequence) int { return compare(a.Schema.Name, b.Schema.Name, a.Name, b.Name) })
	for _, s := range l.d.Schemas {
		sortGrants(s.Grants)
	}
	for _, s := range l.d.Sequences {
		sortGrants(s.Grants)
	}
	for _, f := range l.d.Functions {
		sortGrants(f.Grants)
	}
	for _, r := range l.d.Relations {
		slices.SortFunc(r.Policies, func(a, b *Policy) int { return strings.Compare(a.Name, b.Name) })
		sortGrants(r.Grants)
		for _, c := range r.Columns {
			sortGrants(c.Grants)
		}
	}
	for _, r := range l.d.Roles {
		slices.SortFunc(r.Memberships, func(a, b Membership) int { return byName(a.Role, b.Role) })
	}
}

// compare compares pairs of names, the first that differ decide.
func compare(pairs ...string) int {
	for i := 0; i < len(pairs); i += 2 {
		if c := strings.Compare(pairs[i], pairs[i+1]); c != 0 {
			return c
		}
	}
	return 0
}

// sortGrants puts PUBLIC first and then roles by name; oids, by which they come, differ from server to server.
func sortGrants(grants []Grant) {
	slices.SortStableFunc(grants, func(a, b Grant) int {
		return compare(a.grantee(), b.grantee(), string(a.Privilege), string(b.Privilege))
	})
}
