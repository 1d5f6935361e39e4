package sql

import (
	"slices"
	"strings"

	"github.com/postern-db/postern/schema"
)

// scalarColumn is the name of the value that a routine returns unless it returns rows.
const scalarColumn = "pgrst_scalar"

// RoutineCall is the call of a routine with its arguments.
type RoutineCall struct {
	// Arguments are those that are given, in the order of the routine's parameters.
	Arguments []Argument
	// Body is set if the arguments are the members of a JSON body, or its only unnamed parameter takes the body itself.
	Body []byte
	// BodyIsArgument is set if the body itself is the only, unnamed argument.
	BodyIsArgument bool
	FromBody       bool // the arguments are members of Body
	BodyIsObject   bool
	// Returning are the columns of the routine's rows that the rest of the statement needs; "*" alone stands for all.
	Returning []string
}

// Argument is an argument of a routine.
type Argument struct {
	Parameter *schema.Parameter
	Value     string
	Values    []string // of a variadic parameter that is not an array literal
}

func (pl *planner) call() *Error {
	r := pl.request
	var names []string
	if r.ByPost {
		names = r.Payload.Keys
	} else {
		for _, p := range r.Parameters {
			names = append(names, p.Name)
		}
		slices.Sort(names)
		names = slices.Compact(names)
	}
	routine, err := pl.findRoutine(names)
	if err != nil {
		return err
	}
	pl.plan.Routine = routine
	relation, from := pl.returnedRelation(routine)
	if err := pl.readTree(relation, from); err != nil {
		return err
	}
	pl.arguments(names)
	if err := pl.negotiate(from); err != nil {
		return err
	}
	if err := pl.checkPreferences(); err != nil {
		return err
	}
	if p := &r.Preferences; p.HasMaxAffected && p.Strict() && !routine.ReturnsSet {
		return &Error{
			Code:    CodeMaxAffectedRoutine,
			Message: "Function must return SETOF or TABLE when max-affected preference is used with handling=strict",
		}
	}
	return nil
}

// returnedRelation finds what the rows of a routine are rows of. A routine whose rows are no relation's gets one made up of
// its result columns, if they are known.
func (pl *planner) returnedRelation(f *schema.Routine) (*schema.Relation, schema.Name) {
	from := f.Name
	if !f.Composite {
		// The value is the only column of the row, under the name that the call gives it.
		value := &schema.Column{Name: scalarColumn, Encoding: f.Encoding}
		return schema.NewRowType(from, []*schema.Column{value}), from
	}
	from.Name = f.Returns.Name
	if f.Returns == from {
		if rel := pl.catalog.Relation(from); rel != nil {
			return rel, from
		}
	}
	if f.Columns == nil {
		return nil, from
	}
	return schema.NewRowType(from, f.Columns), from
}

// findRoutine chooses among the overloads by the names of the arguments (PostgREST reference, Functions as RPC).
func (pl *planner) findRoutine(names []string) (*schema.Routine, *Error) {
	name := schema.Name{Schema: pl.request.Schema, Name: pl.request.Name}
	overloads := pl.catalog.Routines(name)
	var matching, fallback []*schema.Routine
	for _, f := range overloads {
		switch {
		case pl.takes(f, names):
			matching = append(matching, f)
		case pl.takesBody(f):
			fallback = append(fallback, f)
		}
	}
	if len(matching) == 0 {
		matching = fallback
	}
	switch len(matching) {
	case 1:
		return matching[0], nil
	case 0:
		return nil, pl.noRoutine(name, names, overloads)
	default:
		return nil, ambiguousRoutine(matching)
	}
}

// takes reports whether the named arguments fit the routine: all required parameters and no unknown ones.
func (pl *planner) takes(f *schema.Routine, names []string) bool {
	if len(f.Parameters) == 0 {
		return len(names) == 0 && !pl.sendsSingleArgument()
	}
	for _, n := range names {
		if !slices.ContainsFunc(f.Parameters, func(p schema.Parameter) bool { return p.Name == n }) {
			return false
		}
	}
	for i := range f.Parameters {
		if p := &f.Parameters[i]; p.Required && !slices.Contains(names, p.Name) {
			return false
		}
	}
	return true
}

