package introspect

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/postern-db/postern/schema"
)

//go:embed routines.sql
var routinesSQL string

// routine is a row of pg_proc on its way to a schema.Routine.
type routine struct {
	schema.Routine
	oid      uint32
	inputs   []uint32
	all      []uint32 // input and output parameters; nil if there are only inputs
	modes    []byte   // of all
	argNames []string // of all, or of inputs; nil if none is named
	defaults int      // how many of the last inputs have one
	returns  uint32
	grantees []uint32 // the roles that may execute it; 0 is PUBLIC
}

// readRoutines reads the exposed routines and the types that they mention.
func (l *loader) readRoutines(ctx context.Context) error {
	var types []uint32
	args := [][]byte{oidArray(l.exposed), textArray(l.cfg.HoistedSettings)}
	err := l.query(ctx, routinesSQL, args, func(r *row) {
		f := &routine{oid: r.oid(), Routine: schema.Routine{Name: schema.Name{Schema: r.text(), Name: r.text()}}}
		f.inputs, f.all, f.modes, f.argNames = r.oids(), r.oids(), r.chars(), r.texts()
		f.defaults = int(r.int2())
		f.Variadic = r.bool()
		f.returns = r.oid()
		f.ReturnsSet = r.bool()
		f.Volatility = volatility(r.char())
		f.Settings = settings(r.texts())
		f.IsolationLevel = strings.ToLower(r.text())
		f.Comment = r.text()
		f.grantees = r.oids()
		types = append(append(append(types, f.inputs...), f.all...), f.returns)
		l.routines = append(l.routines, f)
	})
	if err != nil {
		return err
	}
	if err := l.needTypes(ctx, types); err != nil {
		return err
	}
	for _, f := range l.routines {
		f.Parameters = l.parameters(f)
		l.describeReturn(f)
		if callable(f) {
			l.def.Routines = append(l.def.Routines, &f.Routine)
		}
	}
	return nil
}

func volatility(c byte) schema.Volatility {
	switch c {
	case 'i':
		return schema.Immutable
	case 's':
		return schema.Stable
	default:
		return schema.Volatile
	}
}

// settings splits name=value pairs.
func settings(pairs []string) []schema.Setting {
	var out []schema.Setting
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		out = append(out, schema.Setting{Name: name, Value: value})
	}
	return out
}

// inputNames returns the names of the input parameters alone.
func (f *routine) inputNames() []string {
	if f.argNames == nil || f.modes == nil {
		return f.argNames
	}
	var out []string
	for i, name := range f.argNames {
		if i < len(f.modes) && strings.IndexByte("ibv", f.modes[i]) >= 0 {
			out = append(out, name)
		}
	}
	return out
}

func (l *loader) parameters(f *routine) []schema.Parameter {
	if len(f.inputs) == 0 {
		return nil
	}
	names := f.inputNames()
	out := make([]schema.Parameter, len(f.inputs))
	for i, oid := range f.inputs {
		t := l.typ(oid)
		out[i] = schema.Parameter{Type: t.text, CastType: t.castText(), Required: i < len(f.inputs)-f.defaults}
		if i < len(names) {
			out[i].Name = names[i]
		}
	}
	out[len(out)-1].Variadic = f.Variadic // only the last can be
	return out
}

// callable reports whether arguments can be given: by name, or as the whole body if there is one parameter without a name, of
// a type that a body can have.
func callable(f *routine) bool {
	if f.argNames != nil || len(f.inputs) == 0 {
		return true
	}
	if len(f.inputs) > 1 {
		return false
	}
	switch f.inputs[0] {
	case byteaOID, jsonOID, jsonbOID, textOID, xmlOID:
		return true
	default:
		return false
	}
}

// describeReturn sets what the return type says. A domain counts as its base type.
func (l *loader) describeReturn(f *routine) {
	t := l.typ(f.returns)
	f.Returns = t.base.name
	f.Composite = t.base.kind == 'c' || hasOutputs(f)
	f.CompositeAlias = t.base.kind == 'c' && t.base != t
	f.Encoding = t.encoding()
}

func hasOutputs(f *routine) bool {
	return strings.ContainsAny(string(f.modes), "obt")
}

// returnedRows lists the relations and composite types, other than the exposed relations, whose columns routines return.
func (l *loader) returnedRows() []uint32 {
	l.rowTypes = make(map[uint32]*relation)
	var out []uint32
	for _, f := range l.routines {
		oid := l.typ(f.returns).base.relation
		if rel := l.relations[oid]; oid == 0 || hasOutputs(f) || rel != nil && rel.exposed || l.rowTypes[oid] != nil {
			continue
		}
		l.rowTypes[oid] = &relation{Relation: &schema.Relation{}}
		out = append(out, oid)
	}
	return out
}

// completeRoutines sets the columns of the rows that routines return.
func (l *loader) completeRoutines() {
	for _, f := range l.routines {
		if !f.Composite {
			continue
		}
		if hasOutputs(f) {
			f.Columns = l.outputs(f)
			continue
		}
		oid := l.typ(f.returns).base.relation
		if rel := l.rowTypes[oid]; rel != nil {
			f.Columns = rel.Columns
		} else if rel := l.relations[oid]; rel != nil {
			f.Columns = rel.Columns
		}
	}
}

// outputs turns output parameters into columns, named as PostgreSQL names them (its source,
// build_function_result_tupdesc_d). It returns nil if one is polymorphic, since its type is known only when it is called.
func (l *loader) outputs(f *routine) []*schema.Column {
	var out []*schema.Column
	named := false
	for i, oid := range f.all {
		if i >= len(f.modes) || strings.IndexByte("obt", f.modes[i]) < 0 {
			continue
		}
		t := l.typ(oid)
		if t.base.kind == 'p' {
			return nil
		}
		c := &schema.Column{Nullable: true}
		t.fill(c, t.text, -1)
		if i < len(f.argNames) {
			c.Name = f.argNames[i]
		}
		named = c.Name != ""
		if !named {
			c.Name = fmt.Sprintf("column%d", len(out)+1)
		}
		out = append(out, c)
	}
	if len(out) == 1 && !named {
		out[0].Name = f.Name.Name
	}
	return out
}
