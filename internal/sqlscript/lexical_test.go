package sqlscript_test

import (
	"testing"

	"github.com/postern-db/postern/internal/sqlscript"
)

func TestComment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"/**/x": 4, "/* a */ b": 7, "/* a /* b */ c */ d": 17, "/*/*/": 5, "/* open": 7, "/* a /* b */": 12,
	} {
		if got := sqlscript.Comment(text); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestDollarTag(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$$a$$": "$$", "$body$a$body$": "$body$", "$ä_1$": "$ä_1$", "$1": "", "$1$": "", "$": "", "$a": "", "$a b$": "",
	} {
		if got := sqlscript.DollarTag(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