// sendsSingleArgument reports whether the body can only be one argument as it stands.
func (pl *planner) sendsSingleArgument() bool {
	if !pl.request.ByPost {
		return false
	}
	switch pl.request.ContentType.Kind {
	case MediaOctets, MediaText, MediaXML:
		return true
	default:
		return false
	}
}

// takesBody reports whether the routine has one unnamed parameter that takes the body as it stands.
func (pl *planner) takesBody(f *schema.Routine) bool {
	if !pl.request.ByPost || len(f.Parameters) != 1 || f.Parameters[0].Name != "" {
		return false
	}
	typ := f.Parameters[0].Type
	switch pl.request.ContentType.Kind {
	case MediaJSON:
		return typ == "json" || typ == "jsonb"
	case MediaText:
		return typ == "text"
	case MediaXML:
		return typ == "xml"
	case MediaOctets:
		return typ == "bytea"
	default:
		return false
	}
}

func (pl *planner) arguments(names []string) {
	r, f := pl.request, pl.plan.Routine
	c := &RoutineCall{Returning: pl.plan.Root.neededColumns(nil)}
	pl.plan.Call = c
	if len(f.Parameters) == 1 && f.Parameters[0].Name == "" {
		c.BodyIsArgument, c.Body = true, []byte("{}")
		if r.ByPost {
			c.Body = r.Payload.Raw
		}
		return
	}
	fields := r.Parameters
	if r.ByPost {
		fields = r.Payload.Fields
		c.FromBody = r.Payload.Kind != PayloadForm
		c.Body, c.BodyIsObject = r.Payload.Raw, r.Payload.IsObject
	}
	for i := range f.Parameters {
		p := &f.Parameters[i]
		if !slices.Contains(names, p.Name) {
			continue
		}
		a := Argument{Parameter: p}
		for _, field := range fields {
			if field.Name != p.Name {
				continue
			}
			a.Value = field.Value
			if p.Variadic {
				a.Values = append(a.Values, field.Value)
			}
		}
		c.Arguments = append(c.Arguments, a)
	}
	if len(c.Arguments) == 0 {
		c.FromBody = false
	}
}

func (pl *planner) noRoutine(name schema.Name, names []string, overloads []*schema.Routine) *Error {
	r := pl.request
	single := pl.sendsSingleArgument()
	list := strings.Join(names, ", ")
	message, details := "("+list+")", " with parameter "+list
	if len(names) > 1 {
		details = " with parameters " + list
	}
	if len(names) == 0 {
		message, details = " without parameters", " without parameters"
	}
	switch {
	case !r.ByPost:
	case r.ContentType.Kind == MediaText:
		message, details = "", " with a single unnamed text parameter"
	case r.ContentType.Kind == MediaXML:
		message, details = "", " with a single unnamed xml parameter"
	case r.ContentType.Kind == MediaOctets:
		message, details = "", " with a single unnamed bytea parameter"
	case r.ContentType.Kind == MediaJSON:
		details += " or with a single unnamed json/jsonb parameter"
	}
	e := &Error{
		Code:    CodeNoRoutine,
		Message: "Could not find the function " + name.String() + message + " in the schema cache",
		Details: "Searched for the function " + name.String() + details + ", but no matches were found in the schema cache.",
	}
	if !single {
		if hint := pl.suggestRoutine(name, names, overloads); hint != "" {
			e.Hint = "Perhaps you meant to call the function " + name.Schema + "." + hint
		}
	}
	return e
}

func ambiguousRoutine(found []*schema.Routine) *Error {
	shown := make([]string, len(found))
	for i, f := range found {
		params := make([]string, len(f.Parameters))
		for j, p := range f.Parameters {
			params[j] = p.Name + " => " + p.Type
		}
		shown[i] = f.Name.String() + "(" + strings.Join(params, ", ") + ")"
	}
	return &Error{
		Code:    CodeAmbiguousRoutine,
		Message: "Could not choose the best candidate function between: " + strings.Join(shown, ", "),
		Hint:    "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
	}
}
