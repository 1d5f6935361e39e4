package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-db/postern/internal/policy"
)

// JSON writes the matrix.
func (m *Matrix) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(m)
}

// Text writes the matrix for people and for comparison: a block for each relation, in it a line for the roles that may do the same,
// and below it the expressions and columns that the cells number. Where the matrix is zoomed there is the reason for each no, and
// each policy in plain SQL.
func (m *Matrix) Text(w io.Writer) error {
	var b strings.Builder
	anonymous := "none"
	if m.Anonymous != "" {
		anonymous = m.Anonymous
	}
	fmt.Fprintf(&b, "schemas %s; login %s; anonymous %s\n", strings.Join(m.Schemas, ", "), m.Login, anonymous)
	for _, r := range m.Relations {
		b.WriteString("\n")
		r.text(&b, m.Zoomed)
	}
	if len(m.Functions) > 0 {
		b.WriteString("\nfunctions\n")
		for _, f := range m.Functions {
			who := names(f.Roles)
			if f.Definer != "" {
				who += ", as " + f.Definer
			}
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, who)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func names(roles []string) string {
	if len(roles) == 0 {
		return "nobody"
	}
	const most = 8
	if len(roles) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(roles[:most-1], ", "), len(roles)-most+1)
	}
	return strings.Join(roles, ", ")
}

// Describe says what kind of relation it is and what holds for it.
func (r Relation) Describe() string {
	s := r.Kind
	switch {
	case r.RLS == "off":
		s += ", row-level security off"
	case r.RLS == "on":
		s += ", row-level security"
	case r.RLS == "forced":
		s += ", row-level security also for its owner"
	case r.SecurityInvoker:
		s += ", as its user"
	case r.Kind == policy.View.String():
		s += ", as its owner"
	}
	return s + ", owner " + r.Owner
}

func (r Relation) text(b *strings.Builder, zoomed bool) {
	fmt.Fprintf(b, "%s: %s\n", r.Name, r.Describe())
	var notes noteList
	table := [][]string{{"", "create", "read", "update", "delete"}}
	for _, row := range r.Rows {
		line := []string{names(row.Roles)}
		for _, c := range row.Cells() {
			line = append(line, notes.cell(c, zoomed))
		}
		table = append(table, line)
	}
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, s := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(s))
		}
	}
	for _, line := range table {
		var row strings.Builder
		for i, s := range line {
			row.WriteString("  " + s + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s)))
		}
		b.WriteString(strings.TrimRight(row.String(), " ") + "\n")
	}
	for i, n := range notes {
		fmt.Fprintf(b, "  [%d] %s\n", i+1, n)
	}
	if !zoomed {
		return
	}
	for _, p := range r.Policies {
		b.WriteString("\n" + indent(p.SQL(r.Name), "  ") + "\n")
	}
}

// noteList numbers what is too long for a cell, each text once.
type noteList []string

func (n *noteList) add(text string) string {
	i := slices.Index(*n, text)
	if i < 0 {
		i = len(*n)
		*n = append(*n, text)
	}
	return fmt.Sprintf(" [%d]", i+1)
}

// cell is a cell with the numbers of its notes.
func (n *noteList) cell(c Cell, zoomed bool) string {
	s := c.Verdict
	if c.Chosen() != "" {
		s += n.add("rows where " + c.Chosen())
	}
	if c.Demanded() != "" {
		s += n.add("written rows must be: " + c.Demanded())
	}
	if len(c.Columns) > 0 {
		s += n.add("columns " + strings.Join(c.Columns, ", "))
	}
	if c.Why != "" && (zoomed && c.Verdict != "rows" || c.Verdict == "yes" && c.Why != "row-level security is off") {
		s += n.add(c.Why)
	}
	if c.Verdict != "no" {
		for _, below := range c.Below {
			s += n.add(below.String())
		}
	}
	return s
}

// String says what is read or written below a view.
func (b Below) String() string {
	s := fmt.Sprintf("%s as %s: %s", b.Relation, b.Role, b.Verdict)
	if b.Chosen() != "" {
		s += " where " + b.Chosen()
	}
	if b.Demanded() != "" {
		s += ", written rows must be: " + b.Demanded()
	}
	if b.Why != "" {
		s += ", " + b.Why
	}
	for _, below := range b.Below {
		s += "; " + below.String()
	}
	return s
}

// SQL is the policy as the statement that makes it.
func (p Policy) SQL(relation string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "create policy %s on %s", policy.QuoteIdentifier(p.Name), relation)
	if !p.Permissive {
		b.WriteString(" as restrictive")
	}
	if p.Command != "all" {
		b.WriteString(" for " + p.Command)
	}
	roles := make([]string, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = policy.QuoteIdentifier(r)
	}
	if p.Roles[0] != "public" {
		b.WriteString(" to " + strings.Join(roles, ", "))
	}
	if p.Using != "" {
		b.WriteString("\n  using (" + p.Using + ")")
	}
	if p.Check != "" {
		b.WriteString("\n  with check (" + p.Check + ")")
	}
	return b.String() + ";"
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) }
