package sql

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// MediaKind tells the media types that the server knows apart.
type MediaKind uint8

// The media types with a meaning of their own (PostgREST reference, Resource Representation).
const (
	MediaOther MediaKind = iota // any other, which a media type handler may serve
	MediaAny                    // */*
	MediaJSON
	MediaGeoJSON
	MediaCSV
	MediaText
	MediaXML
	MediaOpenAPI
	MediaForm
	MediaOctets
	MediaNDJSON
	MediaArrayStripped // application/vnd.pgrst.array+json;nulls=stripped
	MediaObject        // application/vnd.pgrst.object+json
	MediaPlan          // application/vnd.pgrst.plan
)

// MediaType is a media type of an Accept or Content-Type header.
type MediaType struct {
	Kind MediaKind
	Text string // as it was sent, for MediaOther
	// StripNulls is set for MediaObject with nulls=stripped.
	StripNulls bool
	Plan       *PlanOptions // set for MediaPlan
}

// PlanOptions are the parameters of application/vnd.pgrst.plan.
type PlanOptions struct {
	JSON    bool // else text
	For     MediaType
	Options []string // among analyze, verbose, settings, buffers, wal, in this order
}

var planOptions = [...]string{"analyze", "verbose", "settings", "buffers", "wal"}

// Mime returns the media type's name, with its parameters but without a charset.
func (m MediaType) Mime() string {
	switch m.Kind {
	case MediaAny:
		return "*/*"
	case MediaJSON:
		return "application/json"
	case MediaGeoJSON:
		return "application/geo+json"
	case MediaCSV:
		return "text/csv"
	case MediaText:
		return "text/plain"
	case MediaXML:
		return "text/xml"
	case MediaOpenAPI:
		return "application/openapi+json"
	case MediaForm:
		return "application/x-www-form-urlencoded"
	case MediaOctets:
		return "application/octet-stream"
	case MediaNDJSON:
		return "application/x-ndjson"
	case MediaArrayStripped:
		return "application/vnd.pgrst.array+json;nulls=stripped"
	case MediaObject:
		if m.StripNulls {
			return "application/vnd.pgrst.object+json;nulls=stripped"
		}
		return "application/vnd.pgrst.object+json"
	case MediaPlan:
		return m.Plan.mime()
	default:
		return m.Text
	}
}

func (p *PlanOptions) mime() string {
	out := "application/vnd.pgrst.plan+text"
	if p.JSON {
		out = "application/vnd.pgrst.plan+json"
	}
	out += `; for="` + p.For.Mime() + `"`
	if len(p.Options) > 0 {
		out += "; options=" + strings.Join(p.Options, "|")
	}
	return out
}

// ContentType returns the value of a Content-Type header.
func (m MediaType) ContentType() string {
	switch m.Kind {
	case MediaJSON:
		return "application/json; charset=utf-8"
	case MediaOctets, MediaOther:
		return m.Mime()
	default:
		return m.Mime() + "; charset=utf-8"
	}
}

// ParseMediaType reads one media type; what it does not know becomes a MediaOther.
func ParseMediaType(text string) MediaType {
	switch text {
	case "application/json":
		return MediaType{Kind: MediaJSON}
	case "*/*":
		return MediaType{Kind: MediaAny}
	}
	kind, params := splitMediaType(text)
	switch kind {
	case "application/json":
		return MediaType{Kind: MediaJSON}
	case "application/geo+json":
		return MediaType{Kind: MediaGeoJSON}
	case "text/csv":
		return MediaType{Kind: MediaCSV}
	case "text/plain":
		return MediaType{Kind: MediaText}
	case "text/xml":
		return MediaType{Kind: MediaXML}
	case "application/openapi+json":
		return MediaType{Kind: MediaOpenAPI, Text: text}
	case "application/x-www-form-urlencoded":
		return MediaType{Kind: MediaForm}
	case "application/octet-stream":
		return MediaType{Kind: MediaOctets}
	case "application/x-ndjson":
		return MediaType{Kind: MediaNDJSON, Text: text}
	case "*/*":
		return MediaType{Kind: MediaAny}
	case "application/vnd.pgrst.object+json", "application/vnd.pgrst.object":
		return MediaType{Kind: MediaObject, StripNulls: params["nulls"] == "stripped"}
	case "application/vnd.pgrst.array+json", "application/vnd.pgrst.array":
		if params["nulls"] == "stripped" {
			return MediaType{Kind: MediaArrayStripped}
		}
		return MediaType{Kind: MediaJSON}
	case "application/vnd.pgrst.plan", "application/vnd.pgrst.plan+text", "application/vnd.pgrst.plan+json":
		plan := &PlanOptions{JSON: strings.HasSuffix(kind, "+json"), For: MediaType{Kind: MediaJSON}}
		if of, ok := params["for"]; ok {
			plan.For = ParseMediaType(of)
		}
		asked := strings.Split(params["options"], "|")
		for _, o := range planOptions {
			if slices.Contains(asked, o) {
				plan.Options = append(plan.Options, o)
			}
		}
		return MediaType{Kind: MediaPlan, Plan: plan}
	}
	return MediaType{Kind: MediaOther, Text: text}
}

