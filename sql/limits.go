package sql

import "strconv"

// Limits protect the server against requests that are syntactically valid but absurd. 0 switches a limit off.
type Limits struct {
	EmbedDepth    int // levels of nesting in select=
	LogicDepth    int // levels of nesting in and= and or=
	SelectItems   int // items in select=, all levels together; PostgreSQL itself returns at most 1,664 columns
	Filters       int // conditions in a request
	JSONPathSteps int // steps of a single -> path
	JSONDepth     int // levels of nesting in a JSON body
}

// DefaultLimits are far beyond what a sensible client sends.
func DefaultLimits() Limits {
	return Limits{EmbedDepth: 20, LogicDepth: 50, SelectItems: 1000, Filters: 500, JSONPathSteps: 100, JSONDepth: 500}
}

// mostLevels is how deep anything may nest where no lower limit is set: Go ends a program whose stack becomes too large, and
// PostgreSQL's own ends before, unless its max_stack_depth is many times the default.
const mostLevels = 50_000

// levels is a limit of nesting that holds where the operator sets none.
func levels(limit int) int {
	if limit <= 0 {
		return mostLevels
	}
	return min(limit, mostLevels)
}

func tooMany(what string, n, limit int) *Error {
	return &Error{
		Code: CodeQuerySyntax, Message: "Too many " + what,
		Details: "The request has " + strconv.Itoa(n) + ", at most " + strconv.Itoa(limit) + " are allowed",
		Hint:    "Split the request into several",
	}
}

func (l *Limits) checkPath(f Field) *Error {
	if l.JSONPathSteps > 0 && len(f.Path) > l.JSONPathSteps {
		return tooMany("steps in the path of '"+f.Name+"'", len(f.Path), l.JSONPathSteps)
	}
	return nil
}

func (l *Limits) check(r *Request) *Error {
	n := len(r.Filters)
	for i := range r.Filters {
		if err := l.checkPath(r.Filters[i].Field); err != nil {
			return err
		}
	}
	for i := range r.Logic {
		c, err := l.checkLogic(&r.Logic[i].Tree)
		if err != nil {
			return err
		}
		n += c
	}
	for _, o := range r.Orders {
		for _, t := range o.Terms {
			if err := l.checkPath(t.Field); err != nil {
				return err
			}
		}
	}
	if l.Filters > 0 && n > l.Filters {
		return tooMany("filters", n, l.Filters)
	}
	return l.checkItems(r.Select)
}

func (l *Limits) checkLogic(t *Logic) (filters int, err *Error) {
	if t.Filter != nil {
		return 1, l.checkPath(t.Filter.Field)
	}
	for i := range t.Children {
		n, err := l.checkLogic(&t.Children[i])
		if err != nil {
			return 0, err
		}
		filters += n
	}
	return filters, nil
}

func (l *Limits) checkItems(items []*SelectItem) *Error {
	for _, i := range items {
		if err := l.checkPath(Field{Name: i.Name, Path: i.Path}); err != nil {
			return err
		}
		if err := l.checkItems(i.Items); err != nil {
			return err
		}
	}
	return nil
}
