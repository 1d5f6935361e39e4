// Package database_test is run by the tests of typegen: it uses the structs as a program would.
package database_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/postern-db/postern/internal/typegen/testdata/shop"
)

// TestRows reads what the server answered, which is in the folder ANSWERS, and finds every member in a field.
func TestRows(t *testing.T) {
	t.Parallel()
	var orders []Orders
	var customers []Customers
	var report []ReportRow
	for name, into := range map[string]any{"orders": &orders, "customers": &customers, "report": &report} {
		text, err := os.ReadFile(filepath.Join(os.Getenv("ANSWERS"), name))
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Fatalf("%s: %v in %s", name, err, text)
		}
	}
	o := orders[0]
	if o.Status != StatusInDelivery || *o.Place.X != 1.5 || o.Place.Label != nil || o.Total != "12345678.90" || len(o.History) != 2 ||
		*o.Colour != HiddenColourBlue || string(o.Notes) != `{"a": [1, null]}` || o.Gross == nil || string(o.Shade) != `"#ff"` {
		t.Errorf("got %+v", o)
	}
	if len(o.Grid) != 2 || string(o.Grid[0]) != `["a","b"]` || string(o.Grid[1]) != `["c",null]` || len(o.Grids) != 2 || string(o.Grids[0]) != "1" {
		t.Errorf("got %s %s", o.Grid, o.Grids)
	}
	if orders[1].Place != nil || orders[1].Notes != nil && string(orders[1].Notes) != "null" {
		t.Errorf("got %+v", orders[1])
	}
	if c := customers[0]; c.Joined.IsZero() || c.Joined.After(time.Now().Add(time.Hour)) || c.OddName != nil || c.Others[0] != "b@c" {
		t.Errorf("got %+v", c)
	}
	if report[0].Sold == nil || *report[0].Sold != 1 {
		t.Errorf("got %+v", report[0])
	}
}

// TestChanges checks that what is left out, null and set differ in JSON.
func TestChanges(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]any{
		`{}`:                         CustomersUpdate{},
		`{"name":"x","class":null}`:  CustomersUpdate{Name: Set("x"), Class: Null[string]()},
		`{"email":"a@b","name":"y"}`: CustomersInsert{Email: "a@b", Name: "y"},
		`{"email":"","others":["c@d"],"name":"","odd name":""}`: CustomersInsert{Others: Set([]string{"c@d"}), OddName: Set("")},
		`{"query":"x","status":""}`:                             Search2Args{Query: "x", Status: Set(StatusEmpty)},
	} {
		got, err := json.Marshal(change)
		if err != nil || string(got) != want {
			t.Errorf("got %s %v, want %s", got, err, want)
		}
	}
	var back CustomersUpdate
	if err := json.Unmarshal([]byte(`{"class": null, "name": "x"}`), &back); err != nil || !back.Class.IsNull() || back.Name.Value != "x" || !back.Email.IsZero() {
		t.Errorf("got %+v %v", back, err)
	}
}
