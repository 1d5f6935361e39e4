package encode_test

import (
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

func boolText() *rapid.Generator[string] { return rapid.SampledFrom([]string{"t", "f"}) }

func integer(low, high int64) *rapid.Generator[string] {
	return rapid.Map(rapid.Int64Range(low, high), func(i int64) string { return strconv.FormatInt(i, 10) })
}

func float(size int) *rapid.Generator[string] {
	special := []string{"NaN", "Infinity", "-Infinity", "0", "-0", "1e15", "1e16", "123456789", "1e-5", "0.0001"}
	if size == 32 {
		return rapid.OneOf(
			rapid.SampledFrom(append(special, "1e-45", "-1.1e-38", "3.4028235e38")),
			rapid.Map(rapid.Float32(), func(f float32) string { return strconv.FormatFloat(float64(f), 'g', -1, 32) }))
	}
	return rapid.OneOf(
		rapid.SampledFrom(append(special, "5e-324", "-2.2e-308", "1.7976931348623157e308")),
		rapid.Map(rapid.Float64(), func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }))
}

func numeric() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"NaN", "Infinity", "-Infinity", "-0", "0.000", ".5", "1e1000", "-1e-1000", "1e131071", "1e-16383"}),
		rapid.StringMatching(`-?[0-9]{1,60}(\.[0-9]{1,90})?`),
		rapid.StringMatching(`-?[0-9]{1,9}e-?[0-9]{1,3}`))
}

// text is made of what to_json, composites and arrays treat apart, and of any other characters but U+0000, which PostgreSQL
// does not take.
func text() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.OneOf(
		rapid.RuneFrom([]rune("\"\\/,(){}[]<>'&: \t\n\v\f\r\b\x01\x1b\x1f\x7f\u0080\u0085\u00a0\u2028\ufeff\ufffd\U0001f600")),
		rapid.RuneFrom([]rune("abcxyzNULLäß漢0123456789")),
		rapid.Map(rapid.Rune(), func(r rune) rune { return max(r, 1) }),
	), -1, 60, -1)
}

func bytea() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(b []byte) string { return `\x` + hex.EncodeToString(b) })
}

// jsonText is a JSON document, with white space or without.
func jsonText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		number := json.Number(rapid.SampledFrom([]string{"0", "-1.50", "1e300", "12345678901234567890"}).Draw(t, "number"))
		leaf := rapid.SampledFrom([]any{nil, true, number, "", "null", text().Draw(t, "string")})
		var document any
		switch rapid.IntRange(0, 2).Draw(t, "shape") {
		case 0:
			document = leaf.Draw(t, "leaf")
		case 1:
			document = []any{leaf.Draw(t, "leaf"), []any{}, leaf.Draw(t, "leaf")}
		default:
			document = map[string]any{text().Draw(t, "key"): leaf.Draw(t, "leaf"), "m": map[string]any{"l": []any{leaf.Draw(t, "leaf")}}}
		}
		indent := rapid.SampledFrom([]string{"", " \t"}).Draw(t, "indent")
		written, err := json.MarshalIndent(document, "", indent)
		if indent == "" {
			written, err = json.Marshal(document)
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	})
}

func xmlDocument() *rapid.Generator[string] {
	declaration := rapid.SampledFrom([]string{"", `<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0" standalone="yes"?>`})
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		if err := xml.EscapeText(&b, []byte(text().Draw(t, "text"))); err != nil {
			t.Fatal(err)
		}
		return declaration.Draw(t, "declaration") + `<a b="c">` + b.String() + "</a>"
	})
}

func inet(network bool) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		size := rapid.SampledFrom([]int{4, 16}).Draw(t, "bytes")
		address, _ := netip.AddrFromSlice(rapid.SliceOfN(rapid.Byte(), size, size).Draw(t, "address"))
		prefix := netip.PrefixFrom(address, rapid.IntRange(0, size*8).Draw(t, "bits"))
		if network {
			prefix = prefix.Masked()
		}
		return prefix.String()
	})
}

// lexeme is a word in quotes, as tsvector and tsquery read it.
func lexeme() *rapid.Generator[string] {
	return rapid.Map(text(), func(s string) string {
		return "'x" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(s) + "'"
	})
}

