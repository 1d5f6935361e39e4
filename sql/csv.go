package sql

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// maxCSVGrowth is how many times as large as its CSV the JSON may be, beyond smallCSV bytes: with a long name in the header, lines of
// two bytes could fill the memory.
const (
	maxCSVGrowth = 16
	smallCSV     = 1 << 20
)

// parseCSV turns CSV (RFC 4180) with a header line into JSON rows of text values; NULL, unquoted or not, is null. Lines with
// nothing in them are left out.
func (r *Request) parseCSV(body []byte) *Error {
	c := csvScanner{text: body}
	var header []string
	for ok := true; ok && !c.done(); {
		var field []byte
		if field, ok = c.field(); c.problem != "" {
			return c.err()
		}
		header = append(header, string(field))
	}
	if header == nil {
		return invalidBody("The CSV body is empty", "A header line with the names of the columns is needed")
	}
	keys := make([][]byte, len(header))
	for i, name := range header {
		keys[i] = append(AppendJSONString(nil, name), ':')
	}
	out := make([]byte, 0, len(body)+len(body)/2)
	out = append(out, '[')
	most := max(smallCSV, maxCSVGrowth*len(body))
	for c.skipEmptyLines(); !c.done(); c.skipEmptyLines() {
		if len(out) > most {
			return invalidBody("The CSV body is too large for its column names",
				"As JSON, with the names in each row, it would be more than "+strconv.Itoa(maxCSVGrowth)+" times as large; send fewer lines at a time")
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, '{')
		start, fields := c.pos, 0
		for more := true; more; fields++ {
			var field []byte
			if field, more = c.field(); c.problem != "" {
				return c.err()
			}
			if fields >= len(keys) {
				continue
			}
			if fields > 0 {
				out = append(out, ',')
			}
			out = append(out, keys[fields]...)
			if string(field) == "NULL" {
				out = append(out, "null"...)
			} else {
				out = AppendJSONString(out, string(field))
			}
		}
		if fields != len(header) {
			return invalidBody("All lines must have same number of fields",
				"Line "+strconv.Itoa(1+bytes.Count(body[:start], []byte{'\n'}))+" has "+strconv.Itoa(fields)+" fields, the header has "+strconv.Itoa(len(header)))
		}
		out = append(out, '}')
	}
	p := &Payload{Raw: append(out, ']')}
	if len(out) > 1 {
		slices.Sort(header)
		p.Keys = slices.Compact(header)
	}
	r.Payload = p
	return nil
}

// csvScanner reads field after field. Unlike encoding/csv it leaves line ends within quotes as they are.
type csvScanner struct {
	text    []byte
	pos     int
	problem string
	scratch []byte
}

func (c *csvScanner) done() bool { return c.pos >= len(c.text) }

func (c *csvScanner) err() *Error {
	return invalidBody("The CSV body cannot be read", c.problem+" at "+at(c.text, c.pos))
}

func (c *csvScanner) skipEmptyLines() {
	for !c.done() && (c.text[c.pos] == '\n' || c.text[c.pos] == '\r') {
		c.endLine()
	}
}

// field reads a field and the comma or line end after it, and reports whether more fields follow on the line. The field is
// valid until the next call.
func (c *csvScanner) field() (field []byte, more bool) {
	if !c.done() && c.text[c.pos] == '"' {
		field = c.quoted()
	} else {
		start := c.pos
		for !c.done() && strings.IndexByte(",\"\r\n", c.text[c.pos]) < 0 {
			c.pos++
		}
		field = c.text[start:c.pos]
	}
	switch {
	case c.problem != "" || c.done():
		return field, false
	case c.text[c.pos] == ',':
		c.pos++
		return field, true
	case c.text[c.pos] == '"':
		c.problem = "A double quote in a field without quotes"
		return nil, false
	case c.text[c.pos] != '\n' && c.text[c.pos] != '\r':
		c.problem = "Text after a closing double quote"
		return nil, false
	}
	c.endLine()
	return field, false
}

// quoted reads a field in double quotes, in which two of them stand for one.
func (c *csvScanner) quoted() []byte {
	open := c.pos
	c.pos++
	c.scratch = c.scratch[:0]
	for {
		n := bytes.IndexByte(c.text[c.pos:], '"')
		if n < 0 {
			c.pos, c.problem = open, "No closing double quote for the one"
			return nil
		}
		part := c.text[c.pos : c.pos+n]
		c.pos += n + 1
		if c.done() || c.text[c.pos] != '"' {
			if len(c.scratch) == 0 {
				return part
			}
			return append(c.scratch, part...)
		}
		c.scratch = append(append(c.scratch, part...), '"')
		c.pos++
	}
}

// endLine reads a line end: CR, LF or both.
func (c *csvScanner) endLine() {
	if c.text[c.pos] == '\r' {
		c.pos++
		if c.done() || c.text[c.pos] != '\n' {
			return
		}
	}
	c.pos++
}
