package lint_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-db/postern/internal/lint"
)

func TestSilences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, want string
	}{
		{"good", "[[silence]]\ncheck = \"rls-disabled\"\nobject = \"table api.*\"\nreason = \"public\"\n", ""},
		{"empty", "", ""},
		{"syntax", "[[silence]]\ncheck = rls\n", "lint.toml:2:9: "},
		{"unknown key", "[[silence]]\ncheck = \"rls-disabled\"\nobjct = \"x\"\n", "unknown key silence.objct"},
		{"unknown table", "[silences]\n", "unknown key silences; allowed: [[silence]]"},
		{"unknown check", "[[silence]]\ncheck = \"rls\"\nobject = \"x\"\nreason = \"y\"\n", `silence 1: "rls" is no check`},
		{"no object", "[[silence]]\ncheck = \"rls-disabled\"\nreason = \"y\"\n", "there is no object"},
		{"no reason", "[[silence]]\ncheck = \"rls-disabled\"\nobject = \"x\"\nreason = \" \"\n", "there is no reason"},
		{"type", "[[silence]]\ncheck = 5\n", "lint.toml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "lint.toml")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := lint.ReadSilences(file)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := lint.ReadSilences(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	findings := []lint.Finding{
		{Check: "rls-disabled", Object: "table api.a"},
		{Check: "rls-disabled", Object: `table api."b[1]"`},
		{Check: "no-primary-key", Object: "table api.a"},
		{Check: "rls-disabled", Object: "table api.c/d"},
	}
	left, silenced := lint.Apply([]lint.Silence{
		{Check: "rls-disabled", Object: "table api.a"},
		{Check: "rls-disabled", Object: `table api."b[1]"`},
		{Check: "rls-disabled", Object: "table *.c*"},
		{Check: "rls-disabled", Object: "table api.gone"},
	}, findings, "lint.toml")
	if silenced != 3 || len(left) != 2 || left[0].Check != "no-primary-key" || left[1].Check != lint.StaleSilence || !strings.Contains(left[1].Detail, "api.gone") {
		t.Errorf("%d silenced, left %+v", silenced, left)
	}
}
