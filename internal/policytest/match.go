package policytest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// decodeRows reads an object, or an array of them, and nothing after it. Numbers keep their digits.
func decodeRows(text []byte) ([]map[string]any, error) {
	value, err := decodeValue(string(text))
	if err != nil {
		return nil, err
	}
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	out := make([]map[string]any, len(list))
	for i, item := range list {
		row, ok := item.(map[string]any)
		if !ok { // such as a function's value
			row = map[string]any{"": item}
		}
		out[i] = row
	}
	return out, nil
}

// check holds a result against an expectation.
func (e *Expectation) check(r *result) error {
	if r.failed && e.Kind != Refused && e.Kind != Status {
		return fmt.Errorf("it is refused: %s", r.refusal())
	}
	switch e.Kind {
	case Sees:
		if r.unseen != "" {
			return errors.New(r.unseen)
		}
		return e.checkRows(r)
	case Changes:
		switch {
		case r.uncount != "":
			return errors.New(r.uncount)
		case r.changed != e.Count:
			return fmt.Errorf("it changes %s", rows(r.changed))
		}
	case Refused:
		switch {
		case !r.failed:
			return fmt.Errorf("it is not refused: %s", r.outcome())
		case e.Code == "" && !r.denied():
			return fmt.Errorf("it fails for another reason than missing rights: %s; if that is meant, write => refused %s",
				r.refusal(), cmp.Or(r.code, fmt.Sprint(r.status)))
		case e.Code != "" && e.Code != r.code && e.Code != fmt.Sprint(r.status):
			return fmt.Errorf("it is refused otherwise: %s", r.refusal())
		}
	case Status:
		if r.status != e.Count {
			return fmt.Errorf("the status is %d: %s", r.status, r.outcome())
		}
	}
	return nil
}

func (e *Expectation) checkRows(r *result) error {
	count := e.Count
	if count < 0 {
		count = len(e.Rows)
	}
	if len(r.rows) != count {
		return fmt.Errorf("it sees %s%s", rows(len(r.rows)), listed(r.rows))
	}
	if e.Ordered {
		for i, want := range e.Rows {
			if !sameRow(want, r.rows[i]) {
				return fmt.Errorf("row %d is not %s%s", i+1, text(want), listed(r.rows))
			}
		}
		return nil
	}
	m := matching{want: e.Rows, got: r.rows, taken: make([]int, len(r.rows))}
	for i := range m.taken {
		m.taken[i] = -1
	}
	for i, want := range e.Rows {
		if !m.place(i, make([]bool, len(r.rows))) {
			return fmt.Errorf("it does not see %s%s", text(want), listed(r.rows))
		}
	}
	return nil
}

// matching finds a row of its own for each that is wanted; since these name some columns only, several may fit.
type matching struct {
	want, got []map[string]any
	taken     []int // by which of want
}

func (m *matching) place(i int, tried []bool) bool {
	for j := range m.got {
		if tried[j] || !sameRow(m.want[i], m.got[j]) {
			continue
		}
		tried[j] = true
		if m.taken[j] < 0 || m.place(m.taken[j], tried) {
			m.taken[j] = i
			return true
		}
	}
	return false
}

// maxListed is how many rows a message shows.
const maxListed = 10

func listed(rows []map[string]any) string {
	var b strings.Builder
	for i, row := range rows {
		if i == maxListed {
			b.WriteString("\n…")
			break
		}
		b.WriteString("\n" + text(row))
	}
	return b.String()
}

func text(row map[string]any) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // it is for people
	if err := e.Encode(row); err != nil {
		return fmt.Sprint(row)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// sqlText is a value as PostgreSQL writes it, of a statement whose columns' types are not looked at.
type sqlText string

// sameRow says whether got has the columns of want with their values.
func sameRow(want, got map[string]any) bool {
	for name, value := range want {
		other, ok := got[name]
		if !ok || !same(value, other) {
			return false
		}
	}
	return true
}

func same(want, got any) bool {
	s, ok := got.(sqlText)
	if !ok {
		return reflect.DeepEqual(want, got)
	}
	switch want := want.(type) {
	case string:
		return want == string(s)
	case json.Number:
		return want.String() == string(s)
	case bool:
		return want && s == "t" || !want && s == "f"
	case nil:
		return false
	default:
		value, err := decodeValue(string(s))
		return err == nil && reflect.DeepEqual(want, value)
	}
}

func decodeValue(text string) (value any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	return value, nil
}
