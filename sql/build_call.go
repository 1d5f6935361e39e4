package sql

import "github.com/postern-db/postern/schema"

// call writes the statement of a routine's call.
func (b *builder) call() *Statement {
	p := b.plan
	with := b.capture(func() {
		b.raw("WITH " + source + " AS (")
		b.callQuery()
		b.raw(") ")
	})
	s := b.finish(with, b.totalOf(p.Root, p.Request))
	s.ReadsResponse = p.RunsCode
	return s
}

func (b *builder) callQuery() {
	p, c := b.plan, b.plan.Call
	b.raw("SELECT ")
	if !p.Routine.Composite {
		b.raw("pgrst_call.pgrst_scalar")
	} else {
		at := schema.Name{Name: "pgrst_call"}
		b.list(len(c.Returning), ", ", func(i int) { b.column(at, c.Returning[i]) })
	}
	b.raw(" ")
	switch {
	case c.BodyIsArgument:
		b.raw("FROM ")
		b.invoke(func() {
			typ := p.Routine.Parameters[0].Type
			b.bytesParam(c.Body, typ == "bytea")
			b.raw("::" + typ)
		})
	case c.FromBody:
		columns := make([]WriteColumn, len(c.Arguments))
		for i, a := range c.Arguments {
			columns[i] = WriteColumn{Name: a.Parameter.Name, Type: a.Parameter.CastType}
		}
		b.fromBody(body{c.Body, c.BodyIsObject, false, true}, columns)
		b.raw(", LATERAL ")
		b.invoke(func() {
			b.arguments(func(a *Argument) {
				b.raw("pgrst_body.")
				b.ident(a.Parameter.Name)
			})
		})
	default:
		b.raw("FROM ")
		b.invoke(func() {
			b.arguments(func(a *Argument) {
				if a.Parameter.Variadic {
					b.param(arrayLiteral(a.Values))
				} else {
					b.param(a.Value)
				}
				b.raw("::" + a.Parameter.CastType)
			})
		})
	}
}

// invoke writes the call itself as an item of FROM.
func (b *builder) invoke(arguments func()) {
	r := b.plan.Routine
	if !r.Composite {
		b.raw("(SELECT ")
	}
	b.name(r.Name)
	b.raw("(")
	arguments()
	b.raw(")")
	if !r.Composite {
		b.raw(" pgrst_scalar)")
	}
	b.raw(" pgrst_call")
}

// arguments writes the arguments in named notation.
func (b *builder) arguments(value func(*Argument)) {
	args := b.plan.Call.Arguments
	b.list(len(args), ", ", func(i int) {
		if args[i].Parameter.Variadic {
			b.raw("VARIADIC ")
		}
		b.ident(args[i].Parameter.Name)
		b.raw(" := ")
		value(&args[i])
	})
}
