package main

import (
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// asPostgREST makes a command of how PostgREST is started (PostgREST reference, CLI), so that scripts, units and images work when
// only the program's name is changed: postern FILE, postern --ready FILE, or nothing but the environment. A command's name goes
// before a file's.
func asPostgREST(parser *kong.Kong, args, environ []string) []string {
	if len(args) == 0 {
		if configured(environ) {
			return []string{"serve"}
		}
		return []string{"--help"}
	}
	if isCommand(parser, args[0]) {
		return args
	}
	command, files := []string(nil), []string(nil)
	for _, arg := range args {
		switch arg {
		case "-v", "--version":
			return []string{"version"}
		case "-e", "--example":
			return []string{"config", "--example"}
		case "--dump-config":
			command = []string{"config", "--dump"}
		case "--dump-schema":
			command = []string{"schema"}
		case "--ready":
			command = []string{"ready"}
		default:
			files = append(files, arg)
		}
	}
	switch {
	case command != nil:
		return slices.Concat(command, files)
	case len(args) == 1 && isFile(args[0]):
		return []string{"serve", args[0]}
	default:
		return args
	}
}

func isCommand(parser *kong.Kong, name string) bool {
	return slices.ContainsFunc(parser.Model.Children, func(n *kong.Node) bool { return n.Name == name })
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !strings.HasPrefix(path, "-")
}

// configured reports whether the environment has parameters, as in a container that is given nothing else.
func configured(environ []string) bool {
	return slices.ContainsFunc(environ, func(line string) bool {
		return strings.HasPrefix(line, "PGRST_") || strings.HasPrefix(line, "POSTERN_")
	})
}