func tsvector() *rapid.Generator[string] {
	word := rapid.Custom(func(t *rapid.T) string {
		return lexeme().Draw(t, "lexeme") + rapid.StringMatching(`(:[1-9][0-9]?[A-D]?)?`).Draw(t, "position")
	})
	return rapid.Map(rapid.SliceOfN(word, 0, 3), func(words []string) string { return strings.Join(words, " ") })
}

func tsquery() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		word := lexeme()
		return rapid.SampledFrom([]string{"", "!"}).Draw(t, "not") + word.Draw(t, "word") +
			rapid.SampledFrom([]string{" & ", " | ", " <-> ", " <5> "}).Draw(t, "operator") + word.Draw(t, "word") + ":*A"
	})
}

// date is a day from 4713 BC to the end of that year, or infinity.
func date(last int) *rapid.Generator[string] {
	day := rapid.Custom(func(t *rapid.T) string {
		year := rapid.OneOf(rapid.IntRange(1, 9999), rapid.IntRange(1, last-1)).Draw(t, "year")
		era := rapid.SampledFrom([]string{"", "", " BC"}).Draw(t, "era")
		if era != "" {
			year = 1 + year%4712
		}
		return fmt.Sprintf("%04d-%02d-%02d%s", year, rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"), era)
	})
	return orInfinity(day)
}

func orInfinity(values *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.OneOf(values, values, values, rapid.SampledFrom([]string{"infinity", "-infinity"}))
}

func timeOfDay() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?`), rapid.Just("24:00:00"))
}

func timestamp() *rapid.Generator[string] { return moment("") }

func timestamptz() *rapid.Generator[string] { return moment(`[+-](0[0-9]|1[0-4])(:[0-5][0-9])?`) }

func moment(zone string) *rapid.Generator[string] {
	return orInfinity(rapid.Custom(func(t *rapid.T) string {
		day, era, _ := strings.Cut(date(290_000).Filter(func(s string) bool { return !strings.Contains(s, "inf") }).Draw(t, "date"), " ")
		return day + " " + timeOfDay().Draw(t, "time") + rapid.StringMatching(zone).Draw(t, "zone") + " " + era
	}))
}

func interval(version int) *rapid.Generator[string] {
	finite := rapid.StringMatching(`-?[0-9]{1,3} years -?[0-9]{1,2} mons -?[0-9]{1,4} days -?[0-9]{1,4}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?`)
	if version >= 17 {
		return orInfinity(finite)
	}
	return rapid.OneOf(finite, rapid.Just("0"))
}

// points puts two coordinates into a format.
func points(format string) *rapid.Generator[string] {
	coordinate := rapid.Float64Range(-1e90, 1e90)
	return rapid.Custom(func(t *rapid.T) string {
		text := func() string { return strconv.FormatFloat(coordinate.Draw(t, "coordinate"), 'g', -1, 64) }
		return fmt.Sprintf(format, text(), text())
	})
}

func intRange() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"empty", "(,)", "(,5]", "[3,3]"}), rapid.StringMatching(`[\[(][1-5],[67][\])]`))
}

// from is the range that begins with a value and has no end.
func from(values *rapid.Generator[string]) *rapid.Generator[string] {
	return rapid.Map(values, func(s string) string { return "[" + element(s) + ",)" })
}

// element quotes a value for use within an array, a composite or a range.
func element(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

func array(values *rapid.Generator[string]) *rapid.Generator[string] {
	one := rapid.OneOf(rapid.Map(values, element), rapid.Just("NULL"))
	return rapid.Map(rapid.SliceOfN(one, 0, 4), func(all []string) string { return "{" + strings.Join(all, ",") + "}" })
}

// outer is a value of the composite type api.outer.
func outer() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		nested := "(" + boolText().Draw(t, "yes") + "," + element(timestamptz().Draw(t, "at")) + "," + element(jsonText().Draw(t, "doc")) + ")"
		return "(" + strings.Join([]string{
			rapid.SampledFrom([]string{"", "7"}).Draw(t, "id"), element(text().Draw(t, "odd")), float(64).Draw(t, "ratio"),
			element(nested), element(array(text()).Draw(t, "tags")),
		}, ",") + ")"
	})
}
