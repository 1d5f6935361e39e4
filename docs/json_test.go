package docs_test

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/lint"
	"github.com/postern-db/postern/internal/matrix"
	"github.com/postern-db/postern/internal/policytest"
)

// jsonTypes are what the headings of json.md are about.
var jsonTypes = map[string]reflect.Type{
	"postern lint --json":     reflect.TypeFor[lint.Report](),
	"Finding":                 reflect.TypeFor[lint.Finding](),
	"postern policies --json": reflect.TypeFor[matrix.Matrix](),
	"Relation":                reflect.TypeFor[matrix.Relation](),
	"Rights":                  reflect.TypeFor[matrix.Row](),
	"Cell":                    reflect.TypeFor[matrix.Cell](),
	"Cell below":              reflect.TypeFor[matrix.Below](),
	"Policy":                  reflect.TypeFor[matrix.Policy](),
	"Function":                reflect.TypeFor[matrix.Function](),
	"postern test --json":     reflect.TypeFor[policytest.Report](),
	"File":                    reflect.TypeFor[policytest.FileReport](),
	"Test":                    reflect.TypeFor[policytest.TestReport](),
	"Coverage":                reflect.TypeFor[policytest.Coverage](),
}

// The page names each field that the commands write with --json, with its type and whether it may be absent, and no other.
func TestJSONPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("json.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| `([^`]+)` \\| (\\w+)[^|]* \\| (.*) \\|$")
	documented := map[string][]string{}
	heading := ""
	for line := range strings.Lines(string(page)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			heading = strings.TrimSpace(title)
		}
		if m := row.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			documented[heading] = append(documented[heading], fmt.Sprintf("%s %s absent:%t", m[1], m[2], strings.Contains(m[3], "absent")))
		}
	}
	if got, want := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(jsonTypes)); !slices.Equal(got, want) {
		t.Errorf("the headings are %v, want %v", got, want)
	}
	reached := map[reflect.Type]bool{}
	for _, root := range []string{"postern lint --json", "postern policies --json", "postern test --json"} {
		reach(jsonTypes[root], reached)
	}
	for heading, of := range jsonTypes {
		if want := fieldsOf(of); !slices.Equal(documented[heading], want) {
			t.Errorf("%s: the page has\n%s\nand the program\n%s", heading, strings.Join(documented[heading], "\n"), strings.Join(want, "\n"))
		}
		delete(reached, of)
	}
	for missing := range reached {
		t.Errorf("%s is not on the page", missing)
	}
}

// fieldsOf are the fields that a struct has of its own, as "name type absent:may be".
func fieldsOf(of reflect.Type) (out []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Anonymous {
			continue
		}
		kind := map[reflect.Kind]string{
			reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "number", reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object",
		}[f.Type.Kind()]
		if _, ok := f.Type.MethodByName("MarshalText"); ok {
			kind = "string"
		}
		out = append(out, fmt.Sprintf("%s %s absent:%t", name, kind, options == "omitempty"))
	}
	return out
}

// reach finds the structs in a type.
func reach(of reflect.Type, seen map[reflect.Type]bool) {
	switch {
	case of.Kind() == reflect.Slice:
		reach(of.Elem(), seen)
	case of.Kind() == reflect.Struct && !seen[of]:
		seen[of] = true
		for i := range of.NumField() {
			reach(of.Field(i).Type, seen)
		}
	}
}
