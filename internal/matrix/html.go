package matrix

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageHTML string

// HTML writes the matrix as one page that needs nothing else, for a reviewer.
func (m *Matrix) HTML(w io.Writer) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"names":   names,
		"actions": func() []string { return []string{"create", "read", "update", "delete"} },
		"sql":     func(p Policy, relation string) string { return p.SQL(relation) },
		"letter":  func(i int) string { return "CRUD"[i : i+1] },
		"action":  func(i int) string { return []string{"create", "read", "update", "delete"}[i] },
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, struct {
		*Matrix
		Groups []group
	}{m, m.groups()})
}

// group is a column of the overview: roles that may do the same everywhere.
type group struct {
	Roles []string
	Rows  []Row // of each relation
}

// groups puts roles together that stand in the same row of every relation.
func (m *Matrix) groups() []group {
	rowOf := make([]map[string]int, len(m.Relations))
	for i, rel := range m.Relations {
		rowOf[i] = map[string]int{}
		for j, row := range rel.Rows {
			for _, role := range row.Roles {
				rowOf[i][role] = j
			}
		}
	}
	var out []group
	known := map[string]int{}
	for _, role := range m.Roles {
		var rows []Row
		var key strings.Builder
		for i, rel := range m.Relations {
			j := rowOf[i][role]
			rows = append(rows, rel.Rows[j])
			fmt.Fprintf(&key, "%d,", j)
		}
		if i, ok := known[key.String()]; ok {
			out[i].Roles = append(out[i].Roles, role)
			continue
		}
		known[key.String()] = len(out)
		out = append(out, group{Roles: []string{role}, Rows: rows})
	}
	return out
}
