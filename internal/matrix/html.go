package matrix

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
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
	var out []group
	for _, role := range m.Roles {
		var rows []Row
		same := -1
		for _, rel := range m.Relations {
			i := slices.IndexFunc(rel.Rows, func(r Row) bool { return slices.Contains(r.Roles, role) })
			rows = append(rows, rel.Rows[i])
		}
		for i, g := range out {
			equal := true
			for j := range rows {
				equal = equal && slices.Equal(rows[j].Roles, g.Rows[j].Roles)
			}
			if equal {
				same = i
			}
		}
		if same >= 0 {
			out[same].Roles = append(out[same].Roles, role)
			continue
		}
		out = append(out, group{Roles: []string{role}, Rows: rows})
	}
	return out
}
