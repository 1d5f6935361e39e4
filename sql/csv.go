package sql

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
)

// parseCSV turns CSV (RFC 4180) with a header line into JSON rows of text values; NULL, unquoted or not, is null.
func (r *Request) parseCSV(body []byte) *Error {
	reader := csv.NewReader(bytes.NewReader(body))
	reader.ReuseRecord = true
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return csvError(err)
	}
	header = slices.Clone(header)
	keys := make([][]byte, len(header))
	for i, name := range header {
		keys[i] = append(AppendJSONString(nil, name), ':')
	}
	out := make([]byte, 0, len(body)+len(body)/2)
	out = append(out, '[')
	rows := 0
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return csvError(err)
		}
		if len(record) != len(header) {
			line, _ := reader.FieldPos(0)
			return invalidBody("All lines must have same number of fields",
				fmt.Sprintf("Line %d has %d fields, the header has %d", line, len(record), len(header)))
		}
		if rows > 0 {
			out = append(out, ',')
		}
		rows++
		for i, value := range record {
			if i == 0 {
				out = append(out, '{')
			} else {
				out = append(out, ',')
			}
			out = append(out, keys[i]...)
			if value == "NULL" {
				out = append(out, "null"...)
			} else {
				out = AppendJSONString(out, value)
			}
		}
		out = append(out, '}')
	}
	p := &Payload{Raw: append(out, ']')}
	if rows > 0 {
		p.Keys = header
		slices.Sort(p.Keys)
		p.Keys = slices.Compact(p.Keys)
	}
	r.Payload = p
	return nil
}

func csvError(err error) *Error {
	var pe *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return invalidBody("The CSV body is empty", "A header line with the names of the columns is needed")
	case errors.As(err, &pe):
		return invalidBody("The CSV body cannot be read",
			fmt.Sprintf("Line %d, column %d: %v", pe.Line, pe.Column, pe.Err))
	default:
		return invalidBody("The CSV body cannot be read", err.Error())
	}
}
