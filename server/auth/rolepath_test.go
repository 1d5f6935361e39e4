package auth

import (
	"strings"
	"testing"
)

// claimsForPaths holds every shape a role is found in.
const claimsForPaths = `{
	"role": "top", "a-b": "dash", "ключ": "unicode", "quote'd": "quoted", "n": 7, "t": true,
	"app": {"role": "inner", "roles": ["other", "author", "admin"], "z": "last", "b": "first"},
	"https://x.example/roles": [{"value": "deep", "w": 9007199254740993}, {"value": "second", "w": 1e2}],
	"mixed": [1, null, "text", ["nested"], {"k": "v"}], "$@_": "odd", "empty": []
}`

func TestRolePaths(t *testing.T) {
	t.Parallel()
	claims, err := parseJSON(claimsForPaths)
	if err != nil {
		t.Fatal(err)
	}
	const nothing = "nothing"
	for path, want := range map[string]string{
		// RFC 9535
		`$.role`:                                  "top",
		` $`:                                      "error",
		`$ .role`:                                 "top",
		`$['role']`:                               "top",
		`$["role"]`:                               "top",
		`$[ "role" ]`:                             "top",
		`$['a-b']`:                                "dash",
		`$['quote\'d']`:                           "quoted",
		`$["quote'd"]`:                            "quoted",
		`$['r\u006fle']`:                          "top",
		`$.ключ`:                                  "unicode",
		`$.app.roles[1]`:                          "author",
		`$.app.roles[-1]`:                         "admin",
		`$.app.roles[9]`:                          nothing,
		`$.app.roles[-9]`:                         nothing,
		`$.app.roles[1:]`:                         "author",
		`$.app.roles[:]`:                          "other",
		`$.app.roles[::-1]`:                       "admin",
		`$.app.roles[-2:2]`:                       "author",
		`$.app.roles[2:1]`:                        nothing,
		`$.app.roles[::0]`:                        nothing,
		`$.app.roles[1::9007199254740991]`:        "author",
		`$.app.roles[:-9007199254740991:-2]`:      "admin",
		`$.app.roles['x', 2, 0]`:                  "admin",
		`$.app.roles.*`:                           "other",
		`$.app[*]`:                                "first", // by name
		`$..value`:                                "deep",
		`$..roles[0]`:                             "other",
		`$..[1]`:                                  "author",
		`$..*`:                                    "odd",
		`$.missing`:                               nothing,
		`$.role.x`:                                nothing,
		`$.role[0]`:                               nothing,
		`$['https://x.example/roles'][1].value`:   "second",
		`$.app.roles[?(@ == 'author')]`:           "author",
		`$.app.roles[?@ == "author"]`:             "author",
		`$.app.roles[?@ != 'other']`:              "author",
		`$.app.roles[?(!(@ == 'other'))]`:         "author",
		`$.app.roles[?search(@, '^ad')]`:          "admin",
		`$.app.roles[?search( @ , "th" )]`:        "other",
		`$.app.roles[?!search(@, 'th')]`:          "admin",
		`$.app.roles[?search(@, $.app.z)]`:        nothing,
		`$.app.roles[?search('author', @)]`:       "author",
		`$.app.roles[?search(@, '(')]`:            "error",
		`$.app.roles[?search(@, $.n)]`:            nothing,
		`$.app.roles[?@ > 'b']`:                   "other",
		`$.app.roles[?@ >= 'author' && @ <= 'b']`: "author",
		`$.app.roles[?@ == 'x' || @ == 'admin']`:  "admin",
		`$.app.roles[?@ == $.role]`:               nothing,
		`$['https://x.example/roles'][?@.value].value`:                 "deep",
		`$['https://x.example/roles'][?!@.missing].value`:              "deep",
		`$['https://x.example/roles'][?@.w == 9007199254740993].value`: "deep",
		`$['https://x.example/roles'][?@.w == 9007199254740992].value`: nothing,
		`$['https://x.example/roles'][?@.w == 100.0].value`:            "second",
		`$['https://x.example/roles'][?@.w < 1000].value`:              "second",
		`$['https://x.example/roles'][?@['value'] == 'second'].value`:  "second",
		`$['https://x.example/roles'][?$.n == 7].value`:                "deep",
		`$['https://x.example/roles'][?$.t == true && $.n > -1].value`: "deep",
		`$.mixed[?@ == null]`:          "null",
		`$.mixed[?@ == $.mixed[3]][0]`: "nested",
		`$.mixed[?@ == $.mixed[-1]].k`: "v",
		`$.mixed[?@[0]][0]`:            "nested",
		`$.mixed[?@.a == @.b]`:         "1", // nothing equals nothing
		`$.mixed[?@ < 'u']`:            "text",
		`$.empty[0]`:                   nothing,
		// not RFC 9535
		`$.my_role;;domain`: "error", `$.a-b`: "error", `$role`: "error", `$.`: "error", `$..`: "error",
		`$[`: "error", `$[]`: "error", `$[01]`: "error", `$[-0]`: "error", `$['a]`: "error", `$[a]`: "error",
		`$[9007199254740992]`: "error", `$[1`: "error", `$['a',]`: "error", `$[?]`: "error", `$[?(@]`: "error",
		`$[?@ = 'x']`: "error", `$[?@ ==]`: "error", `$[?'x']`: "error", `$[?@.* == 1]`: "error", `$[?@..a == 1]`: "error",
		`$[?!@ == 1]`: "error", `$[?length(@) > 1]`: "error", `$[?search(@)]`: "error", `$[?search(@, 1)]`: "error",
		`$[?search(@, 'a') == true]`: "error", `$['\x']`: "error", `$['\"']`: "error", `$["\'"]`: "error", `$['\ud800']`: "error",
		`$.role `: "error", `$[?@ == {}]`: "error", `$[?@ == 01]`: "error", "$.\xff": "error", "$['\n']": "error",
		// the older form
		`.role`:                               "top",
		`."a-b"`:                              "dash",
		`.$@_`:                                "odd",
		`.ключ`:                               "unicode",
		`.app.roles[1]`:                       "author",
		`.app.roles[7]`:                       nothing,
		`.app.role`:                           "inner",
		`.role.x`:                             nothing,
		`.role[0]`:                            nothing,
		`.mixed[4].k`:                         "v",
		`."https://x.example/roles"[0].value`: "deep",
		`.app.roles[?(@ == "author")]`:        "author",
		`.app.roles[?(@ != "other")]`:         "author",
		`.app.roles[?(@^=="ad")]`:             "admin",
		`.app.roles[?(@ ==^ "or")]`:           "author",
		`.app.roles[?(@ *== "the")]`:          "other",
		`.app.roles[?(@ == "nobody")]`:        nothing,
		`.mixed[?(@ != "x")]`:                 "text", // strings only
		`.role[?(@ == "top")]`:                nothing,
		`role.other`:                          "error",
		`.role##`:                             "error",
		`.my_role;;domain`:                    "error",
		`.#$$%&$%/`:                           "error",
		`1234`:                                "error",
		`.role[?(@ =)]`:                       "error",
		`.a[?(@ == "x")].b`:                   "error",
		`.a[?(@ == "x"]`:                      "error",
		`.a[?(@ == x)]`:                       "error",
		`.a[?(@ == "x)]`:                      "error",
		`.a[-1]`:                              "error",
		`.a[1`:                                "error",
		`.a[99999999999999999999]`:            "error",
		`."a`:                                 "error",
		`.`:                                   "error",
		`@@.role.other`:                       "error",
	} {
		parsed, err := parseRoleClaimKey(path)
		if want == "error" {
			if err == nil {
				t.Errorf("%s: accepted", path)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := nothing
		if v := parsed.first(&claims); v != nil {
			got = v.text
			if v.kind == kindNull {
				got = "null"
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if _, err := parseJSONPath("$" + strings.Repeat("[?(", 100)); err == nil {
		t.Error("endless nesting is accepted")
	}
}

func TestCompareNumbers(t *testing.T) {
	t.Parallel()
	ascending := []string{
		"-1e999999999999999999999", "-1e400", "-10", "-9.99", "-0.1", "-1e-400", "0", "1e-999999999999999999999", "1e-400", "0.001",
		"0.01", "0.1", "0.11", "1", "1.5", "9", "10", "99", "100", "9007199254740992", "9007199254740993", "1e400", "1e999999999999999999999",
	}
	sign := func(i int) int { return min(max(i, -1), 1) }
	for i, a := range ascending {
		for j, b := range ascending {
			if got := compareNumbers(a, b); sign(got) != sign(i-j) {
				t.Errorf("compare %s with %s: %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"0", "-0"}, {"0", "0.00e5"}, {"1", "1.0"}, {"100", "1e2"}, {"0.05", "5E-2"}, {"-120", "-1.2e+2"}} {
		if compareNumbers(same[0], same[1]) != 0 {
			t.Errorf("%v differ", same)
		}
	}
}
