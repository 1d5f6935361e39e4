package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// binding is a value with the place that set it.
type binding struct {
	value value
	file  string
	line  int
}

// evaluator applies a file's statements in order; a later binding of a key
// replaces an earlier one.
type evaluator struct {
	bindings map[string]binding
	environ  map[string]string
	read     func(path string) ([]byte, error)
}

// include reads the file at path and applies its statements under prefix, which
// is empty or ends with a dot.
func (e *evaluator) include(prefix, path string, depth int) error {
	text, err := e.read(path)
	if err != nil {
		return fmt.Errorf("read configuration file: %w", err)
	}
	directives, err := parseFile(path, string(text))
	if err != nil {
		return err
	}
	return e.apply(directives, prefix, path, depth)
}

func (e *evaluator) apply(directives []directive, prefix, file string, depth int) error {
	for _, d := range directives {
		var err error
		switch {
		case d.isImport:
			err = e.applyImport(d, prefix, file, depth)
		case d.isGroup:
			err = e.apply(d.body, prefix+d.key+".", file, depth)
		default:
			err = e.bind(d, prefix, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// applyImport reads another file, relative to the one that imports it.
func (e *evaluator) applyImport(d directive, prefix, file string, depth int) error {
	switch {
	case d.path == "":
		return &SyntaxError{File: file, Line: d.line, Column: 1, Message: "import names no file"}
	case depth >= maxNesting:
		return &SyntaxError{File: file, Line: d.line, Column: 1, Message: "too many files import each other"}
	}
	path := d.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	if err := e.include(prefix, path, depth+1); err != nil {
		return fmt.Errorf("%s:%d: import: %w", file, d.line, err)
	}
	return nil
}

func (e *evaluator) bind(d directive, prefix, file string) error {
	v := d.value
	if v.kind == textValue && strings.Contains(v.text, "$") {
		text, problem := e.interpolate(v.text, prefix)
		if problem != "" {
			origin := Origin{Source: SourceFile, File: file, Line: d.line, Name: prefix + d.key}
			return &ValueError{
				Key: prefix + d.key, Origin: origin, Problem: problem,
				Allowed: "$$ for a dollar sign, $(NAME) for a setting or an environment variable",
			}
		}
		v.text = text
	}
	e.bindings[prefix+d.key] = binding{value: v, file: file, line: d.line}
	return nil
}

// interpolate replaces $$ by a dollar sign and $(NAME) by the setting or else the
// environment variable of that name. It returns what is wrong, if anything,
// without quoting the text.
func (e *evaluator) interpolate(text, prefix string) (result, problem string) {
	var b strings.Builder
	for {
		literal, rest, found := strings.Cut(text, "$")
		b.WriteString(literal)
		if !found {
			return b.String(), ""
		}
		switch {
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			text = rest[1:]
		case strings.HasPrefix(rest, "("):
			name, after, closed := strings.Cut(rest[1:], ")")
			if !closed || name == "" {
				return "", "$( is not followed by a name and )"
			}
			replacement, problem := e.lookup(name, prefix)
			if problem != "" {
				return "", problem
			}
			// Texts that include each other grow by multiplication.
			if b.Len()+len(replacement) > maxFileBytes {
				return "", "the text is too long"
			}
			b.WriteString(replacement)
			text = after
		default:
			return "", "a dollar sign stands alone"
		}
	}
}

// lookup finds name in the innermost group that has it, then in the ones about
// it, then in the environment.
func (e *evaluator) lookup(name, prefix string) (text, problem string) {
	for {
		if b, ok := e.bindings[prefix+name]; ok {
			switch b.value.kind {
			case textValue:
				return b.value.text, ""
			case numberValue:
				return b.value.text, ""
			default:
				return "", fmt.Sprintf("$(%s) is neither text nor a number", name)
			}
		}
		if prefix == "" {
			break
		}
		outer := strings.TrimSuffix(prefix, ".")
		prefix = outer[:strings.LastIndex(outer, ".")+1]
	}
	if text, ok := e.environ[name]; ok {
		return text, ""
	}
	return "", fmt.Sprintf("$(%s) is neither a setting above nor an environment variable", name)
}