// splitMediaType returns type/subtype in lower case and the parameters with their names in lower case. Where a parameter
// cannot be read the rest is left out; where not even the type can be read the type is empty.
func splitMediaType(text string) (kind string, params map[string]string) {
	main, rest, ok := strings.Cut(text, "/")
	if !ok || main == "" || takeWhile(main, ".*") != len(main) {
		return "", nil
	}
	n := takeWhile(rest, ".*+-")
	if n == 0 {
		return "", nil
	}
	kind, rest = strings.ToLower(main+"/"+rest[:n]), rest[n:]
	for {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if !strings.HasPrefix(rest, ";") {
			return kind, params
		}
		rest = strings.TrimLeft(rest[1:], " \t\r\n")
		n := takeWhile(rest, "-")
		name := strings.ToLower(rest[:n])
		rest = strings.TrimLeft(rest[n:], " \t\r\n")
		if n == 0 || !strings.HasPrefix(rest, "=") {
			return kind, params
		}
		rest = strings.TrimLeft(rest[1:], " \t\r\n")
		var value string
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return kind, params
			}
			value, rest = rest[1:1+end], rest[end+2:]
		} else {
			n := takeWhile(rest, "|-")
			if n == 0 {
				return kind, params
			}
			value, rest = rest[:n], rest[n:]
		}
		if params == nil {
			params = make(map[string]string, 2)
		}
		params[name] = value
	}
}

// takeWhile returns how many bytes of s are letters, digits or among more.
func takeWhile(s, more string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(more, c) >= 0) {
			break
		}
		i++
	}
	return i
}

var acceptAny = []MediaType{{Kind: MediaAny}}

// quality reads the number that a text begins with; without one it is 1.
func quality(text string) float64 {
	n := takeDigits(text)
	if n == 0 {
		return 1
	}
	if rest := text[n:]; strings.HasPrefix(rest, ".") {
		if d := takeDigits(rest[1:]); d > 0 {
			n += 1 + d
		}
	}
	q, err := strconv.ParseFloat(text[:n], 64)
	if err != nil { // beyond what a float64 holds
		return 1
	}
	return q
}

func takeDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// parseAccept reads an Accept header: what the client likes best comes first (RFC 9110, 12.5.1), and among equals what is
// more specific.
func parseAccept(values []string) []MediaType {
	if len(values) == 0 {
		return acceptAny
	}
	header := values[0]
	if header == "*/*" {
		return acceptAny
	}
	if strings.IndexByte(header, ',') < 0 && !strings.Contains(header, ";") {
		return []MediaType{ParseMediaType(strings.ReplaceAll(header, " ", ""))}
	}
	type entry struct {
		text        string
		quality     float64
		specificity int
	}
	var entries []entry
	for part := range strings.SplitSeq(header, ",") {
		part = strings.ReplaceAll(part, " ", "")
		text, q, weighted := strings.Cut(part, ";q=")
		e := entry{text: text, quality: 1}
		if weighted {
			q, _, _ = strings.Cut(q, ";")
			e.quality = quality(q)
		}
		e.specificity = strings.Count(text, ";") - strings.Count(text, "*")
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.quality, a.quality), cmp.Compare(b.specificity, a.specificity))
	})
	out := make([]MediaType, len(entries))
	for i, e := range entries {
		out[i] = ParseMediaType(e.text)
	}
	return out
}
