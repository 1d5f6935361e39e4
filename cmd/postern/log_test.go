package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"
)

// hostile is what may come from a client or a database: escape sequences in 7 and 8 bits, also as the text that tint turns into
// one, ends of lines, marks that turn the direction of text, and bytes that are not UTF-8.
const hostile = "a\x1b[31mred\x1b]0;title\a \u009b31m \\x1b[2J \\u001b[2J\r\nb: forged\u2028c\x7f\x00\u202e\xff\xfe\"d\""

type textual string

func (t textual) MarshalText() ([]byte, error) { return []byte(t), nil }

// TestLogOfHostileText puts it into every place of a record, and lets nothing but tint's own colours through.
func TestLogOfHostileText(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"string": hostile, "error": errors.New(hostile), "wrapped": fmt.Errorf("wrapped: %w", errors.New(hostile)),
		"strings": []string{hostile}, "bytes": []byte(hostile), "textual": textual(hostile), "struct": struct{ A string }{hostile},
		"map": map[string]string{hostile: hostile}, "group": slog.GroupValue(slog.String("in", hostile)), "nil": nil,
	}
	for _, terminal := range []bool{true, false} {
		for name, value := range values {
			var out bytes.Buffer
			log := slog.New(newHandler(&out, terminal, slog.LevelInfo))
			log.Info("message "+hostile, "key", value)
			log.With("key", value).Info("with")
			text := out.String()
			if terminal {
				for _, own := range []string{"\x1b[0m", "\x1b[2m", "\x1b[22m", "\x1b[92m", "\x1b[32m"} {
					text = strings.ReplaceAll(text, own, "")
				}
			}
			if strings.Count(text, "\n") != 2 {
				t.Errorf("terminal %t, %s: not two lines: %q", terminal, name, text)
			}
			for _, r := range strings.ReplaceAll(text, "\n", "") {
				if !unicode.IsPrint(r) {
					t.Errorf("terminal %t, %s: %q is logged raw: %q", terminal, name, r, text)
					break
				}
			}
			if terminal {
				continue
			}
			for line := range strings.Lines(text) {
				if !json.Valid([]byte(line)) {
					t.Errorf("%s: no JSON: %s", name, line)
				}
			}
		}
	}
}

func TestLogKeepsText(t *testing.T) {
	t.Parallel()
	const text = "schöne Grüße, 你好 → two\nlines\t\"quoted\" 👋"
	var out bytes.Buffer
	slog.New(newHandler(&out, false, slog.LevelInfo)).Info("m", "text", text, "error", errors.New(text), "n", 7)
	var got struct {
		Level, Msg, Text, Error string
		N                       int
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Text != text || got.Error != text || got.N != 7 || got.Level != "INFO" {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	slog.New(newHandler(&out, true, slog.LevelInfo)).Warn("m", "text", "Grüße", "n", 7)
	if !strings.Contains(out.String(), "Grüße") || !strings.Contains(out.String(), "WRN") {
		t.Error(out.String())
	}
}
