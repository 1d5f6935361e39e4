package audit_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-db/postern/server/audit"
)

func TestLine(t *testing.T) {
	t.Parallel()
	const want = `{"time":"2026-03-01T12:00:00.120345Z","request_id":"0b8c","subject":"ann","issuer":"https://id.example.org/",` +
		`"token_id":"t-1","role":"web_user","action":"read","schema":"api","resource":"message","filters":["room_id","sent"],` +
		`"rows":25,"status":200,"code":"PGRST116","duration_ms":3.042,"remote":"192.0.2.7"}` + "\n"
	if got := string(audit.Line(full())); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	empty := string(audit.Line(&audit.Entry{Rows: -1, Duration: -time.Second}))
	for _, part := range []string{`"filters":[]`, `"rows":null`, `"duration_ms":0.000`, `"code":""`, time.Now().UTC().Format(`"time":"2006-01-02T`)} {
		if !strings.Contains(empty, part) {
			t.Errorf("an empty entry is %s, without %s", empty, part)
		}
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain", "room_id", `room_id`},
		{"other scripts", "Größe 東京 🙂", `Größe 東京 🙂`},
		{"quote", `a"b\c`, `a\"b\\c`},
		{"line breaks", "a\r\nb", `a\u000d\u000ab`},
		{"terminal escape", "\x1b[2J", `\u001b[2J`},
		{"C1 escape", "\u009b2J", `\u009b2J`},
		{"delete", "\x7f", `\u007f`},
		{"NUL", "a\x00b", "a\ufffdb"},
		{"separators", "\u2028\u2029", `\u2028\u2029`},
		{"text turned around", "\u202e\u2066", `\u202e\u2066`},
		{"tag characters", "\U000e0041", `\udb40\udc41`},
		{"invalid UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd"},
		{"as long as allowed", strings.Repeat("a", 1024), strings.Repeat("a", 1024)},
		{"too long", strings.Repeat("a", 1025), strings.Repeat("a", 1024) + "…"},
		{"too long within a character", strings.Repeat("a", 1023) + "éé", strings.Repeat("a", 1023) + "…"},
		{"too long when escaped", strings.Repeat("\n", 1024), strings.Repeat(`\u000a`, 170) + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			line := string(audit.Line(&audit.Entry{Subject: c.in}))
			if want := `"subject":"` + c.want + `","issuer"`; !strings.Contains(line, want) {
				t.Errorf("got %s, want %s", line, want)
			}
		})
	}
}

func TestFiltersAreBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, filter string
		want         int
	}{
		{"many", "a", 100},
		{"long", strings.Repeat("x", 5000), 3},
		{"names at PostgreSQL's limit", strings.Repeat("x", 63), 47},
	} {
		var got struct{ Filters []string }
		line := audit.Line(&audit.Entry{Filters: strings.Split(strings.Repeat(c.filter+" ", 200), " ")[:200]})
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		if n := len(got.Filters); n != c.want+1 || got.Filters[n-1] != "…" {
			t.Errorf("%s: %d names, the last %q; want %d and a mark", c.name, n, got.Filters[n-1], c.want)
		}
	}
}

func TestASCII(t *testing.T) {
	t.Parallel()
	line := audit.Line(&audit.Entry{Subject: `é\u00e9` + "\u0085\U000e0041\"🙂"})
	got := string(audit.ASCII(line))
	if want := `"subject":"?\\u00e9???\"?"`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzLine shows that whatever the fields hold, a line is one line of printable characters and one JSON object with the
// same fields, of bounded size.
func FuzzLine(f *testing.F) {
	f.Add("ann", "room", int64(1), 200, int64(0))
	f.Add("\x1b]0;x\x07\r\n\"}{\u2028\u009b", "\xff\xfe\x00\\u000a", int64(-1), -1, int64(-5))
	f.Add(strings.Repeat("\U000e0041", 300), strings.Repeat("\\", 2000), int64(1)<<62, 1<<40, int64(1)<<62)
	f.Fuzz(func(t *testing.T, a, b string, rows int64, status int, duration int64) {
		e := &audit.Entry{
			Time: time.Unix(0, duration), RequestID: a, Subject: b, Issuer: a, TokenID: b, Role: a, Action: b, Schema: a, Resource: b,
			Filters: []string{a, b, a + b, b + a, a, b, a, b}, Rows: rows, Status: status, Code: a, Duration: time.Duration(duration), Remote: b,
		}
		line := audit.Line(e)
		for _, line := range [][]byte{line, audit.ASCII(line)} {
			text, ended := strings.CutSuffix(string(line), "\n")
			if !ended || len(line) > 18*1024 || !utf8.ValidString(text) {
				t.Fatalf("bad line %q", line)
			}
			for _, r := range text {
				if !unicode.IsPrint(r) {
					t.Fatalf("%q holds %U", line, r)
				}
			}
			var fields map[string]any
			if err := json.Unmarshal(line, &fields); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if len(fields) != 15 {
				t.Fatalf("%d fields in %q", len(fields), line)
			}
		}
		var got struct{ Subject string }
		_ = json.Unmarshal(line, &got)
		if kept, cut := strings.CutSuffix(got.Subject, "…"); len(b) <= 170 && got.Subject != clean(b) ||
			cut && len(b) > 1024 && !strings.HasPrefix(clean(b), kept) {
			t.Fatalf("%q became %q", b, got.Subject)
		}
	})
}

func clean(s string) string {
	return strings.ReplaceAll(string([]rune(s)), "\x00", "\ufffd")
}

func BenchmarkLine(b *testing.B) {
	e := full()
	b.ReportAllocs()
	for b.Loop() {
		audit.Line(e)
	}
}
