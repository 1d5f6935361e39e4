package encode_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-db/postern/server/encode"
)

func TestAppendString(t *testing.T) {
	t.Parallel()
	tests := []struct{ s, want string }{
		{"", `""`},
		{"plain", `"plain"`},
		{`a "b" \ c/d`, `"a \"b\" \\ c/d"`},
		{"\b\f\n\r\t", `"\b\f\n\r\t"`},
		{"\x01\v\x1f\x7f", "\"\\u0001\\u000b\\u001f\x7f\""},
		{"ü漢\u2028😀", "\"ü漢\u2028😀\""},
	}
	for _, test := range tests {
		if got := encode.AppendString([]byte("> "), []byte(test.s)); string(got) != "> "+test.want {
			t.Errorf("%q: got %s, want %s", test.s, got, test.want)
		}
	}
}

// TestAppendStringEveryPlace has each byte stand at each place of the words that are looked at as a whole, beside a byte that
// a borrow could be mistaken for.
func TestAppendStringEveryPlace(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, next := range []byte{' ', '!', '#', ']', '[', 0x80, 0xff, '\n'} {
			for place := range 16 {
				s := []byte(strings.Repeat("a", 17))
				s[place], s[place+1] = byte(c), next
				if got, want := string(encode.AppendString(nil, s)), escapedByByte(s); got != want {
					t.Fatalf("%q: got %s, want %s", s, got, want)
				}
			}
		}
	}
}

// escapedByByte is the plain way to write what AppendString writes.
func escapedByByte(s []byte) string {
	short := map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch escape, ok := short[c]; {
		case ok:
			b.WriteString(escape)
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "12345678\"", "a\\b\n\x00\x1f\x7f", "ü漢\u2028😀", "\xff\xfe", strings.Repeat(" !", 20)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		written := encode.AppendString(nil, s)
		if want := escapedByByte(s); string(written) != want {
			t.Fatalf("%q: got %s, want %s", s, written, want)
		}
		var read string
		if err := json.Unmarshal(written, &read); err != nil {
			t.Fatalf("%q: %s: %v", s, written, err)
		}
		if utf8.Valid(s) && read != string(s) {
			t.Fatalf("%q was read back as %q", s, read)
		}
	})
}
