package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/postern-db/postern/internal/policy"
	"github.com/postern-db/postern/internal/sqlscript"
)

// source is the body of a function taken apart.
type source struct {
	// code is the body with neither comments nor texts.
	code string
	// texts are its literals, dynamic SQL in dollar quotes among them.
	texts []string
}

// takeApart reads SQL or PL/pgSQL. What another language has between quotes is taken for a text too.
func takeApart(sql string) source {
	var code strings.Builder
	var out source
	for i := 0; i < len(sql); {
		start, rest := i, sql[i:]
		switch {
		case strings.HasPrefix(rest, "--"):
			if i += strings.IndexByte(rest, '\n'); i < start {
				i = len(sql)
			}
			code.WriteByte(' ')
		case strings.HasPrefix(rest, "/*"):
			i += sqlscript.Comment(rest)
			code.WriteByte(' ')
		case sql[i] == '\'':
			escapes := i > 0 && (sql[i-1] == 'E' || sql[i-1] == 'e') && (i == 1 || !isNameByte(sql[i-2]))
			i = endOfText(sql, i, '\'', escapes)
			out.texts = append(out.texts, strings.ReplaceAll(strings.Trim(sql[start:i], "'"), "''", "'"))
			code.WriteString("''")
		case sql[i] == '"':
			i = endOfText(sql, i, '"', false)
			code.WriteString(sql[start:i])
		case sql[i] == '$' && (i == 0 || !isNameByte(sql[i-1])) && sqlscript.DollarTag(rest) != "":
			tag := sqlscript.DollarTag(rest)
			text := rest[len(tag):]
			if end := strings.Index(text, tag); end >= 0 {
				text, i = text[:end], i+len(tag)+end+len(tag)
			} else {
				i = len(sql)
			}
			inside := takeApart(text)
			out.texts = append(append(out.texts, text), inside.texts...)
			code.WriteString(" " + inside.code + " ")
		default:
			code.WriteByte(sql[i])
			i++
		}
	}
	out.code = code.String()
	return out
}

// source returns a function's body taken apart, once.
func (s *state) source(f *policy.Function) source {
	out, ok := s.bodies[f]
	if !ok {
		out = takeApart(f.Source + f.Body)
		s.bodies[f] = out
	}
	return out
}

const name = `("(?:[^"]|"")+"|[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)`

var (
	calledNames = regexp.MustCompile(`(?:` + name + `\s*\.\s*)?` + name + `\s*\(`)
	tableNames  = regexp.MustCompile(`(?i)\b(?:from|join|update|into|only)\s+\(*\s*(?:only\s+)?(?:` + name + `\s*\.\s*)?` + name)
)

// identifier reads a name as SQL does.
func identifier(name string) string {
	if strings.HasPrefix(name, `"`) {
		return strings.ReplaceAll(strings.Trim(name, `"`), `""`, `"`)
	}
	return strings.ToLower(name)
}

// found says whether what has a name in a schema may be what a function means by a name with or without a schema: it is looked up in the
// search_path of the function, or else in that of the server, which is taken to be the exposed schemas, public and the function's own.
func (s *state) found(f *policy.Function, schema string, named string) bool {
	if named != "" {
		return identifier(named) == schema
	}
	if path, ok := f.Setting("search_path"); ok {
		return slices.Contains(searchPath(path), schema)
	}
	return schema == f.SchemaName || schema == "public" || slices.Contains(s.Exposed, schema)
}

// searchPath returns the names in a search_path.
func searchPath(path string) []string {
	var out []string
	for _, name := range strings.Split(path, ",") {
		if name = identifier(strings.TrimSpace(name)); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// called returns the functions that a function calls, as far as its text tells. Extensions' are left out.
func (s *state) called(f *policy.Function) []*policy.Function {
	out, ok := s.callees[f]
	if ok {
		return out
	}
	defer func() { s.callees[f] = out }()
	for _, match := range calledNames.FindAllStringSubmatch(s.source(f).code, -1) {
		for _, g := range s.byName[identifier(match[2])] {
			if g != f && !slices.Contains(out, g) && s.found(f, g.SchemaName, match[1]) {
				out = append(out, g)
			}
		}
	}
	return out
}

// reached returns a function and those that it calls, some calls deep.
func (s *state) reached(f *policy.Function) []*policy.Function {
	const most = 4
	out := []*policy.Function{f}
	level := out
	for range most {
		var next []*policy.Function
		for _, f := range level {
			for _, g := range s.called(f) {
				if !slices.Contains(out, g) {
					out, next = append(out, g), append(next, g)
				}
			}
		}
		level = next
	}
	return out
}

// tables returns the relations that a function reads or writes, as far as its text tells.
func (s *state) tables(f *policy.Function) []*policy.Relation {
	out, ok := s.readBy[f]
	if ok {
		return out
	}
	defer func() { s.readBy[f] = out }()
	for _, match := range tableNames.FindAllStringSubmatch(s.source(f).code, -1) {
		for _, rel := range s.Relations {
			if rel.Name == identifier(match[2]) && !slices.Contains(out, rel) && s.found(f, rel.Schema.Name, match[1]) {
				out = append(out, rel)
			}
		}
	}
	return out
}

// own returns the functions that an expression calls and that are neither the system's nor an extension's.
func (s *state) own(e policy.Expression) []*policy.Function {
	var out []*policy.Function
	for _, c := range s.calls(e.Tree) {
		if f := c.function; f.Schema != nil && f.Extension == "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}
