package sql

import (
	"strings"

	"github.com/postern-db/postern/schema"
)

// Handler tells how rows become the body of a response.
type Handler struct {
	Kind HandlerKind
	// Function is the aggregate, or the domain that a routine returns, of a HandlerCustom.
	Function schema.Name
	// Target is the relation whose rows Function takes; the zero Name for any.
	Target schema.Name
	// StripNulls leaves keys without a value out (HandlerJSON, HandlerObject).
	StripNulls bool
	RunsCode   bool // Function is not known to be harmless
}

// HandlerKind tells the handlers apart.
type HandlerKind uint8

// The handlers.
const (
	HandlerJSON   HandlerKind = iota // an array of objects
	HandlerObject                    // exactly one object
	HandlerCSV
	HandlerNDJSON // an object a line
	HandlerGeoJSON
	HandlerCustom
	HandlerNone // no body: only the number of rows
)

// negotiate chooses the media type of the response: the first of the client's that can be produced. target is the relation or
// routine whose handlers may serve.
func (pl *planner) negotiate(target schema.Name) *Error {
	p := pl.plan
	simple := p.Root.selectsAll()
	for _, m := range pl.request.Accept {
		h, media, ok := pl.handler(m, target, simple)
		if !ok {
			continue
		}
		p.Handler, p.Media = h, media
		switch {
		case pl.request.Action.Mutates() && pl.request.Preferences.Representation != "representation",
			pl.request.HeadersOnly:
			p.Handler = Handler{Kind: HandlerNone}
		}
		return nil
	}
	return notAcceptable(pl.request.Accept)
}

func notAcceptable(accept []MediaType) *Error {
	names := make([]string, len(accept))
	for i, m := range accept {
		names[i] = validUTF8(m.Mime())
	}
	return &Error{
		Code: CodeMediaType, Message: "None of these media types are available: " + strings.Join(names, ", "),
	}
}

// handler finds what produces a media type. The vendor types cannot be overridden; for the others a handler of the relation
// comes first, then one for any relation, then what is built in.
func (pl *planner) handler(m MediaType, target schema.Name, simple bool) (Handler, MediaType, bool) {
	switch m.Kind {
	case MediaObject:
		return Handler{Kind: HandlerObject, StripNulls: m.StripNulls}, m, true
	case MediaArrayStripped:
		return Handler{Kind: HandlerJSON, StripNulls: true}, m, true
	case MediaPlan:
		if !pl.settings.Plans {
			return Handler{}, m, false
		}
		if m.Plan.For.Kind == MediaPlan {
			return Handler{}, m, false
		}
		h, _, ok := pl.handler(m.Plan.For, target, simple)
		return h, m, ok
	}
	if simple {
		for _, name := range [...]string{"*/*", m.Mime()} {
			if h := pl.catalog.MediaHandler(target, name); h != nil {
				return Handler{Kind: HandlerCustom, Function: h.Function, Target: target, RunsCode: h.RunsCode}, ParseMediaType(h.Produces), true
			}
		}
	}
	if h := pl.catalog.AnyMediaHandler(m.Mime()); h != nil {
		return Handler{Kind: HandlerCustom, Function: h.Function, RunsCode: h.RunsCode}, ParseMediaType(h.Produces), true
	}
	switch m.Kind {
	case MediaAny, MediaJSON:
		return Handler{Kind: HandlerJSON}, MediaType{Kind: MediaJSON}, true
	case MediaCSV:
		return Handler{Kind: HandlerCSV}, m, true
	case MediaNDJSON:
		return Handler{Kind: HandlerNDJSON}, m, true
	case MediaGeoJSON:
		return Handler{Kind: HandlerGeoJSON}, m, true
	default:
		return Handler{}, m, false
	}
}

// selectsAll reports whether the request selects all columns and embeds nothing, so that the rows are the relation's own.
func (n *Node) selectsAll() bool {
	return len(n.items) == 1 && n.items[0].Kind == SelectField && n.items[0].Name == "*"
}
