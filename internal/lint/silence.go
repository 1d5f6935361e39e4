package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Silence says that findings of a check at an object are meant to be so.
type Silence struct {
	// Check is the check's id.
	Check string `toml:"check"`
	// Object is the object as the finding names it, such as "table api.country"; * stands for any text, as in "table api.old_*".
	Object string `toml:"object"`
	// Reason is for who reads the file. It is required.
	Reason string `toml:"reason"`
}

// StaleSilence is the id under which a silence is found that silences nothing.
const StaleSilence = "stale-silence"

// ReadSilences reads a file like
//
//	[[silence]]
//	check = "rls-disabled"
//	object = "table api.country"
//	reason = "Names of countries are for everybody."
//
// Errors name the file, the place and what is allowed. A file that does not exist is fs.ErrNotExist.
func ReadSilences(file string) ([]Silence, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", file, fs.ErrNotExist)
	} else if err != nil {
		return nil, fmt.Errorf("read silences: %w", err)
	}
	var content struct {
		Silence []Silence `toml:"silence"`
	}
	meta, err := toml.Decode(string(text), &content)
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		return nil, fmt.Errorf("%s:%d:%d: %s", file, syntax.Position.Line, syntax.Position.Col, syntax.Message)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: unknown key %s; allowed: [[silence]] with check, object and reason", file, unknown[0])
	}
	for i, s := range content.Silence {
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("%s: silence %d: %w", file, i+1, err)
		}
	}
	return content.Silence, nil
}

func (s Silence) validate() error {
	switch {
	case s.Check == "":
		return errors.New("there is no check; name its id (postern lint --list)")
	case !slices.ContainsFunc(Checks(), func(c Check) bool { return c.ID == s.Check }):
		return fmt.Errorf("%q is no check (postern lint --list)", s.Check)
	case s.Object == "":
		return fmt.Errorf(`of %s: there is no object; name it as the finding does, such as "table api.chat"`, s.Check)
	case strings.TrimSpace(s.Reason) == "":
		return fmt.Errorf("of %s at %s: there is no reason; say why it is meant to be so", s.Check, s.Object)
	}
	if _, err := path.Match(escape(s.Object), ""); err != nil {
		return fmt.Errorf("of %s: object %q: %w", s.Check, s.Object, err)
	}
	return nil
}

// escape leaves of path.Match's signs the * alone.
func escape(object string) string {
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `?`, `\?`, "/", "\x00").Replace(object)
}

func (s Silence) covers(f Finding) bool {
	ok, err := path.Match(escape(s.Object), strings.ReplaceAll(f.Object, "/", "\x00"))
	return err == nil && ok && s.Check == f.Check
}

// Apply takes away the findings that are silenced, and adds one for each silence of file that silences nothing. silenced is how many
// were taken away.
func Apply(silences []Silence, findings []Finding, file string) (left []Finding, silenced int) {
	used := make([]bool, len(silences))
	left = []Finding{}
	for _, f := range findings {
		hit := false
		for i, s := range silences {
			if s.covers(f) {
				hit, used[i] = true, true
			}
		}
		if hit {
			silenced++
		} else {
			left = append(left, f)
		}
	}
	for i, s := range silences {
		if !used[i] {
			left = append(left, Finding{
				Check: StaleSilence, Group: "Silences", Severity: Warning, Title: "silence that silences nothing", Object: file,
				Detail: fmt.Sprintf("%s at %s", s.Check, s.Object),
				Why:    "What it was for is gone, or its name changed. Left in the file it would hide the next one of that name.",
				Fix:    "-- take it out of " + file,
			})
		}
	}
	return left, silenced
}
