package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Report is what a run found.
type Report struct {
	Findings []Finding `json:"findings"`
	// Silenced is how many findings lint.toml took away.
	Silenced int `json:"silenced"`
	// Checked is how many relations, policies and functions were looked at.
	Relations int `json:"relations"`
	Policies  int `json:"policies"`
	Functions int `json:"functions"`
	// Notes say what the report does not tell by itself, such as that there is no anonymous role.
	Notes []string `json:"notes,omitempty"`
}

// JSON writes the report.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// count returns how many findings there are of each severity.
func (r Report) count() map[Severity]int {
	n := map[Severity]int{}
	for _, f := range r.Findings {
		n[f.Severity]++
	}
	return n
}

// Fails says whether there is a finding of this severity or a worse one.
func (r Report) Fails(least Severity) bool {
	for _, f := range r.Findings {
		if f.Severity >= least {
			return true
		}
	}
	return false
}

// style writes text in a terminal's colours (ECMA-48, SGR), or as it is.
type style bool

func (s style) paint(code, text string) string {
	if !s || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) severity(v Severity) string {
	return s.paint(map[Severity]string{Error: "1;31", Warning: "1;33", Info: "1;36"}[v], v.String())
}

// Text writes the report for people: each check with why it matters, then the places and the SQL that mends them.
func (r Report) Text(w io.Writer, colour bool) error {
	s := style(colour)
	var b strings.Builder
	group, check := "", ""
	for _, f := range r.Findings {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "%s\n\n", s.paint("1;4", group))
		}
		if f.Check != check {
			check = f.Check
			fmt.Fprintf(&b, "%s %s\n%s\n\n", s.paint("1", f.Title), s.paint("2", "("+f.Check+")"), indent(wrapText(f.Why, 100), "  "))
		}
		fmt.Fprintf(&b, "  %s %s", s.severity(f.Severity), s.paint("1", f.Object))
		if f.Detail != "" {
			fmt.Fprintf(&b, ": %s", oneLine(f.Detail))
		}
		fmt.Fprintf(&b, "\n%s\n\n", s.paint("32", indent(f.Fix, "    ")))
	}
	n := r.count()
	fmt.Fprintf(&b, "%s in %s", plural(len(r.Findings), "finding"), strings.Join([]string{
		plural(r.Relations, "relation"), plural(r.Policies, "policy"), plural(r.Functions, "function"),
	}, ", "))
	if len(r.Findings) > 0 {
		fmt.Fprintf(&b, ": %s, %s, %d info", plural(n[Error], "error"), plural(n[Warning], "warning"), n[Info])
	}
	if r.Silenced > 0 {
		fmt.Fprintf(&b, "; %d silenced", r.Silenced)
	}
	b.WriteString("\n")
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "%s\n", s.paint("2", "note: "+note))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func plural(n int, word string) string {
	switch {
	case n == 1:
		return "1 " + word
	case strings.HasSuffix(word, "y"):
		return fmt.Sprintf("%d %sies", n, strings.TrimSuffix(word, "y"))
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) }

// oneLine joins the lines of an expression, which PostgreSQL breaks where there is a subquery.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// wrapText breaks lines at spaces.
func wrapText(text string, width int) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case at+1+n > width:
			b.WriteString("\n")
			at = 0
		default:
			b.WriteString(" ")
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// List writes what all checks look for, for people.
func List(w io.Writer, colour bool) error {
	s := style(colour)
	var b strings.Builder
	group := ""
	for _, c := range Checks() {
		if c.Group != group {
			if group != "" {
				b.WriteString("\n")
			}
			group = c.Group
			fmt.Fprintf(&b, "%s\n\n", s.paint("1;4", group))
		}
		fmt.Fprintf(&b, "%s %s\n  %s\n%s\n", s.severity(c.Severity), s.paint("1", c.ID), c.Title, indent(wrapText(c.Why, 100), "    "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Reference writes the same as a page of the documentation, in Markdown.
func Reference(w io.Writer) error {
	var b strings.Builder
	group := ""
	for _, c := range Checks() {
		if c.Group != group {
			group = c.Group
			fmt.Fprintf(&b, "\n## %s\n", group)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s: %s.\n\n%s\n", c.ID, strings.ToUpper(c.Severity.String()[:1])+c.Severity.String()[1:], c.Title, c.Why)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}
