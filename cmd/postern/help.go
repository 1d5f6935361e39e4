package main

import (
	"fmt"

	"github.com/alecthomas/kong"
)

// helpWithExamples prints kong's help and then the command's examples, which kong's own help would break into a paragraph.
func helpWithExamples(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	examples := "Start here:\n  postern demo                        try it out, with nothing installed but this program\n" +
		"  postern serve --config postern.conf serve your own database\n\n" +
		"As PostgREST:\n  postern FILE, or --dump-config, --dump-schema or --ready with an optional FILE, --example, --version; without\n" +
		"  arguments it serves if the environment has PGRST_… variables.\n"
	if node := ctx.Selected(); node != nil {
		command, ok := node.Target.Addr().Interface().(interface{ Examples() string })
		if !ok {
			return nil
		}
		examples = "Examples:\n" + command.Examples()
	}
	_, err := fmt.Fprintf(ctx.Stdout, "\n%s", examples)
	return err
}
