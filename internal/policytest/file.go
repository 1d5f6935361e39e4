// Package policytest runs tests of policies that are written in plain files: who sends which request, and what is seen, refused or
// changed. Requests go the server's own way. Each test is one transaction, which is rolled back.
//
// A file is a txtar archive, so that SQL and JSON stand in it as they are, without quotes around them, and the name of a test is a sentence.
// Sections called something.sql set up what the tests of the file need, in their order; every other section is a test:
//
//	-- seed.sql --
//	insert into api.chat (message_from, message_to) values ('alice', 'bob');
//
//	-- bob sees what was sent to him --
//	as bob
//	GET /chat?select=message_from
//	=> sees
//	{"message_from": "alice"}
//
// A test has one step or more, which see what those before them have written. Before a step there may be comments, lines that begin with
// # or --. A step is
//
//	as ROLE {"sub": "…"}        who asks, with further claims; without this line it is the role that is connected, or of a request
//	                            the one of callers without a token
//	PATCH /chat?id=eq.5         a request, with its headers and its body in the lines after it; or one SQL statement
//	=> refused 42501            what must come of it
//
// What must come of it is one of
//
//	=> sees 2 rows              or sees nothing; rows in the lines below must be among them
//	=> sees                     these rows and no others; a row is told by the columns that the line names
//	=> sees in order            the same, in this order
//	=> changes 1 row            or changes nothing
//	=> refused                  the database refuses it: 42501 or another error of missing rights, status 401 or 403
//	=> refused 23514            it fails with this status, SQLSTATE or code
//	=> status 206               the status of the answer
//	=> works                    no error
package policytest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// File is a file of tests.
type File struct {
	Name  string // its path
	Setup []Script
	Tests []Test
}

// Script is SQL of any number of statements.
type Script struct {
	Name string
	Line int // of its name, from 1
	SQL  string
}

// Test is a test: its steps run one after the other in one transaction.
type Test struct {
	Name  string
	Line  int // of its name, from 1
	Steps []Step
}

// Step is a request or a statement, and what must come of it.
type Step struct {
	Line   int
	Role   string // "" for the role that is connected, or for a request that of callers without a token
	Claims map[string]json.RawMessage

	Method, Target string // of a request
	Header         []string
	Body           string
	SQL            string // else

	Expect []Expectation
}

// Kind tells the expectations apart.
type Kind int

// The kinds of expectations.
const (
	Sees Kind = iota
	Changes
	Refused
	Status
	Works
)

// Expectation is what must come of a step.
type Expectation struct {
	Line int
	Kind Kind
	// Count is the number of rows seen or changed, or the status; -1 if it is that of Rows.
	Count   int
	Rows    []map[string]any
	Ordered bool
	Code    string // of Refused; "" for any of missing rights
	Text    string // as it is written
}

// Find lists the files of paths: a folder stands for the *.txtar in it and in its folders.
func Find(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("find the tests: %w", err)
		}
		if !info.IsDir() {
			out = append(out, path)
			continue
		}
		before := len(out)
		err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && filepath.Ext(file) == ".txtar" {
				out = append(out, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find the tests: %w", err)
		}
		if len(out) == before {
			return nil, fmt.Errorf("there are no tests (*.txtar) in %s", path)
		}
	}
	return out, nil
}

// Read reads a file. Its errors begin with file:line.
func Read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	return Parse(path, text)
}

var sectionLine = regexp.MustCompile(`(?m)^(-- .* --)[ \t\r]+$`)

// Parse is Read for a text.
func Parse(name string, text []byte) (*File, error) {
	// A blank after the name of a test, or a carriage return, would make it a line of the test before.
	archive := txtar.Parse(sectionLine.ReplaceAll(text, []byte("$1")))
	f := &File{Name: name}
	line := 1 + strings.Count(string(archive.Comment), "\n")
	for _, section := range archive.Files {
		if strings.HasSuffix(section.Name, ".sql") {
			f.Setup = append(f.Setup, Script{section.Name, line, string(section.Data)})
		} else {
			p := parser{file: name, line: line}
			test := Test{Name: section.Name, Line: line}
			var err error
			if test.Steps, err = p.steps(string(section.Data)); err != nil {
				return nil, err
			}
			f.Tests = append(f.Tests, test)
		}
		line += 1 + strings.Count(string(section.Data), "\n")
	}
	if len(f.Tests) == 0 {
		return nil, fmt.Errorf("%s: there is no test; a test begins with a line -- its name --", name)
	}
	return f, nil
}

// parser reads the steps of a test.
type parser struct {
	file  string
	line  int // of what is read
	where place
	step  *Step
	out   []Step
}

type place int

const (
	outside place = iota // before a step
	named                // after its line with as
	head                 // in a request's headers
	body
	statement
	expecting // after =>
)

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.file, p.line, fmt.Sprintf(format, args...))
}

