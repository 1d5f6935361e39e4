package introspect

import (
	"slices"
	"testing"
)

func TestParseTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule string
		want []target
		ok   bool
	}{
		"usual":                          {`({QUERY :commandType 1 :rtable ({RTE :alias {ALIAS :aliasname old :colnames <>}}) :targetList ({TARGETENTRY :expr {VAR :varno 3 :location -1} :resno 1 :resname id :ressortgroupref 0 :resorigtbl 16385 :resorigcol 2 :resjunk false} {TARGETENTRY :expr {CONST :constvalue 4 [ 1 0 0 0 0 0 0 0 ]} :resno 2 :resname x :resorigtbl 0 :resorigcol 0 :resjunk false}) :stmt_len 7})`, []target{{1, 16385, 2}}, true},
		"a name that looks like a field": {`({QUERY :targetList ({TARGETENTRY :expr <> :resno 1 :resname :resorigtbl :resorigtbl 7 :resorigcol 3 :resjunk false})})`, []target{{1, 7, 3}}, true},
		"escapes":                        {`({QUERY :a \{\ :targetList\ \( :targetList ({TARGETENTRY :expr {X :s "a\ \}\\"} :resno 1 :resname \)\ \} :resorigtbl 7 :resorigcol 3 :resjunk false})})`, []target{{1, 7, 3}}, true},
		"sorted by only":                 {`({QUERY :targetList ({TARGETENTRY :resno 1 :resorigtbl 7 :resorigcol 3 :resjunk true})})`, nil, true},
		"system column":                  {`({QUERY :targetList ({TARGETENTRY :resno 1 :resorigtbl 7 :resorigcol -1 :resjunk false})})`, nil, true},
		"no columns":                     {`({QUERY :targetList <> :x 1})`, nil, true},
		"inner lists are not looked at":  {`({QUERY :rtable ({RTE :subquery {QUERY :targetList ({TARGETENTRY :resno 1 :resorigtbl 7 :resorigcol 3})}}) :targetList ()})`, nil, true},
		"empty":                          {``, nil, false},
		"nothing":                        {`<>`, nil, false},
		"no query":                       {`({INSERT :a 1})`, nil, false},
		"cut short":                      {`({QUERY :targetList ({TARGETENTRY :resno 1`, nil, false},
		"cut in an escape":               {`({QUERY :a (\`, nil, false},
		"a number too large":             {`({QUERY :targetList ({TARGETENTRY :resno 70000})})`, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseTargets(c.rule)
			if (err == nil) != c.ok || !slices.Equal(got, c.want) {
				t.Errorf("got %v, error %v; want %v", got, err, c.want)
			}
		})
	}
}

// FuzzParseTargets looks for texts that make the parser panic, hang or return numbers that cannot be.
func FuzzParseTargets(f *testing.F) {
	f.Add(`({QUERY :commandType 1 :targetList ({TARGETENTRY :expr {VAR :varno 3} :resno 1 :resname \{a\ b\} :resorigtbl 16385 :resorigcol 2 :resjunk false}) :b (i 1 2)})`)
	f.Add(`({QUERY :a "\"" :targetList <>} {QUERY})`)
	f.Fuzz(func(t *testing.T, rule string) {
		targets, err := parseTargets(rule)
		for _, x := range targets {
			if err == nil && (x.table == 0 || x.column <= 0) {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestRowMalformed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value []byte
		read  func(*row)
	}{
		"short oid":        {[]byte{1}, func(r *row) { r.oid() }},
		"short int2":       {nil, func(r *row) { r.int2() }},
		"long bool":        {[]byte{1, 2}, func(r *row) { r.bool() }},
		"short array":      {[]byte{0, 0, 0, 1}, func(r *row) { r.texts() }},
		"no dimension":     {[]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25}, func(r *row) { r.texts() }},
		"two dimensions":   {[]byte{0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 0, 0, 0, 0, 0}, func(r *row) { r.texts() }},
		"missing element":  {[]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 9, 0, 0, 0, 1}, func(r *row) { r.texts() }},
		"element too long": {[]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 'x'}, func(r *row) { r.texts() }},
		"oid of one byte":  {[]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'x'}, func(r *row) { r.oids() }},
		"too few columns":  {nil, func(r *row) { r.raw(); r.text() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := row{values: [][]byte{c.value}, names: interner{}}
			if c.read(&r); r.err == nil {
				t.Error("no error")
			}
		})
	}
}
