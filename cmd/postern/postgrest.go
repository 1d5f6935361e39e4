package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// asPostgREST makes a command of how PostgREST is started (PostgREST reference, CLI), so that scripts, units and images work when
// only the program's name is changed: postern FILE, postern --ready FILE, or nothing but the environment. A command's name goes
// before a file's.
func asPostgREST(parser *kong.Kong, args, environ []string) ([]string, error) {
	args = withoutRTS(args)
	if len(args) == 0 {
		if configured(environ) {
			return []string{"serve"}, nil
		}
		return []string{"--help"}, nil
	}
	if isCommand(parser, args[0]) {
		return args, nil
	}
	command, first, files := []string(nil), "", []string(nil)
	for _, arg := range args {
		switch arg {
		case "--dump-config", "--dump-schema", "--ready":
			if first != "" {
				return nil, fmt.Errorf("%s and %s exclude each other", first, arg)
			}
			first = arg
		}
		switch arg {
		case "-v", "--version":
			return []string{"version"}, nil
		case "-e", "--example":
			return []string{"config", "--example"}, nil
		case "--dump-config":
			command = []string{"config", "--dump"}
		case "--dump-schema":
			command = []string{"schema"}
		case "--ready":
			command = []string{"ready", "--as-postgrest"}
		default:
			files = append(files, arg)
		}
	}
	switch {
	case command != nil:
		return slices.Concat(command, files), nil
	case len(args) == 1 && isFile(args[0]):
		return []string{"serve", args[0]}, nil
	default:
		return args, nil
	}
}

// withoutRTS drops +RTS … -RTS, what Haskell's runtime is told, such as to count for PostgREST's metrics (PostgREST reference,
// Observability, GHC Runtime Metrics). Without -RTS it goes on to the end.
func withoutRTS(args []string) []string {
	from := slices.Index(args, "+RTS")
	if from < 0 {
		return args
	}
	if to := slices.Index(args[from:], "-RTS"); to >= 0 {
		return slices.Concat(args[:from], withoutRTS(args[from+to+1:]))
	}
	return args[:from]
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
