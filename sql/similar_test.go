package sql

import "testing"

// TestClosest compares the suggestions with those that PostgREST makes.
func TestClosest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text       string
		candidates []string
		least      float64
		want       string
	}{
		{"film", []string{"actors", "films", "filmography"}, similarName, "films"},
		{"FILMS", []string{"films", "Films"}, similarName, "films"},
		{"flim", []string{"films"}, similarName, ""},
		{"role", []string{"directors", "roles", "actors"}, similarParameter, "roles"},
		{"noclosealternative", []string{"films", "actors"}, similarParameter, ""},
		{"(nam, pqaram, vall)", []string{"(name, param, val)", "(attr, id)"}, similarParameter, "(name, param, val)"},
		{"(id)", []string{"(name, param, val)", "(attr, id)"}, similarParameter, "(attr, id)"},
		// Half of the letters are the same, but no two in a row.
		{"(id)", []string{"(ab)"}, similarParameter, ""},
		{"ab", []string{"xb", "ax"}, similarParameter, "xb"}, // by the pieces -a and b-
		{"", []string{"a", ""}, similarName, ""},
		{"é", []string{"è"}, similarParameter, ""},
		{"x", nil, similarName, ""},
	} {
		if got := closest(test.text, test.candidates, test.least); got != test.want {
			t.Errorf("%q among %q: got %q, want %q", test.text, test.candidates, got, test.want)
		}
	}
}
