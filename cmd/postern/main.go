// Postern serves a PostgreSQL database as a REST API. See README.md, or
//
//	postern --help
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

func main() {
	os.Exit(run(untilSignal(), os.Args[1:], os.Stdout, os.Stderr))
}

// signalError is why a command ends: SIGTERM or SIGINT.
type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return unix.SignalName(e.Signal) }

// untilSignal returns a context that ends with SIGTERM or SIGINT (Ctrl-C), which its cause names. The second of them does not wait for
// what the first one ended: it exits, also as the first process of a container, on which signals that nobody handles have no effect.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		sig, _ := (<-signals).(syscall.Signal)
		cancel(signalError{sig})
		sig, _ = (<-signals).(syscall.Signal)
		os.Exit(128 + int(sig))
	}()
	return ctx
}

// The statuses that run returns.
const (
	exitOK      = iota
	exitFailure // of lint and test: what was looked for was found
	exitUsage
	exitUnable // a command on policies could not look at all
)

// commands is what the command line can say.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve a database as a REST API."`
	Demo     demoCommand     `cmd:"" help:"Start a private PostgreSQL with the chat example and serve it."`
	Migrate  migrateCommand  `cmd:"" help:"Apply, undo, list or write migrations of a database."`
	Policy   policyCommand   `cmd:"" help:"Write policies."`
	Policies policiesCommand `cmd:"" help:"Show who may do what: relation × role."`
	Lint     lintCommand     `cmd:"" help:"Find what makes row-level security leak, fail or crawl."`
	Test     testCommand     `cmd:"" help:"Run tests of policies."`
	Explain  explainCommand  `cmd:"" help:"Tell why the rows of a request are seen or not."`
	Types    typesCommand    `cmd:"" help:"Write the types of programs that use the API: TypeScript or Go."`
	Token    tokenCommand    `cmd:"" help:"Print a token (JWT) that the server accepts."`
	Config   configCommand   `cmd:"" help:"Print the parameters in effect and where they come from."`
	Schema   schemaCommand   `cmd:"" help:"Print the schema cache as JSON."`
	Ready    readyCommand    `cmd:"" help:"Ask a running server whether it can serve."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

const description = "Postern is a stateless HTTP server in front of PostgreSQL. It runs each request in one transaction as the " +
	"caller's database role; grants and row-level security decide what the caller may see and do."

// app is what every command is given.
type app struct {
	ctx            context.Context // ends with Ctrl-C
	stdout, stderr io.Writer
	environ        []string
}

// run carries out a command line, without the program's name, and returns the exit status. It returns early when ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("postern"),
		kong.Description(description),
		kong.Writers(stdout, stderr),
		kong.Exit(func(int) { helped = true }), // --help only; what comes after it is not looked at
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Help(helpWithExamples),
	)
	if err != nil {
		return fail(stderr, exitFailure, fmt.Errorf("describe the command line: %w", err))
	}
	environ := os.Environ()
	args, err = asPostgREST(parser, args, environ)
	if err != nil {
		return fail(stderr, exitUsage, usageError{err})
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return exitOK
	case err != nil:
		return fail(stderr, exitUsage, usageError{err})
	}
	err = command.Run(&app{ctx: ctx, stdout: stdout, stderr: stderr, environ: environ})
	status := exitFailure
	if c, ok := command.Selected().Target.Interface().(interface{ failureStatus() int }); ok {
		status = c.failureStatus()
	}
	switch {
	case err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fail(stderr, status, errors.New("interrupted"))
	case err != nil:
		return fail(stderr, status, err)
	}
	return exitOK
}

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// foundError says that a command has found what it looks for, which is no failure of the command.
type foundError struct{ error }

func (e foundError) Unwrap() error { return e.error }

// fail reports err in one line and returns the exit status that belongs to it: the given one unless err is of another kind.
func fail(stderr io.Writer, status int, err error) int {
	hint := ""
	var usage usageError
	var found foundError
	switch {
	case errors.As(err, &usage):
		status, hint = exitUsage, "; see postern --help"
	case errors.As(err, &found):
		status = exitFailure
	}
	_, _ = fmt.Fprintf(stderr, "postern: %s%s\n", oneLine(err), hint) // there is nowhere left to report to
	return status
}

// oneLine joins the lines of an error that has several.
func oneLine(err error) string {
	var b strings.Builder
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case strings.HasSuffix(b.String(), ":"):
			b.WriteString(" ")
		case b.Len() > 0:
			b.WriteString("; ")
		}
		b.WriteString(line)
	}
	return b.String()
}
