package sql

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// PayloadKind tells what a request body is.
type PayloadKind uint8

// The kinds of bodies.
const (
	PayloadJSON PayloadKind = iota // JSON text, for json_to_recordset
	PayloadForm                    // the fields of a form: arguments of a routine
	PayloadRaw                     // the argument of a routine as it stands
)

// Payload is the body of a request.
type Payload struct {
	Kind PayloadKind
	Raw  []byte
	// Keys are the columns or arguments that the body names, sorted: the keys of its objects, or columns=.
	Keys     []string
	Fields   []Parameter // of a form
	IsObject bool        // the JSON is one object rather than an array
}

// takesPayload reports whether the action reads a body.
func (r *Request) takesPayload() bool {
	switch r.Action {
	case Create, Update, Upsert:
		return true
	case Call:
		return r.ByPost
	default:
		return false
	}
}

func (r *Request) parsePayload(body []byte, limits *Limits) *Error {
	if !r.takesPayload() {
		return nil
	}
	if r.ContentType.Kind != MediaOctets && !utf8.Valid(body) {
		return invalidBody("Empty or invalid json", "The body is not valid UTF-8")
	}
	isCall := r.Action == Call
	switch kind := r.ContentType.Kind; {
	case kind == MediaJSON && r.HasColumns && r.Action != Upsert:
		r.Payload = &Payload{Raw: body, Keys: r.Columns, IsObject: looksLikeObject(body)}
	case kind == MediaJSON:
		return r.parseJSON(body, limits)
	case kind == MediaCSV:
		return r.parseCSV(body)
	case kind == MediaForm:
		return r.parseForm(body)
	case isCall && (kind == MediaText || kind == MediaXML || kind == MediaOctets):
		r.Payload = &Payload{Kind: PayloadRaw, Raw: body}
	default:
		return invalidBody("Content-Type not acceptable: "+validUTF8(r.ContentType.Mime()), "")
	}
	return nil
}

func invalidBody(message, details string) *Error {
	return &Error{Code: CodeInvalidBody, Message: message, Details: details}
}

func looksLikeObject(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\n', '\r':
			continue
		}
		return c == '{'
	}
	return false
}

// parseJSON checks the body and finds the keys of its objects, which must be the same in all of them.
func (r *Request) parseJSON(body []byte, limits *Limits) *Error {
	if len(body) == 0 && r.Action == Call {
		r.Payload = &Payload{Raw: []byte("{}"), IsObject: true}
		return nil
	}
	j := jsonScanner{text: body, maxDepth: levels(limits.JSONDepth)}
	shape, ok := j.document()
	if !ok {
		return j.err()
	}
	if !shape.uniform {
		return invalidBody("All object keys must match", "")
	}
	p := &Payload{Raw: body, IsObject: shape.isObject, Keys: shape.keys}
	if !shape.isObject && !shape.hasRows {
		p.Raw = []byte("[]")
	}
	slices.Sort(p.Keys)
	p.Keys = slices.Compact(p.Keys)
	r.Payload = p
	return nil
}

// parseForm takes the fields of a form: as arguments of a routine, else as one row of text values.
func (r *Request) parseForm(body []byte) *Error {
	fields := parsePairs(string(body))
	p := &Payload{Kind: PayloadForm}
	for _, f := range fields {
		if !utf8.ValidString(f.key) || !utf8.ValidString(f.value) {
			return invalidBody("The form is not valid UTF-8", "")
		}
		p.Fields = append(p.Fields, Parameter{f.key, f.value})
		p.Keys = append(p.Keys, f.key)
	}
	slices.Sort(p.Keys)
	p.Keys = slices.Compact(p.Keys)
	if r.Action != Call {
		last := make(map[string]string, len(fields))
		for _, f := range fields {
			last[f.key] = f.value
		}
		out := []byte{'{'}
		for i, k := range p.Keys {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(AppendJSONString(out, k), ':')
			out = AppendJSONString(out, last[k])
		}
		out = append(out, '}')
		p.Kind, p.Raw, p.IsObject = PayloadJSON, out, true
	}
	r.Payload = p
	return nil
}

// AppendJSONString appends s as a JSON string, escaped as PostgreSQL's to_json escapes it.
func AppendJSONString(out []byte, s string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	out = append(out, s[start:]...)
	return append(out, '"')
}

// at tells line and column, in bytes, from 1.
func at(text []byte, offset int) string {
	line := 1 + bytes.Count(text[:offset], []byte{'\n'})
	column := offset - bytes.LastIndexByte(text[:offset], '\n')
	return "line " + strconv.Itoa(line) + ", column " + strconv.Itoa(column)
}
