package sql

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Source is what Parse reads: the parts of an HTTP request that belong to the query language.
type Source struct {
	Method   string
	Path     string // still escaped, below the API's base path
	RawQuery string
	// Header holds the values of each header under its canonical name, as net/http writes it.
	Header map[string][]string
	Body   []byte
}

// Options are the settings that decide how a request is read.
type Options struct {
	Schemas          []string // exposed schemas, the default first
	RootRoutine      string   // name of the function that answers the root (db-root-spec), or ""
	DescribeDisabled bool     // the root has no description (openapi-mode = disabled)
	AllowTransaction bool     // Prefer: tx= is heeded (db-tx-end = …-allow-override)
	Limits           Limits
}

// Parse reads a request by its syntax alone. Its errors are for the client.
func Parse(src *Source, opt *Options) (*Request, *Error) {
	r := &Request{Preferences: parsePreferences(src.Header["Prefer"], opt.AllowTransaction)}
	if err := r.parsePath(src, opt); err != nil {
		return nil, err
	}
	if err := r.parseProfile(src, opt.Schemas); err != nil {
		return nil, err
	}
	if err := r.parseMethod(src.Method); err != nil {
		return nil, err
	}
	if err := r.parseQuery(src, opt); err != nil {
		return nil, err
	}
	r.Accept = parseAccept(src.Header["Accept"])
	r.ContentType = MediaType{Kind: MediaJSON}
	if v := src.Header["Content-Type"]; len(v) > 0 {
		r.ContentType = ParseMediaType(v[0])
	}
	if err := r.parsePayload(src.Body, &opt.Limits); err != nil {
		return nil, err
	}
	return r, nil
}

// lastWord returns what follows the last dot of a key.
func lastWord(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// parseQuery reads the parameters. Each kind is read in a fixed order, so that a request with several errors is always
// answered with the same one.
func (r *Request) parseQuery(src *Source, opt *Options) *Error {
	if !utf8.ValidString(src.RawQuery) {
		return invalidUTF8("query")
	}
	pairs := parsePairs(src.RawQuery)
	for _, p := range pairs {
		if !utf8.ValidString(p.key) || !utf8.ValidString(p.value) {
			return invalidUTF8("query")
		}
	}
	if r.Action == Read {
		r.Canonical = canonicalQuery(pairs)
	}
	if err := r.parseClauses(pairs, &opt.Limits); err != nil {
		return err
	}
	if err := r.parseFilters(pairs); err != nil {
		return err
	}
	if text, ok := first(pairs, "on_conflict"); ok {
		var err *Error
		if r.OnConflict, err = read(text, "on_conflict parameter", text, 0, (*scanner).names); err != nil {
			return err
		}
	}
	if err := opt.Limits.check(r); err != nil {
		return err
	}
	return r.parseRanges(src, pairs)
}

// parseClauses reads order=, and=, or=, columns= and select=.
func (r *Request) parseClauses(pairs []pair, limits *Limits) *Error {
	for _, p := range pairs {
		if p.bare || lastWord(p.key) != "order" {
			continue
		}
		path, _, err := parseTreePath(p.key)
		if err != nil {
			return err
		}
		terms, err := parseOrder(p.value)
		if err != nil {
			return err
		}
		r.Orders = append(r.Orders, Order{path, terms})
	}
	for _, p := range pairs {
		if w := lastWord(p.key); p.bare || w != "and" && w != "or" {
			continue
		}
		logic, err := parseLogic(p.key, p.value, limits)
		if err != nil {
			return err
		}
		r.Logic = append(r.Logic, logic)
	}
	if text, ok := first(pairs, "columns"); ok {
		names, err := read(text, "columns parameter", text, 0, (*scanner).names)
		if err != nil {
			return err
		}
		slices.Sort(names)
		r.Columns, r.HasColumns = slices.Compact(names), true
	}
	text, ok := first(pairs, "select")
	if !ok {
		text = "*"
	}
	var err *Error
	r.Select, err = parseSelect(text, limits)
	return err
}

// first returns the value of the first parameter of that name, if it has one.
func first(pairs []pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.key == key {
			return p.value, !p.bare
		}
	}
	return "", false
}

// parseFilters reads all parameters whose names are not reserved.
func (r *Request) parseFilters(pairs []pair) *Error {
	ofRoutine := r.Action == Call && !r.ByPost
	for _, p := range pairs {
		if p.bare || p.key == "select" || p.key == "columns" || p.key == "on_conflict" {
			continue
		}
		switch lastWord(p.key) {
		case "order", "limit", "offset", "and", "or":
			continue
		}
		f, isParameter, err := parseFilter(p.key, p.value, ofRoutine)
		switch {
		case err != nil:
			return err
		case isParameter:
			r.Parameters = append(r.Parameters, Parameter{f.Field.Name, p.value})
		default:
			r.Filters = append(r.Filters, f)
		}
	}
	return nil
}

// parseRanges reads limit= and offset= of every level, and the Range header.
func (r *Request) parseRanges(src *Source, pairs []pair) *Error {
	var top rangeParameters
	var embedded map[string]*rangeParameters
	for _, p := range pairs {
		word := lastWord(p.key)
		if p.bare || word != "limit" && word != "offset" {
			continue
		}
		at := &top
		if prefix := strings.TrimSuffix(p.key, word); prefix != "" {
			if embedded == nil {
				embedded = make(map[string]*rangeParameters)
			}
			if at = embedded[prefix]; at == nil {
				at = &rangeParameters{}
				embedded[prefix] = at
			}
		}
		if word == "limit" {
			at.setLimit(p.value)
		} else {
			at.setOffset(p.value)
		}
	}
	for _, prefix := range sortedKeys(embedded) {
		path, _, err := parseTreePath(prefix + "limit")
		if err != nil {
			return err
		}
		r.Limits = append(r.Limits, Limit{path, embedded[prefix].combined()})
	}
	header := ""
	if v := src.Header["Range"]; len(v) > 0 {
		header = v[0]
	}
	var err *Error
	r.Range, err = topRange(src.Method, header, top.combined())
	return err
}

func sortedKeys(m map[string]*rangeParameters) []string {
	if len(m) == 0 {
		return nil
	}
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
