package auth

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// randomJSON writes a random JSON value with random spaces, escapes and forms
// of numbers.
func randomJSON(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", "", " ", "\n\t"})
		shape := rapid.IntRange(0, 7).Draw(t, "shape")
		if depth == 0 {
			shape %= 6
		}
		switch shape {
		case 0:
			return "null"
		case 1:
			return rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
		case 2, 3:
			return rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,5})?`).Draw(t, "number")
		case 4, 5:
			return randomJSONString().Draw(t, "string")
		case 6:
			elems := rapid.SliceOfN(randomJSON(depth-1), 0, 4).Draw(t, "elems")
			return "[" + space.Draw(t, "space") + strings.Join(elems, space.Draw(t, "space")+","+space.Draw(t, "space")) + "]"
		}
		return randomJSONObject(depth).Draw(t, "object")
	})
}

func randomJSONObject(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z_é"\\/ ]{1,4}`), 0, 5, rapid.ID).Draw(t, "names")
		var members []string
		for _, name := range names {
			if name == "role" || name == "exp" || name == "nbf" || name == "iat" || name == "aud" {
				continue
			}
			members = append(members, string(appendJSONString(nil, name))+" :"+randomJSON(max(depth-1, 0)).Draw(t, "member"))
		}
		return "{" + strings.Join(members, ", ") + "}"
	})
}

func randomJSONString() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{
			"a", "é", "𝄞", " ", "'", `\"`, `\\`, `\/`, `\n`, `\u0000`, `\u00e9`, `\ud834\udd1e`, "<", "\u2028",
		}), 0, 8).Draw(t, "parts")
		return `"` + strings.Join(parts, "") + `"`
	})
}

// TestParserAgreesWithEncodingJSON checks that what is read is what Go's own
// reader reads.
func TestParserAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := randomJSON(4).Draw(t, "doc")
		v, err := parseJSON(doc)
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		dec := json.NewDecoder(strings.NewReader(doc))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("%s: encoding/json: %v", doc, err)
		}
		same(t, doc, &v, want)
	})
}

func same(t interface{ Fatalf(string, ...any) }, doc string, got *value, want any) {
	switch want := want.(type) {
	case nil:
		if got.kind != kindNull {
			t.Fatalf("%s: %+v is not null", doc, got)
		}
	case bool:
		if got.kind != kindBool || (got.text == "true") != want {
			t.Fatalf("%s: %+v is not %v", doc, got, want)
		}
	case json.Number:
		if got.kind != kindNumber || got.text != want.String() || doc[got.start:got.end] != want.String() {
			t.Fatalf("%s: %+v is not %v", doc, got, want)
		}
	case string:
		if got.kind != kindString || got.text != want {
			t.Fatalf("%s: %+v is not %q", doc, got, want)
		}
	case []any:
		if got.kind != kindArray || len(got.elems) != len(want) {
			t.Fatalf("%s: %+v is not %v", doc, got, want)
		}
		for i := range want {
			same(t, doc, &got.elems[i], want[i])
		}
	case map[string]any:
		if got.kind != kindObject || len(got.members) != len(want) {
			t.Fatalf("%s: %+v is not %v", doc, got, want)
		}
		for name := range want {
			if got.get(name) == nil {
				t.Fatalf("%s: %q is missing", doc, name)
			}
			same(t, doc, got.get(name), want[name])
		}
	}
}

// TestClaimsArePassedOn checks that any claims reach the caller with every
// value as it was written, and with the role.
func TestClaimsArePassedOn(t *testing.T) {
	t.Parallel()
	v := newTestVerifier(t, Config{Secret: testSecret, AnonRole: "anon"})
	rapid.Check(t, func(rt *rapid.T) {
		object := randomJSONObject(4).Draw(rt, "claims")
		role := rapid.StringMatching(`[a-zé"\\ ]{1,20}`).Draw(rt, "role")
		given := rapid.Bool().Draw(rt, "given")
		claims, want := object, "anon"
		if given {
			comma := ","
			if object == "{}" {
				comma = ""
			}
			want = role
			claims = `{"role":` + string(appendJSONString(nil, role)) + comma + object[1:]
		}
		caller, err := authenticate(v, hs256(t, claims))
		if err != nil {
			rt.Fatalf("%s: %v", claims, err)
		}
		if caller.Role != want {
			rt.Fatalf("%s: role %q", claims, caller.Role)
		}
		if given && caller.Claims != claims {
			rt.Fatalf("%s became %s", claims, caller.Claims)
		}
		out, err := parseJSON(caller.Claims)
		if err != nil {
			rt.Fatalf("%s: %v", caller.Claims, err)
		}
		in, _ := parseJSON(claims)
		for _, m := range in.members {
			was, is := m.value, out.get(m.name)
			if is == nil || claims[was.start:was.end] != caller.Claims[is.start:is.end] {
				rt.Fatalf("%s: %q changed in %s", claims, m.name, caller.Claims)
			}
		}
		if got := out.get("role"); got == nil || got.text != want {
			rt.Fatalf("%s: no role %q", caller.Claims, want)
		}
	})
}

func TestRefuseRole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		role := rapid.String().Draw(t, "role")
		if refuseRole(role) == "" && (role == "" || len(role) > 63 || strings.ContainsRune(role, 0) || !utf8.ValidString(role)) {
			t.Fatalf("%q may be a role", role)
		}
	})
	for _, role := range []string{"a", "None of them", "pgbouncer", "PG_x", `"none"`, "web user", strings.Repeat("a", 63)} {
		if reason := refuseRole(role); reason != "" {
			t.Errorf("%q: %s", role, reason)
		}
	}
}