func (p *parser) steps(text string) ([]Step, error) {
	for line := range strings.Lines(text) {
		p.line++
		if err := p.read(strings.TrimRight(line, " \t\r\n")); err != nil {
			return nil, err
		}
	}
	if p.where != expecting {
		return nil, p.fail("a step ends with what must come of it, such as => sees nothing")
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return p.out, nil
}

var (
	requestLine = regexp.MustCompile(`^(GET|HEAD|POST|PATCH|PUT|DELETE|OPTIONS) (/.*)$`)
	headerLine  = regexp.MustCompile(`^[A-Za-z0-9-]+: `)
)

func (p *parser) read(line string) error {
	isJSON := strings.HasPrefix(line, "{") || strings.HasPrefix(line, "[")
	indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	switch {
	case strings.HasPrefix(line, "=>"):
		return p.expectation(strings.TrimSpace(line[2:]))
	case p.where == body:
		p.step.Body += line + "\n"
	case p.where == statement:
		p.step.SQL += line + "\n"
	case p.where == head && line == "", p.where == head && isJSON:
		p.where = body
		p.step.Body = line
	case p.where == head && indented:
		p.step.Target += strings.TrimSpace(line)
	case p.where == head:
		if !headerLine.MatchString(line) {
			return p.fail("%q is neither a header nor => and what must come of the request", line)
		}
		p.step.Header = append(p.step.Header, line)
	case line == "", strings.HasPrefix(line, "#"), strings.HasPrefix(line, "--"):
	case p.where == expecting && isJSON:
		return p.row(line)
	default:
		return p.begin(line)
	}
	return nil
}

// end adds the step that was read.
func (p *parser) end() error {
	if p.step == nil {
		return nil
	}
	for _, e := range p.step.Expect {
		if e.Kind == Sees && e.Count < 0 && len(e.Rows) == 0 {
			p.line = e.Line
			return p.fail("=> %s: there are no rows in the lines below; write sees nothing if none may be seen", e.Text)
		}
		if e.Count >= 0 && len(e.Rows) > e.Count {
			p.line = e.Line
			return p.fail("=> %s: there are %d rows in the lines below", e.Text, len(e.Rows))
		}
	}
	p.out = append(p.out, *p.step)
	return nil
}

// begin reads the first lines of a step.
func (p *parser) begin(line string) error {
	if p.where != named {
		if err := p.end(); err != nil {
			return err
		}
		p.step = &Step{Line: p.line}
	}
	if rest, ok := strings.CutPrefix(line, "as "); ok && p.where != named {
		p.where = named
		var claims string
		p.step.Role, claims, _ = strings.Cut(strings.TrimSpace(rest), " ")
		if p.step.Role == "none" { // which SET ROLE takes for the role that is connected
			return p.fail("none is no role; SQL without a line as ROLE runs as the role that is connected")
		}
		if claims = strings.TrimSpace(claims); claims == "" {
			return nil
		}
		if err := json.Unmarshal([]byte(claims), &p.step.Claims); err != nil || p.step.Claims == nil {
			return p.fail("the claims %s are no JSON object", claims)
		}
		return nil
	}
	if m := requestLine.FindStringSubmatch(line); m != nil {
		p.where = head
		p.step.Method, p.step.Target = m[1], m[2]
		return nil
	}
	p.where = statement
	p.step.SQL = line + "\n"
	return nil
}

func (p *parser) expectation(text string) error {
	if p.where == outside || p.where == named {
		return p.fail("there is no request or statement before =>")
	}
	p.where = expecting
	e := Expectation{Line: p.line, Text: text, Count: -1}
	words := strings.Fields(text)
	verb, rest := "", ""
	if len(words) > 0 {
		verb, rest = words[0], strings.Join(words[1:], " ")
	}
	switch verb {
	case "sees", "changes":
		if verb == "changes" {
			e.Kind = Changes
		}
		switch {
		case rest == "nothing":
			e.Count = 0
		case verb == "sees" && rest == "":
		case verb == "sees" && rest == "in order":
			e.Ordered = true
		default:
			number, unit, _ := strings.Cut(rest, " ")
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || unit != "row" && unit != "rows" {
				return p.fail("=> %s: write %s nothing, or %s 2 rows", text, verb, verb)
			}
			e.Count = n
		}
	case "refused":
		e.Kind, e.Code = Refused, rest
		if len(words) > 2 {
			return p.fail("=> %s: write refused, or refused 42501", text)
		}
	case "status":
		e.Kind = Status
		if p.step.SQL != "" {
			return p.fail("=> %s: SQL has no status; write works, or refused 42501", text)
		}
		n, err := strconv.Atoi(rest)
		if err != nil {
			return p.fail("=> %s: write status 206", text)
		}
		e.Count = n
	case "works":
		e.Kind = Works
	default:
		return p.fail("=> %s: it begins with sees, changes, refused, status or works", text)
	}
	p.step.Expect = append(p.step.Expect, e)
	return nil
}

// row reads a row that is to be seen.
func (p *parser) row(line string) error {
	e := &p.step.Expect[len(p.step.Expect)-1]
	if e.Kind != Sees {
		return p.fail("rows stand below => sees")
	}
	rows, err := decodeRows([]byte(line))
	if err != nil {
		return p.fail("the row is no JSON object: %s", line)
	}
	e.Rows = append(e.Rows, rows...)
	return nil
}
