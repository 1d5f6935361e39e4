package config_test

import (
	"testing"

	"github.com/postern-db/postern/server/config"
)

func TestRoleClaimKey(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                  "$.role",
		"$":                                 "$",
		"$.a.b_c[1]":                        "$.a.b_c[1]",
		"$['https://x.org/role'].é":         "$['https://x.org/role'].é",
		`$["a]\"b"][?(@ == 'c')]`:           `$["a]\"b"][?(@ == 'c')]`,
		"$.roles[?search(@, '^web_[a-z]')]": "$.roles[?search(@, '^web_[a-z]')]",
		"$..role":                           "$..role",
		"$.*":                               "$.*",
		"$..['a', 'b']":                     "$..['a', 'b']",
		"$ .a":                              "$ .a",

		".role":                `."role"`,
		`."a b".c$@_[10]`:      `."a b"."c$@_"[10]`,
		"[0]":                  "[0]",
		`.a[?(@=="b")]`:        `."a"[?(@ == "b")]`,
		`.a[?(@  ==^  "b c")]`: `."a"[?(@ ==^ "b c")]`,
		`.a[?(@ *== "")]`:      `."a"[?(@ *== "")]`,
		`.a[?(@ != "x]")]`:     `."a"[?(@ != "x]")]`,
	} {
		c, err := config.Load(config.Input{Environ: []string{"PGRST_JWT_ROLE_CLAIM_KEY=" + in}})
		if err != nil {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if c.JWTRoleClaimKey != want {
			t.Errorf("%q: got %q, want %q", in, c.JWTRoleClaimKey, want)
		}
		if c.DeprecatedRoleClaimKey() != (len(c.Warnings) == 1) {
			t.Errorf("%q: deprecated %v, warnings %v", in, c.DeprecatedRoleClaimKey(), c.Warnings)
		}
	}
	for _, in := range []string{
		"role", "$role", "$.", "$..", "$...a", "$.1", "$.a-b", "$[", "$[]", "$[ ]", "$['a]", "$.['a']", "$.a]", "$.a ",
		".", ".a.", ".a-b", `."a`, "[", "[]", "[-1]", "[0", "[?(", `.a[?(@ == "b")].c`, `.a[?(@ = "b")]`, `.a[?(@ == b)]`, `.a[?("b")]`,
	} {
		if c, err := config.Load(config.Input{Environ: []string{"PGRST_JWT_ROLE_CLAIM_KEY=" + in}}); err == nil {
			t.Errorf("%q is taken for %q", in, c.JWTRoleClaimKey)
		}
	}
}

// FuzzRoleClaimKey puts any text into the environment. What is taken must be taken
// again, unchanged, in the form it was given.
func FuzzRoleClaimKey(f *testing.F) {
	for _, seed := range []string{"$.a['b'][0]", "$..*", `."a b"[1].c`, `.a[?(@ ==^ "b")]`, "$[?@.a[0] == 'x']"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Load(config.Input{Environ: []string{"PGRST_JWT_ROLE_CLAIM_KEY=" + text}})
		if err != nil {
			return
		}
		again := load(t, config.Input{Environ: []string{"PGRST_JWT_ROLE_CLAIM_KEY=" + c.JWTRoleClaimKey}})
		if again.JWTRoleClaimKey != c.JWTRoleClaimKey {
			t.Errorf("%q: got %q, then %q", text, c.JWTRoleClaimKey, again.JWTRoleClaimKey)
		}
	})
}
