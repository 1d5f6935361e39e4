// Package mdtest runs the shell commands of a Markdown document and compares their output with what the document shows, so that
// whoever follows it line by line sees what it says.
//
// The blocks marked sh run one after the other in one bash. A block marked text or json right after shows the output,
// errors included; in it "…" stands for any text of a line, and a line of "…" alone for any lines. Each command must succeed. Comments
// before a block, which readers do not see, say more:
//
//	<!-- background: listening -->   run it beside the rest, once its output has the text listening
//	<!-- capture: TOKEN=token (.+) --> after a background block: set a variable to what the pattern finds in its output
//	<!-- not run: a reason -->       leave it out
package mdtest

import (
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Options say how to run a document.
type Options struct {
	// Dir is the folder that the commands begin in. Defaults to the test's.
	Dir string
	// Env is added to the environment.
	Env []string
	// Replace holds pairs: what the document says, and what to run in its place, in commands and outputs, such as another port.
	Replace []string
}

// Run runs the document in file.
func Run(t *testing.T, file string, o Options) {
	t.Helper()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is needed: %v", program, err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := parse(strings.NewReplacer(o.Replace...).Replace(string(text)))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	s := openShell(t, o)
	defer s.close()
	for _, b := range blocks {
		if b.notRun != "" {
			continue
		}
		output := ""
		if b.background != "" {
			output = s.background(b)
		} else {
			output = s.run(b)
		}
		if b.shown && !pattern(b.output).MatchString(strings.TrimSpace(output)) {
			t.Fatalf("%s:%d: the output is\n%s\nthe document shows\n%s", file, b.line, output, b.output)
		}
	}
}

// FreePort is a TCP port on 127.0.0.1 that nobody listened on a moment ago, to replace the one in a document.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// pattern matches the output that a document shows.
func pattern(shown string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i, line := range strings.Split(strings.TrimSpace(shown), "\n") {
		if i > 0 {
			b.WriteString(`\n`)
		}
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`.*?`)
			continue
		}
		for j, part := range strings.Split(strings.TrimRight(line, " "), "…") {
			if j > 0 {
				b.WriteString(`[^\n]*`)
			}
			b.WriteString(regexp.QuoteMeta(part))
		}
		b.WriteString(` *`)
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}
