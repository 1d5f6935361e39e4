package lint

import (
	"slices"
	"strings"
	"testing"
)

func TestTakeApart(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]source{
		"select a -- 'no'\nfrom b":          {code: "select a  \nfrom b"},
		"select /* a /* 'b' */ c */ d":      {code: "select   d"},
		"select 'it''s', E'a\\'b', e":       {code: "select '', E'', e", texts: []string{"it's", `a\'b`}},
		`select "a""b'c", '"'`:              {code: `select "a""b'c", ''`, texts: []string{`"`}},
		"execute $q$ select 'x' from t $q$": {code: "execute   select '' from t  ", texts: []string{" select 'x' from t ", "x"}},
		"select $1, a$b$c, -- end":          {code: "select $1, a$b$c,  "},
		"select 'open":                      {code: "select ''", texts: []string{"open"}},
		"/* open":                           {code: " "},
		"$$ open":                           {code: "  open ", texts: []string{" open"}},
	} {
		if got := takeApart(sql); got.code != want.code || !slices.Equal(got.texts, want.texts) {
			t.Errorf("%s is %q, want %q", sql, got, want)
		}
	}
}

func FuzzTakeApart(f *testing.F) {
	f.Add("select 'a', E'\\'', $x$ /* */ $x$ -- \n \"b\" from t")
	f.Fuzz(func(t *testing.T, sql string) {
		for _, text := range takeApart(sql).texts {
			if len(text) > len(sql) {
				t.Errorf("a text of %q is longer", strings.ToValidUTF8(sql, "?"))
			}
		}
	})
}
