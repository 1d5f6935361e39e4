package policy

import (
	"fmt"
	"slices"
)

func (l *loader) readRelations() error {
	var r Relation
	var schema, kind, tree string
	var owner uint32
	targets := []any{
		&r.oid, &schema, &r.Name, &kind, &owner, &r.Partition, &r.RLS, &r.ForceRLS, &r.SecurityInvoker, &r.SecurityBarrier,
		&r.updatable, &r.acceptable, &r.Rows, &tree, &r.policedAbove, &r.Extension,
	}
	return l.query("relations.sql", targets, func() error {
		rel := r
		rel.Schema, rel.Kind, rel.Owner = l.schema(schema), RelationKind(kind), l.roles[owner]
		if rel.Schema == nil || rel.Owner == nil {
			return nil // made after the others were read
		}
		var err error
		if rel.Query, err = parse(tree); err != nil {
			return fmt.Errorf("the query of %s: %w", &rel, err)
		}
		l.d.byOID[rel.oid] = &rel
		l.d.relations[[2]string{schema, rel.Name}] = &rel
		l.d.Relations = append(l.d.Relations, &rel)
		return nil
	})
}

func (l *loader) readColumns() error {
	var oid uint32
	var c Column
	var identity, generated string
	targets := []any{&oid, &c.Number, &c.Name, &c.Type, &c.NotNull, &identity, &generated, &c.Default, &c.typeOID, &c.present}
	return l.query("columns.sql", targets, func() error {
		if rel := l.d.byOID[oid]; rel != nil {
			column := c
			column.Identity, column.Generated = identity != "", generated != ""
			rel.Columns = append(rel.Columns, &column)
		}
		return nil
	})
}

func (l *loader) readIndexes() error {
	var oid uint32
	var i Index
	var expressions string
	targets := []any{&oid, &i.Name, &i.Unique, &i.Primary, &i.Partial, &i.Method, &i.Columns, &i.Definition, &expressions}
	return l.query("indexes.sql", targets, func() error {
		if rel := l.d.byOID[oid]; rel != nil {
			index := i
			index.Columns = slices.Clone(i.Columns)
			trees, err := parse(expressions)
			if err != nil {
				return fmt.Errorf("the expressions of index %s: %w", i.Name, err)
			}
			if trees != nil {
				index.Expressions = trees.Children()
			}
			rel.Indexes = append(rel.Indexes, index)
		}
		return nil
	})
}

func (l *loader) readConstraints() error {
	var oid, target uint32
	var c Constraint
	var kind string
	targets := []any{&oid, &c.Name, &kind, &c.Columns, &target, &c.TargetColumns, &c.OnDelete}
	return l.query("constraints.sql", targets, func() error {
		if rel := l.d.byOID[oid]; rel != nil {
			constraint := c
			constraint.Kind, constraint.Target = ConstraintKind(kind), l.d.byOID[target]
			constraint.Columns, constraint.TargetColumns = slices.Clone(c.Columns), slices.Clone(c.TargetColumns)
			rel.Constraints = append(rel.Constraints, constraint)
		}
		return nil
	})
}

func (l *loader) readPolicies() error {
	var oid, relation uint32
	var p Policy
	var command, using, check string
	var roles []uint32
	targets := []any{&oid, &relation, &p.Name, &command, &p.Permissive, &roles, &p.Using.SQL, &p.Check.SQL, &p.Using.Pretty, &p.Check.Pretty, &using, &check}
	return l.query("policies.sql", targets, func() error {
		rel := l.d.byOID[relation]
		if rel == nil {
			return nil
		}
		policy := p
		policy.oid, policy.Relation = oid, rel
		policy.Command = map[string]Privilege{"r": Select, "a": Insert, "w": Update, "d": Delete}[command]
		for _, o := range roles {
			if o == 0 {
				policy.Public = true
			} else if role := l.roles[o]; role != nil {
				policy.Roles = append(policy.Roles, role)
			}
		}
		slices.SortFunc(policy.Roles, byName)
		var err error
		if policy.Using.Tree, err = parse(using); err != nil {
			return fmt.Errorf("USING of policy %s on %s: %w", policy.Name, rel, err)
		}
		if policy.Check.Tree, err = parse(check); err != nil {
			return fmt.Errorf("WITH CHECK of policy %s on %s: %w", policy.Name, rel, err)
		}
		rel.Policies = append(rel.Policies, &policy)
		l.policies[oid] = &policy
		return nil
	})
}

// readDependencies finds in the trees what views and policies read.
func (l *loader) readDependencies() error {
	for _, rel := range l.d.Relations {
		rel.Reads = l.d.reads(rel.Query, rel, nil)
		rel.conditions = l.d.reads(rel.Query, rel, rel.query())
		for _, p := range rel.Policies {
			for _, e := range []*Expression{&p.Using, &p.Check} {
				e.Reads = l.d.reads(e.Tree, nil, nil)
			}
		}
	}
	return nil
}

func (l *loader) readTriggers() error {
	const row, insert, del, update, instead = 1, 4, 8, 16, 64 // pg_trigger.h
	var relation, function uint32
	var name, enabled string
	var kind int
	return l.query("triggers.sql", []any{&relation, &name, &kind, &function, &enabled}, func() error {
		if rel := l.d.byOID[relation]; rel != nil {
			rel.Triggers = append(rel.Triggers, Trigger{
				Name: name, Function: l.d.functions[function], Enabled: enabled != "D", Row: kind&row != 0,
				InsteadOf: kind&instead != 0, Insert: kind&insert != 0, Update: kind&update != 0, Delete: kind&del != 0,
			})
		}
		return nil
	})
}
